package dev.save4j.wiring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.loop.Progress;
import dev.save4j.run.ExperimentReader;
import dev.save4j.wiring.MemoryEstimate.Line;
import dev.save4j.wiring.MemoryEstimate.Phase;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryEstimateTest {
    private static final String EXPERIMENT = """
            name: sized
            modes: [static, save]
            data: {lab: tales}
            policy:
              size: {hidden_size: 32, layers: 2, heads: 2, kv_heads: 1, intermediate_size: 48, max_length: 64}
            """;

    private static MemoryEstimate estimate(String... overrides) {
        return new ExperimentRunner(Registry.discover(), Progress.SILENT)
                .memory(ExperimentReader.resolve(EXPERIMENT, "sized.yaml", List.of(overrides))
                        .experiment());
    }

    private static Line line(MemoryEstimate estimate, String model, String part) {
        return estimate.lines().stream()
                .filter(line -> line.model().equals(model) && line.part().startsWith(part))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void countsEveryWeightOfTheModels() {
        // The 189 words of the lab, of 32 numbers; in each layer two norms, q and o of 32 x 32, k and v of 16 x 32,
        // three of 48 x 32; a last
        // norm.
        long weights = 189 * 32 + 2 * (2 * 32 + 2 * 32 * 32 + 2 * 16 * 32 + 3 * 48 * 32) + 32;
        assertThat(line(estimate(), "policy", "weights, trained").bytes()).isEqualTo(2 * 4 * weights);
    }

    @Test
    void weightsInInt8TakeHalfOfThePackedOnes() {
        Line single = line(estimate(), "policy", "weights packed");
        Line small = line(estimate("engines.rollout_weights=int8"), "policy", "weights packed");
        assertThat(2 * small.bytes()).isEqualTo(single.bytes());
    }

    @Test
    void theCacheHoldsKeysAndValuesOfEverySlot() {
        Line cache =
                line(estimate("rollout.slots=10", "rollout.max_tokens=40"), "policy", "cache of 10 sequences of 46");
        assertThat(cache.bytes()).isEqualTo(10 * 4 * (2 * 2 * 16 * 46 + 189));
        assertThat(cache.engine()).isEqualTo("onnxruntime");
    }

    @Test
    void whatIsNotDoneTakesNothing() {
        assertThat(estimate("modes=[static]").lines())
                .noneMatch(line -> line.part().contains("gate"));
        assertThat(estimate().lines()).noneMatch(line -> line.phase() == Phase.PREPARATION);
        assertThat(estimate("policy.fine_tuning.steps=5").lines()).anyMatch(line -> line.phase() == Phase.PREPARATION);
    }

    @Test
    void modesAtOnceAddUpAndPreparationDoesNot() {
        Line once = new Line(Phase.ALWAYS, "all", "Java", "", 100);
        Line before = new Line(Phase.PREPARATION, "policy", "numbers", "", 50);
        Line mode = new Line(Phase.MODE, "policy", "weights", "", 40);
        assertThat(new MemoryEstimate(List.of(once, before, mode), 1, 1000).total())
                .isEqualTo(150);
        assertThat(new MemoryEstimate(List.of(once, before, mode), 3, 1000).total())
                .isEqualTo(220);
        assertThat(estimate("parallel=4").parallel()).isEqualTo(2);
    }

    @Test
    void whatCannotFitIsRefusedWithTheLargestPartAndAdvice() {
        MemoryEstimate fits =
                new MemoryEstimate(List.of(new Line(Phase.MODE, "policy", "weights", "", 5L << 20)), 1, 6L << 20);
        fits.requireFit();
        MemoryEstimate tooLarge = new MemoryEstimate(
                List.of(
                        new Line(Phase.MODE, "policy", "weights", "", 5L << 20),
                        new Line(Phase.MODE, "reward model", "numbers of a micro-batch", "x", 9L << 20)),
                2,
                20L << 20);
        assertThatThrownBy(tooLarge::requireFit)
                .isInstanceOfSatisfying(
                        SaveException.class,
                        refused -> assertThat(refused.kind()).isEqualTo(SaveException.Kind.RESOURCES))
                .hasMessageContaining("about 28 MiB of memory, but this machine has 20 MiB")
                .hasMessageContaining("9 MiB for reward model, numbers of a micro-batch")
                .hasMessageContaining("parallel: 1. Lower policy.micro_batch");
    }
}
