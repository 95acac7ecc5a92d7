package dev.save4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardedCheckpointTest {
    private static final String ONE = "model-00001-of-00002.safetensors";
    private static final String TWO = "model-00002-of-00002.safetensors";

    @TempDir
    Path folder;

    private Path index;

    @BeforeEach
    void writeShards() {
        index = folder.resolve("model.safetensors.index.json");
        SafeTensors.write(
                Map.of("a", Tensor.scalar(1f), "b", Tensor.of(new float[] {2, 3}, 2)), folder.resolve(ONE), Map.of());
        SafeTensors.write(Map.of("c", Tensor.vector(4)), folder.resolve(TWO), Map.of());
    }

    @Test
    void shardsAreReadAsOneCheckpoint() throws IOException {
        Files.writeString(
                index,
                "{\"metadata\": {\"total_size\": 2.0e1, \"tags\": [true, null, {\"x\": \"y\"}], \"none\": []},"
                        + " \"weight_map\": {\"c\": \"" + TWO + "\", \"b\": \"" + ONE + "\", \"a\": \"" + ONE
                        + "\"}}\n");

        WeightStore store = SafeTensors.read(folder);

        assertThat(store.names()).containsExactly("a", "b", "c");
        assertThat(store.get("b").toFloats()).containsExactly(2, 3);
        assertThat(store.get("c").toLongs()).containsExactly(4);
        assertThat(SafeTensors.names(index)).containsExactly("a", "b", "c");
        SafeTensors.readInto(store, index);
        assertThat(store.version()).isEqualTo(1);
    }

    @Test
    void aMissingShardIsNamed() throws IOException {
        map("a", ONE, "b", ONE, "c", "model-3.safetensors");
        assertRefused("the shard model-3.safetensors named by " + index + " is missing; copy it to "
                + folder.resolve("model-3.safetensors"));
    }

    @Test
    void aTensorThatItsShardLacksIsNamed() throws IOException {
        map("a", ONE, "b", ONE, "c", TWO, "d", TWO);
        assertRefused(index + " says that tensor 'd' is in " + TWO + ", which lacks it");
    }

    @Test
    void aTensorInTheWrongShardIsNamed() throws IOException {
        map("a", ONE, "b", TWO, "c", TWO);
        assertRefused(folder.resolve(ONE) + ": tensor 'b' should be in " + TWO + " according to " + index);
    }

    @Test
    void aTensorThatTheIndexDoesNotNameIsNamed() throws IOException {
        map("a", ONE, "c", TWO);
        assertRefused(folder.resolve(ONE) + ": tensor 'b' is not named by " + index);
    }

    @Test
    void aTensorInTwoShardsIsNamed() throws IOException {
        SafeTensors.write(Map.of("a", Tensor.scalar(1f), "c", Tensor.vector(4)), folder.resolve(TWO), Map.of());
        map("a", ONE, "b", ONE, "c", TWO);
        assertRefused("tensor 'a' is in two shards, " + folder.resolve(ONE) + " and " + folder.resolve(TWO));
    }

    @ParameterizedTest
    @ValueSource(strings = {"../secret.safetensors", "/etc/passwd", "..", "", "a\\\\b", "C:x"})
    void aShardElsewhereIsRefused(String shard) throws IOException {
        map("a", shard);
        assertRefused(index + " puts tensor 'a' into '" + shard.replace("\\\\", "\\")
                + "', which is not the name of a file beside it");
    }

    @Test
    void anIndexWithoutAMapIsRefused() throws IOException {
        Files.writeString(index, "{\"metadata\": {}}");
        assertRefused(index + " has no weight_map, or an empty one; it is not the index of a checkpoint");
    }

    @Test
    void deepNestingIsRefused() throws IOException {
        Files.writeString(index, "{\"metadata\": " + "[".repeat(10_000));
        assertRefused(index + " is not the JSON expected: values nested deeper than 32 at character 45, before \""
                + "[".repeat(20) + "\"");
    }

    @Test
    void aValueThatIsNotJsonIsRefused() throws IOException {
        Files.writeString(index, "{\"metadata\": NaN}");
        assertRefused(index + " is not the JSON expected: no JSON value at character 13, before \"NaN}\"");
    }

    @Test
    void aMissingIndexIsNamed() {
        assertRefused("there is no checkpoint file " + index);
    }

    private void assertRefused(String message) {
        assertThatThrownBy(() -> SafeTensors.read(index)).hasMessage(message);
    }

    private void map(String... tensorsAndShards) throws IOException {
        StringBuilder json = new StringBuilder("{\"weight_map\": {");
        for (int i = 0; i < tensorsAndShards.length; i += 2) {
            json.append(i == 0 ? "" : ", ")
                    .append('"')
                    .append(tensorsAndShards[i])
                    .append("\": \"");
            json.append(tensorsAndShards[i + 1]).append('"');
        }
        Files.writeString(index, json.append("}}"));
    }
}
