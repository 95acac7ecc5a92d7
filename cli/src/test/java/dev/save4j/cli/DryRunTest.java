package dev.save4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run would need is told before it begins, and what the machine lacks is refused. */
class DryRunTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... more) throws IOException {
        Path file = Files.writeString(folder.resolve("sized.yaml"), "name: sized\ndata: {lab: tales}\n");
        return Save4j.commandLine()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(Stream.concat(
                                Stream.of("run", file.toString(), "--set", "output=" + folder.resolve("runs")),
                                Stream.of(more))
                        .toArray(String[]::new));
    }

    @Test
    void printsWhatEveryEngineWouldTake() throws IOException {
        for (String engine : List.of("onnxruntime", "djl-pytorch", "djl-tensorflow")) {
            assertThat(run("--dry-run", "--set", "engines.gradient=" + engine))
                    .as(err.toString())
                    .isZero();
            assertThat(out.toString())
                    .containsPattern("all +native libraries +" + engine + " +once +\\d+\n")
                    .containsPattern("policy +gradients and moments +" + engine + " +each mode +\\d+\n")
                    .containsPattern("sum +at the peak +\\d+\nmachine +\\d+\n");
        }
        assertThat(folder.resolve("runs")).doesNotExist();
    }

    @Test
    void aRunThatCannotFitIsRefusedWithOrWithoutADryRun() throws IOException {
        String large =
                "policy.size={hidden_size: 16384, layers: 200, heads: 128, kv_heads: 128, intermediate_size: 65536, max_length: 64}";
        assertThat(run("--set", large)).isEqualTo(3);
        assertThat(run("--dry-run", "--set", large)).isEqualTo(3);
        assertThat(out.toString()).contains("gradients and moments");
        assertThat(err.toString())
                .contains("MiB of memory, but this machine has")
                .contains("for policy, gradients and moments. Take a smaller model.")
                .doesNotContain("\tat ");
        assertThat(folder.resolve("runs")).doesNotExist();
    }

    @Test
    void aGpuThatIsNotThereIsRefused() throws IOException {
        for (String device : List.of("cuda", "tensorrt")) {
            for (String dryRun : List.of("", "--dry-run")) {
                err.getBuffer().setLength(0);
                out.getBuffer().setLength(0);
                String[] arguments = {"--set", "engines.device=" + device, dryRun};
                assertThat(run(Stream.of(arguments)
                                .filter(text -> !text.isEmpty())
                                .toArray(String[]::new)))
                        .isEqualTo(2);
                assertThat(err.toString())
                        .contains("engines.device: engine 'onnxruntime' is here without the device " + device
                                + " (it has [cpu]): take the device cpu")
                        .doesNotContain("\tat ");
                assertThat(out.toString()).isEmpty();
            }
        }
        assertThat(folder.resolve("runs")).doesNotExist();
    }
}
