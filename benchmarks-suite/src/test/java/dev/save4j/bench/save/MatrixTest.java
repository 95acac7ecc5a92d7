package dev.save4j.bench.save;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.run.Experiment.Mode;
import dev.save4j.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MatrixTest {
    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void writeBase() throws IOException {
        Files.writeString(folder.resolve("base.yaml"), "name: base\ndata: {lab: tales}\nsteps: 40\n");
        file = folder.resolve("matrix.yaml");
    }

    private Matrix matrix(String more, String... overrides) throws IOException {
        Files.writeString(file, """
                name: m
                output: %s
                base: base.yaml
                set: [rollout.group=4]
                modes: [static, save, labelled-only]
                seeds: [1, 2, 3]
                """.formatted(folder.resolve("runs")) + more);
        return Matrix.read(file, List.of(overrides));
    }

    private static final String GRIDS = """
            grids:
              - {algorithms: [grpo, rloo], backbones: [llama], engines: [onnxruntime]}
              - {algorithms: [grpo], backbones: [llama], engines: [onnxruntime, djl-pytorch]}
            adjustments:
              - {of: rloo, set: [policy.learning_rate=3.0e-5]}
            """;

    /** Writes a cell as if it had been run: gold and accuracy of each mode at the end. */
    private static void write(MatrixCell cell, Map<Mode, double[]> ends) throws IOException {
        RunFolder run = cell.folder();
        for (Map.Entry<Mode, double[]> end : ends.entrySet()) {
            AtomicFiles.write(
                    run.metrics(end.getKey()), line(0, 0.5, 0.6) + line(40, end.getValue()[0], end.getValue()[1]));
            Files.createDirectories(run.reward(end.getKey()));
        }
    }

    private static String line(int step, double gold, double accuracy) {
        return String.format(
                Locale.ROOT,
                "{\"step\":%d,\"eval/gold\":%f,\"eval/gold_error\":0.01,\"eval/accuracy\":%f,\"eval/accuracy_error\":0.01,"
                        + "\"eval/accuracy_initial\":%f,\"eval/accuracy_gain_error\":0.01}%n",
                step,
                gold,
                accuracy,
                accuracy);
    }

    private static Claim claim(MatrixResults results, String words) {
        return results.claims().stream()
                .filter(claim -> claim.statement().contains(words))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void everyCombinationIsACellOnceWithItsOwnSettings() throws IOException {
        Matrix matrix = matrix(GRIDS, "steps=7");
        assertThat(matrix.cells())
                .extracting(MatrixCell::name)
                .containsExactly(
                        "grpo-llama-onnxruntime-1",
                        "grpo-llama-onnxruntime-2",
                        "grpo-llama-onnxruntime-3",
                        "rloo-llama-onnxruntime-1",
                        "rloo-llama-onnxruntime-2",
                        "rloo-llama-onnxruntime-3",
                        "grpo-llama-djl-pytorch-1",
                        "grpo-llama-djl-pytorch-2",
                        "grpo-llama-djl-pytorch-3");
        MatrixCell rloo = matrix.cells().get(3);
        assertThat(rloo.experiment().algorithm().name()).isEqualTo("rloo");
        assertThat(rloo.experiment().policy().learningRate()).isEqualTo(3e-5);
        assertThat(matrix.cells().get(0).experiment().policy().learningRate()).isEqualTo(1e-4);
        assertThat(rloo.experiment().rollout().group()).isEqualTo(4);
        assertThat(rloo.experiment().steps()).isEqualTo(7);
        assertThat(rloo.path()).isEqualTo(folder.resolve("runs/m/rloo-llama-onnxruntime-1"));
    }

    @Test
    void theShippedMatrixIsReadable() {
        Matrix matrix = Matrix.read(Path.of("../experiments/matrix.yaml"), List.of());
        assertThat(matrix.cells()).isNotEmpty();
    }

    @Test
    void whatIsWrongIsToldWithItsLine() {
        assertThatThrownBy(() -> matrix("grids: []\nadjustments: []\nseed: 3\n"))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("line 9: seed is not a setting. Did you mean 'seeds'?");
        assertThatThrownBy(() -> matrix("grids: []\nadjustments: []\n")).hasMessageContaining("at least one entry");
        assertThatThrownBy(() -> matrix(GRIDS.replace("of: rloo", "of: gspo"))).hasMessageContaining("'gspo' is none");
        assertThatThrownBy(() -> matrix(GRIDS, "seed=4"))
                .hasMessageContaining("'seed=4': every cell of a matrix has its own seed");
        assertThatThrownBy(() -> matrix(GRIDS, "stepz=4")).hasMessageContaining("stepz is not a setting");
        assertThatThrownBy(() -> Matrix.read(folder.resolve("none.yaml"), List.of()))
                .hasMessageContaining("there is no file");
    }

    @Test
    void aSettingThatHasChangedIsNoticed() throws IOException {
        matrix(GRIDS).cells().get(4).folder();
        matrix(GRIDS).requireUnchanged();
        assertThatThrownBy(() -> matrix(GRIDS, "steps=50").requireUnchanged())
                .isInstanceOf(SaveException.class)
                .hasMessageContaining(
                        "rloo-llama-onnxruntime-2' was begun with other settings:\n  - steps: 40, now 50\n");
    }

    @Test
    void claimsNeedSeedsThatAgree() throws IOException {
        Matrix matrix = matrix(GRIDS);
        for (MatrixCell cell : matrix.cells()) {
            double noise = 0.01 * cell.seed();
            boolean rloo = cell.column().algorithm().equals("rloo");
            write(
                    cell,
                    Map.of(
                            Mode.STATIC, new double[] {0.3 + noise, 0.5},
                            Mode.SAVE, new double[] {(rloo ? 0.2 : 0.5) + 2 * noise, 0.5 + noise * (cell.seed() - 2)},
                            Mode.LABELLED_ONLY, new double[] {0.7, 0.5}));
        }
        MatrixResults results = new MatrixResults(matrix);

        Claim loses = claim(results, "frozen reward model the policy loses gold");
        assertThat(loses.outcome()).isEqualTo(Claim.Outcome.HOLDS);
        assertThat(loses.parts().get(0).difference().mean())
                .isEqualTo(0.18, org.assertj.core.api.Assertions.within(1e-9));
        // Two combinations gain 0.2, one loses 0.1, plus the noise of the seed: 0.1 + 0.02.
        Claim more = claim(results, "than a frozen reward model (save minus static)");
        assertThat(more.parts().get(0).difference().mean())
                .isCloseTo(0.12, org.assertj.core.api.Assertions.within(1e-9));
        assertThat(more.parts().get(0).combinations()).isEqualTo(3);
        assertThat(more.outcome()).isEqualTo(Claim.Outcome.HOLDS);
        assertThat(claim(results, "replayed labels alone (save minus").outcome())
                .isEqualTo(Claim.Outcome.FAILS);
        assertThat(claim(results, "stays more accurate").outcome()).isEqualTo(Claim.Outcome.OPEN);
        Claim algorithms = claim(results, "under every algorithm");
        assertThat(algorithms.parts()).extracting(Claim.Part::name).containsExactly("grpo", "rloo");
        assertThat(algorithms.outcome()).isEqualTo(Claim.Outcome.FAILS);
        // Only what every algorithm has is compared: not the engine that rloo was not run with.
        assertThat(algorithms.parts()).extracting(Claim.Part::combinations).containsExactly(1, 1);
        assertThat(claim(results, "every gradient engine").outcome()).isEqualTo(Claim.Outcome.HOLDS);
        assertThat(results.claims()).noneMatch(claim -> claim.statement().contains("backbone"));
        assertThat(results.headline()).startsWith("Of ").contains("claims");
    }

    @Test
    void whatIsNotCompleteIsLeftOutAndSaid() throws IOException {
        Matrix matrix = matrix(GRIDS);
        write(matrix.cells().get(0), Map.of(Mode.STATIC, new double[] {0.3, 0.5}, Mode.SAVE, new double[] {0.5, 0.5}));
        MatrixResults results = new MatrixResults(matrix);
        assertThat(results.headline()).startsWith("0 of 9 runs are complete.");
        assertThat(claim(results, "(save minus static)").outcome()).isEqualTo(Claim.Outcome.OPEN);
        results.write();
        assertThat(matrix.folder().resolve("matrix.md"))
                .content()
                .contains("| grpo-llama-onnxruntime | save | 1 |", "+0.200 [+0.172, +0.228] | 1 × 1 | not decided |")
                .doesNotContain("labelled-only |");
        assertThat(matrix.folder().resolve("matrix.csv"))
                .content()
                .contains("grpo,llama,onnxruntime,1,save,0.5,0.01,0.5,0.01,");
        assertThat(matrix.folder().resolve("matrix.json")).content().contains("\"complete\" : false");
        assertThat(matrix.folder().resolve("matrix.html")).content().contains("in progress", "Over the steps");
        assertThat(matrix.folder().resolve("plots/grpo-llama-onnxruntime-gold.png"))
                .isNotEmptyFile();
    }
}
