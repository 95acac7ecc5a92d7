package dev.save4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonLinesWriterTest {
    @TempDir
    Path folder;

    record Sample(String prompt, List<String> answers, double reward) {}

    @Test
    void writesSortedKeysRecordOrderAndLineFeedsOnly() throws IOException {
        Path file = folder.resolve("run/metrics.jsonl");
        Map<String, Object> metrics = new HashMap<>();
        metrics.put("step", 3);
        metrics.put("reward", 0.5);
        metrics.put("kl", Double.NaN);
        metrics.put("inner", new HashMap<>(Map.of("b", 2, "a", Double.NEGATIVE_INFINITY)));
        try (JsonLinesWriter writer = JsonLinesWriter.append(file)) {
            writer.write(metrics);
            writer.write(new Sample("a\u2028\nb", List.of("é"), 1e-7));
        }

        assertThat(Files.readString(file))
                .isEqualTo("{\"inner\":{\"a\":\"-Infinity\",\"b\":2},\"kl\":\"NaN\",\"reward\":0.5,\"step\":3}\n"
                        + "{\"prompt\":\"a\u2028\\nb\",\"answers\":[\"é\"],\"reward\":1.0E-7}\n");
    }

    @Test
    void isReadableAfterEachRecord() throws IOException {
        Path file = folder.resolve("live.jsonl");
        try (JsonLinesWriter writer = JsonLinesWriter.append(file)) {
            writer.write(Map.of("prompt", "one"));
            assertThat(Files.readString(file)).isEqualTo("{\"prompt\":\"one\"}\n");
            writer.write(Map.of("prompt", "two"));
            assertThat(Prompts.readAll(file).rows()).hasSize(2);
        }
    }

    @Test
    void appendsToWholeLines() throws IOException {
        Path file = Files.writeString(folder.resolve("whole.jsonl"), "{\"a\":1}\n");
        try (JsonLinesWriter writer = JsonLinesWriter.append(file)) {
            writer.write(Map.of("a", 2));
            assertThat(writer.removedBytes()).isZero();
        }
        assertThat(Files.readString(file)).isEqualTo("{\"a\":1}\n{\"a\":2}\n");
    }

    @Test
    void cutsOffATornLastLine() throws IOException {
        Path file = Files.writeString(folder.resolve("torn.jsonl"), "{\"a\":1}\n{\"a\":" + " ".repeat(200_000));
        try (JsonLinesWriter writer = JsonLinesWriter.append(file)) {
            writer.write(Map.of("a", 2));
            assertThat(writer.removedBytes()).isEqualTo(200_005);
        }
        assertThat(Files.readString(file)).isEqualTo("{\"a\":1}\n{\"a\":2}\n");
    }

    @Test
    void keepsACompleteRecordThatLacksItsLineFeed() throws IOException {
        Path file = Files.writeString(folder.resolve("bare.jsonl"), "{\"a\":1}");
        try (JsonLinesWriter writer = JsonLinesWriter.append(file)) {
            writer.write(Map.of("a", 2));
        }
        assertThat(Files.readString(file)).isEqualTo("{\"a\":1}\n{\"a\":2}\n");
    }

    @Test
    void saysWhichFileCannotBeOpened() {
        assertThatThrownBy(() -> JsonLinesWriter.append(folder))
                .isInstanceOfSatisfying(
                        SaveException.class, e -> assertThat(e.kind()).isEqualTo(SaveException.Kind.RESOURCES))
                .hasMessageContaining("Cannot open " + folder);
    }

    @Test
    void closesTwice() {
        JsonLinesWriter writer = JsonLinesWriter.append(folder.resolve("twice.jsonl"));
        writer.close();
        writer.close();

        assertThatThrownBy(() -> writer.write(Map.of()))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("Cannot append");
    }
}
