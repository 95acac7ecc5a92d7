package dev.save4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A matrix of runs on the command line, with models of a few thousand weights. */
class BenchSaveTest {
    private static final String MATRIX = """
            name: small
            output: %s
            base: base.yaml
            set: [steps=2, "algorithm.settings={beta: 0.03}"]
            modes: [static, save]
            seeds: [5]
            grids:
              - {algorithms: [grpo, gspo], backbones: [llama], engines: [onnxruntime]}
              - {algorithms: [grpo], backbones: [gpt2], engines: [onnxruntime]}
            adjustments: []
            """;

    private static final String BASE = """
            name: base
            data:
              lab: tales
              tales: {fine_tuning: 50, preferences: 24, held_out: 40, prompts: 30}
            policy:
              size: {hidden_size: 16, layers: 1, heads: 2, kv_heads: 2, intermediate_size: 24, max_length: 64}
              fine_tuning: {steps: 3, batch: 8, learning_rate: 1.0e-2, warm_up: 1}
            reward:
              size: {hidden_size: 16, layers: 1, heads: 2, kv_heads: 1, intermediate_size: 24, max_length: 64}
              training: {epochs: 1, batch: 12, warm_up: 0, value_steps: 3}
            rollout: {prompts: 3, group: 4, max_tokens: 12, slots: 8}
            save:
              anchor: {trust: .inf}
              replay: {pairs: 4}
              gate: {every: 2, pairs: 40}
            evaluation: {every: 2, prompts: 4, completions: 2}
            """;

    @TempDir
    private Path folder;

    private Path runs;
    private final StringWriter console = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void writeMatrix() throws IOException {
        runs = folder.resolve("runs/small");
        Files.writeString(folder.resolve("base.yaml"), BASE);
        Files.writeString(folder.resolve("matrix.yaml"), MATRIX.formatted(folder.resolve("runs")));
    }

    private int bench(String... more) {
        return Save4j.commandLine()
                .setOut(new PrintWriter(console))
                .setErr(new PrintWriter(err))
                .execute(Stream.concat(
                                Stream.of(
                                        "bench",
                                        "save",
                                        folder.resolve("matrix.yaml").toString()),
                                Stream.of(more))
                        .toArray(String[]::new));
    }

    private static void delete(Path tree) throws IOException {
        try (Stream<Path> files = Files.walk(tree)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void runsWhatIsMissingAndNothingTwice() throws IOException {
        assertThat(bench("--jobs", "2")).as(err.toString()).isZero();
        assertThat(console.toString())
                .contains("SAVE ends with more gold than a frozen reward model (save minus static)")
                .contains("… with every policy backbone")
                .contains("not decided");
        for (String cell : List.of("grpo-llama-onnxruntime-5", "gspo-llama-onnxruntime-5", "grpo-gpt2-onnxruntime-5")) {
            assertThat(runs.resolve(cell).resolve("save/reward/model.safetensors"))
                    .isNotEmptyFile();
            assertThat(runs.resolve(cell).resolve("report.html")).isNotEmptyFile();
        }
        Path grpo = runs.resolve("grpo-llama-onnxruntime-5");
        Path gspo = runs.resolve("gspo-llama-onnxruntime-5");
        assertThat(gspo.resolve("prepared/policy/model.safetensors"))
                .hasSameBinaryContentAs(grpo.resolve("prepared/policy/model.safetensors"));
        assertThat(runs.resolve("matrix.md")).content().contains("| gspo-llama-onnxruntime | save | 1 |");

        // One cell loses its last mode, as if it had been interrupted: only that is made again, to the same bytes.
        Path metrics = gspo.resolve("save/metrics.jsonl");
        String before = Files.readString(metrics);
        delete(gspo.resolve("save"));
        FileTime untouched = Files.getLastModifiedTime(grpo.resolve("report.html"));
        assertThat(bench()).as(err.toString()).isZero();
        assertThat(metrics).hasContent(before);
        assertThat(Files.getLastModifiedTime(grpo.resolve("report.html"))).isEqualTo(untouched);
    }

    @Test
    void aMistakeIsToldBeforeAnythingRuns() {
        assertThat(bench("--report")).isEqualTo(2);
        assertThat(err.toString()).contains("nothing has been run in");
        assertThat(bench("--jobs", "0")).isEqualTo(2);
        assertThat(err.toString()).contains("at least one cell must run at a time, not 0");
        assertThat(bench("--set", "engines.scoring=onnx")).isEqualTo(2);
        assertThat(err.toString()).contains("there is no inference engine 'onnx'");
        assertThat(runs).doesNotExist();
    }
}
