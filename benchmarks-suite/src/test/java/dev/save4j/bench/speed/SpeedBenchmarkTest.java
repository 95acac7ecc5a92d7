package dev.save4j.bench.speed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.loop.Progress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Every measurement really runs, on the smallest model and for a moment. */
class SpeedBenchmarkTest {
    private static final List<String> ENGINE = List.of("onnxruntime");
    private static final List<ModelSize> SMALLEST = List.of(ModelSize.named("0.26M"));
    private static final Plan PLAIN = new Plan(1, 1, 0.1, List.of("plain"));

    @Test
    void samplingIsMeasuredBesideAPlainLoopThatDoesTheSameWork() {
        BenchmarkResult result = RolloutBenchmark.of(ENGINE, SMALLEST, List.of("1", "16", "mixed"), PLAIN)
                .run(Progress.SILENT);

        assertThat(result.rows())
                .extracting(row -> row.get("shape"))
                .containsExactly("1", "1", "16", "16", "mixed", "mixed");
        for (Map<String, Object> row : result.rows()) {
            boolean mixed = row.get("shape").equals("mixed");
            assertThat(number(row, "tokensPerSecond")).isPositive();
            assertThat(number(row, "roofTokensPerSecond")).isPositive();
            assertThat(number(row, "allocatedPerToken")).isNotNegative();
            // Eleven of 512 ids end an answer, by the 96th token at the latest: 40.6 on average.
            assertThat(number(row, "tokensPerAnswer")).isCloseTo(mixed ? 40.6 : 96, within(mixed ? 12.0 : 1e-9));
            assertThat(row.containsKey("firstMilliseconds")).isEqualTo(!mixed);
            assertThat(row.containsKey("refreshMillisecondsPerMegabyte")).isEqualTo(!mixed);
        }
        assertThat(number(result.rows().get(0), "firstIsFasterBy")).isEqualTo(1);
        assertThat(number(result.rows().get(1), "firstIsFasterBy"))
                .isCloseTo(
                        number(result.rows().get(0), "tokensPerSecond")
                                / number(result.rows().get(1), "tokensPerSecond"),
                        within(1e-9));
        assertThat(result.table().markdown())
                .contains("| 0.26M | mixed | onnxruntime ")
                .contains("plain ONNX Runtime");
        assertThat(result.plot().orElseThrow()).startsWith("<?xml").contains("</svg");
    }

    @Test
    void weightsInInt8AreMeasuredBesideThoseInSinglePrecision() {
        BenchmarkResult result = RolloutBenchmark.of(
                        List.of("onnxruntime", "onnxruntime:int8"),
                        SMALLEST,
                        List.of("8"),
                        new Plan(1, 1, 0.1, List.of()))
                .run(Progress.SILENT);
        assertThat(number(result.rows().get(0), "logProbGap")).isLessThan(1e-5);
        assertThat(number(result.rows().get(1), "logProbGap")).isBetween(1e-4, 0.05);
        assertThat(result.rows().get(1).get("engine").toString()).endsWith(" int8");
        assertThatThrownBy(() -> RolloutBenchmark.of(List.of("onnxruntime:int4"), SMALLEST, List.of("8"), PLAIN))
                .isInstanceOf(SaveException.class)
                .hasMessage("'onnxruntime:int4': there are no weights in 'int4'; write ENGINE, or ENGINE:int8");
    }

    @Test
    void scoringIsMeasuredWithPaddingAndSharedPrompts() {
        BenchmarkResult result = ScoringBenchmark.of(ENGINE, SMALLEST, List.of("4x16", "mixed", "2x1x9+7"), PLAIN)
                .run(Progress.SILENT);

        JsonNode rows = JsonMapper.shared().readTree(result.json()).path("rows");
        assertThat(rows.size()).isEqualTo(6);
        for (JsonNode row : rows) {
            assertThat(row.path("sequencesPerSecond").asDouble()).isPositive();
            assertThat(row.path("fractionOfPeak").asDouble()).isPositive();
        }
        assertThat(rows).extracting(row -> row.path("computed").asDouble()).satisfies(computed -> {
            assertThat(computed.get(0))
                    .as("a prompt of 4 tokens for four answers")
                    .isEqualTo((4 + 4 * 12) / 64.0);
            assertThat(computed.get(1)).isEqualTo(1);
            assertThat(computed.get(2)).as("no padding, and shared prompts").isBetween(0.7, 0.9);
            assertThat(computed.get(3)).as("unsorted").isBetween(1.4, 2.0);
            assertThat(computed.get(4)).as("nothing to share").isEqualTo(1);
            assertThat(computed.get(5)).isEqualTo(1);
        });
        assertThat(rows.path(3).path("engine").asString()).startsWith("plain ");
    }

    @Test
    void shapesOfGroupsAreRead() {
        ScoringWork work = ScoringWork.parse("3x2x128+96");
        assertThat(work.prompt()).isEqualTo(128);
        assertThat(work.lengths())
                .hasSize(3)
                .allSatisfy(group -> assertThat(group).containsExactly(224, 224));
        assertThatThrownBy(() -> ScoringWork.parse("3x2x0+96")).hasMessageContaining("at least a token");
        assertThatThrownBy(() -> ScoringWork.parse("0x2x1+96")).hasMessageContaining("at least one sequence");
        assertThatThrownBy(() -> ScoringWork.parse("3x2x5"))
                .hasMessageContaining("'3x2x5' is no batch shape")
                .hasMessageContaining("4x8x128+96");
    }

    @Test
    void pyTorchDoesTheSameWorkWhereItIsInstalled() {
        // Where a distribution installs its packages, and whatever comes first on the path.
        String python = Stream.of("/usr/bin/python3", "python3")
                .filter(SpeedBenchmarkTest::hasTorch)
                .findFirst()
                .orElseGet(() -> Assumptions.abort("no Python with torch here"));
        Plan plan = new Plan(1, 1, 0.1, List.of(python));
        for (SpeedBenchmark benchmark : List.of(
                TrainingBenchmark.of(ENGINE, SMALLEST, List.of(new BatchShape(1, 16)), plan),
                RolloutBenchmark.of(ENGINE, SMALLEST, List.of("mixed"), plan),
                ScoringBenchmark.of(ENGINE, SMALLEST, List.of("4x16"), plan))) {
            BenchmarkResult result = benchmark.run(Progress.SILENT);
            assertThat(result.rows()).hasSize(2);
            assertThat(result.plot())
                    .as("nothing to draw by number of sequences")
                    .isEmpty();
            assertThat((String) result.rows().get(1).get("engine")).startsWith("PyTorch ");
            assertThat(number(result.rows().get(1), "firstIsFasterBy")).isPositive();
        }
    }

    private static boolean hasTorch(String python) {
        try {
            new Rivals(false, Optional.of(python)).require();
            return true;
        } catch (SaveException missing) {
            return false;
        }
    }

    @Test
    void everyWayToHoldWeightsSeesAnUpdate() {
        BenchmarkResult result = SyncBenchmark.of(
                        ENGINE, SMALLEST, SyncBenchmark.BINDINGS, new Plan(1, 1, 0.1, List.of()))
                .run(Progress.SILENT);

        assertThat(result.rows())
                .extracting(row -> row.get("shape"))
                .containsExactly("rollout", "prepacked", "live", "input");
        // The measurement itself fails when a run does not see its update.
        assertThat(result.rows()).allSatisfy(row -> {
            assertThat(number(row, "refreshMilliseconds")).isNotNegative();
            assertThat(number(row, "updateAndRunMilliseconds")).isPositive();
        });
    }

    @Test
    void rivalsAndShapesThatDoNotExistAreRefused() {
        assertThatThrownBy(() -> TrainingBenchmark.of(ENGINE, SMALLEST, List.of(new BatchShape(1, 8)), PLAIN))
                .isInstanceOf(SaveException.class)
                .hasMessage("--rival plain: bench train has no such rival");
        assertThatThrownBy(() -> SyncBenchmark.of(ENGINE, SMALLEST, List.of("packed"), PLAIN))
                .isInstanceOf(SaveException.class)
                .hasMessage("there are no 'packed' weights. Available: rollout, prepacked, live, input.");
        assertThatThrownBy(() -> RolloutBenchmark.of(ENGINE, SMALLEST, List.of("many"), PLAIN))
                .isInstanceOf(SaveException.class)
                .hasMessage("'many' is no batch; write a number of sequences, or mixed");
    }

    private static double number(Map<String, Object> row, String key) {
        return ((Number) row.getOrDefault(key, Double.NaN)).doubleValue();
    }
}
