package dev.save4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class BenchCommandTest {
    @TempDir
    private Path folder;

    private final StringWriter errors = new StringWriter();

    private int run(String... arguments) {
        return Save4j.commandLine()
                .setOut(new PrintWriter(new StringWriter()))
                .setErr(new PrintWriter(errors))
                .execute(arguments);
    }

    @Test
    void measuresAnEngineInAProcessOfItsOwnAndWritesWhatItFound() throws Exception {
        Path out = folder.resolve("bench");

        int code = run(
                "bench",
                "train",
                "--engines",
                "onnxruntime",
                "--sizes",
                "2M",
                "--shapes",
                "1x16",
                "--rounds",
                "1",
                "--seconds",
                "0.2",
                "--out",
                out.toString());

        assertThat(code).as(errors.toString()).isZero();
        JsonNode result = JsonMapper.shared().readTree(Files.readString(out.resolve("train.json")));
        assertThat(result.path("surroundings").path("peakGigaflops").asDouble()).isPositive();
        JsonNode row = result.path("rows").path(0);
        assertThat(row.path("engine").asString()).startsWith("onnxruntime ");
        assertThat(row.path("tokensPerSecond").asDouble()).isPositive();
        assertThat(row.path("fractionOfPeak").asDouble()).isBetween(0.0, 1.5);
        assertThat(row.path("optimizerShare").asDouble()).isBetween(0.0, 1.0);
        // A few steps on sixteen tokens of 1024: about the logarithm of 1024, and falling.
        assertThat(row.path("loss").asDouble()).isBetween(0.0, 7.0);
        assertThat(Files.readString(out.resolve("train.md")))
                .contains("| 2M | 1x16 | onnxruntime ")
                .contains("1 native thread.");
    }

    @Test
    void measuresSampling() throws Exception {
        Path out = folder.resolve("bench");

        int code = run(
                "bench",
                "rollout",
                "--sizes",
                "0.26M",
                "--batches",
                "1,mixed",
                "--rounds",
                "1",
                "--seconds",
                "0.2",
                "--out",
                out.toString());

        assertThat(code).as(errors.toString()).isZero();
        JsonNode rows = JsonMapper.shared()
                .readTree(Files.readString(out.resolve("rollout.json")))
                .path("rows");
        assertThat(rows.size()).isEqualTo(2);
        for (JsonNode row : rows) {
            assertThat(row.path("tokensPerSecond").asDouble()).isPositive();
            assertThat(row.path("allocatedPerToken").asDouble()).isNotNegative();
        }
        assertThat(Files.readString(out.resolve("rollout.md"))).contains("| 0.26M | mixed | onnxruntime ");
        assertThat(out.resolve("rollout.svg")).isNotEmptyFile();
        assertThat(run("bench", "rollout", "--batches", "12")).isEqualTo(2);
        assertThat(errors.toString()).contains("a batch of 12 sequences does not consist of groups of 8");
    }

    @Test
    void measuresScoringAndUpdates() throws Exception {
        Path out = folder.resolve("bench");
        String[] common = {"--sizes", "0.26M", "--rounds", "1", "--seconds", "0.1", "--out", out.toString()};

        assertThat(run(arguments("score", "--shapes", "4x16", common)))
                .as(errors.toString())
                .isZero();
        assertThat(run(arguments("sync", "--weights", "live", common)))
                .as(errors.toString())
                .isZero();

        assertThat(Files.readString(out.resolve("score.md"))).contains("| 0.26M | 4x16 | onnxruntime ");
        assertThat(Files.readString(out.resolve("sync.md"))).contains("| 0.26M | live | onnxruntime ");
        assertThat(out.resolve("score.svg")).doesNotExist();
    }

    private static String[] arguments(String command, String option, String value, String[] more) {
        return Stream.concat(Stream.of("bench", command, option, value), Stream.of(more))
                .toArray(String[]::new);
    }

    @Test
    void whatIsNotThereIsRefusedBeforeAnythingIsMeasured() {
        assertThat(run(
                        "bench",
                        "train",
                        "--engines",
                        "onnxruntimes",
                        "--out",
                        folder.resolve("bench").toString()))
                .isEqualTo(2);
        assertThat(errors.toString())
                .contains("there is no gradient engine 'onnxruntimes'")
                .contains("Did you mean 'onnxruntime'?");
        assertThat(run("bench", "train", "--engines", "onnxruntime", "--rival=no-such-python"))
                .isEqualTo(2);
        assertThat(errors.toString()).contains("--rival: cannot run 'no-such-python'");
        assertThat(folder.resolve("bench")).doesNotExist();
    }
}
