package dev.save4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Stories260kCheckpointTest {
    @TempDir
    Path folder;

    @Test
    void aRealCheckpointSurvivesReadingAndWriting() {
        Path real = Path.of(System.getProperty("save4j.shared", "../shared"), "data/models/stories260k/hf");
        assumeTrue(Files.isDirectory(real), "the shared data are not there");

        WeightStore store = SafeTensors.read(real);
        Path copy = folder.resolve("copy.safetensors");
        SafeTensors.write(store, copy, SafeTensors.metadata(real.resolve("model.safetensors")));
        WeightStore again = SafeTensors.read(copy);

        assertThat(store.names()).hasSize(47);
        assertThat(store.parameterCount()).isEqualTo(260_032);
        assertThat(store.get("model.layers.4.self_attn.k_proj.weight").shape()).containsExactly(32, 64);
        assertThat(again.names()).isEqualTo(store.names());
        assertThat(again.contentHash())
                .isEqualTo(store.contentHash())
                .isEqualTo("e3762a9d64a77de8624718631af5735b19bcc12202c16101714dcb59115e3dfd");
        assertThat(SafeTensors.metadata(copy)).containsEntry("format", "pt").containsKey("derived_from");
    }
}
