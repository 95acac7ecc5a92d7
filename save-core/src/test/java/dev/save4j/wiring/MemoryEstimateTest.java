package dev.save4j.wiring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.engine.Device;
import dev.save4j.loop.Progress;
import dev.save4j.run.ExperimentReader;
import dev.save4j.wiring.MemoryEstimate.Line;
import dev.save4j.wiring.MemoryEstimate.Phase;
import java.util.List;
import java.util.stream.Stream;
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
        Line once = new Line(Phase.ALWAYS, "all", "Java", "", 100, "");
        Line before = new Line(Phase.PREPARATION, "policy", "numbers", "", 50, "");
        Line mode = new Line(Phase.MODE, "policy", "weights", "", 40, "");
        assertThat(new MemoryEstimate(List.of(once, before, mode), 1, 1000, Device.Kind.CPU).total())
                .isEqualTo(150);
        assertThat(new MemoryEstimate(List.of(once, before, mode), 3, 1000, Device.Kind.CPU).total())
                .isEqualTo(220);
        assertThat(estimate("parallel=4").parallel()).isEqualTo(2);
    }

    @Test
    void whatCannotFitIsRefusedWithTheLargestPartAndAdvice() {
        MemoryEstimate fits = new MemoryEstimate(
                List.of(new Line(Phase.MODE, "policy", "weights", "", 5L << 20, "")), 1, 6L << 20, Device.Kind.CPU);
        fits.requireFit();
        MemoryEstimate tooLarge = new MemoryEstimate(
                List.of(
                        new Line(Phase.MODE, "policy", "weights", "", 5L << 20, "Take less."),
                        new Line(Phase.MODE, "reward model", "numbers of a micro-batch", "x", 9L << 20, "Lower it.")),
                2,
                20L << 20,
                Device.Kind.CPU);
        assertThatThrownBy(tooLarge::requireFit)
                .isInstanceOfSatisfying(
                        SaveException.class,
                        refused -> assertThat(refused.kind()).isEqualTo(SaveException.Kind.RESOURCES))
                .hasMessageContaining("about 28 MiB of memory, but this machine has 20 MiB")
                .hasMessageContaining("9 MiB for reward model, numbers of a micro-batch")
                .hasMessageContaining("parallel: 1. Lower it. 'save4j run FILE --dry-run'");
    }

    /** A Llama of 15 million weights with 4,096 tokens. */
    private static final String[] LONG = {
        "policy.size={hidden_size: 288, layers: 6, heads: 6, kv_heads: 6, intermediate_size: 768, max_length: 8192}",
        "reward.size={hidden_size: 288, layers: 6, heads: 6, kv_heads: 6, intermediate_size: 768, max_length: 8192}",
        "rollout.max_tokens=4090",
        "reward.max_length=4096",
        "rollout.prompts=1",
        "rollout.group=4",
        "evaluation.prompts=2",
        "evaluation.completions=2",
        "policy.micro_batch=1",
        "modes=[static]"
    };

    private static MemoryEstimate longTexts(String... more) {
        return estimate(Stream.of(LONG, more).flatMap(Stream::of).toArray(String[]::new));
    }

    @Test
    void scoringCountsOneLayerAndOnePartOfTheAttention() {
        // Products of 4 x 288 x 288 and 3 x 288 x 768 in a layer; 6 heads; the first of both numbers is measured in
        // docs/memory.md.
        double numbers = 8 * (4096 * (4 * 288 + 3 * 528.0) + 6 * 512 * 4096);
        assertThat(line(longTexts("data.tales.held_out=300"), "reward model", "numbers of scoring 8 sequences of 4096")
                        .bytes())
                .isEqualTo((long) (16 * numbers));
    }

    @Test
    void theFirstRewardModelScoresWhatIsEvaluated() {
        Line first = line(longTexts(), "reward model", "numbers of scoring 4 sequences of 4096 by the first one");
        assertThat(first.advice()).isEqualTo("Lower evaluation.prompts or reward.max_length.");
        assertThat(line(longTexts("evaluation.prompts=9"), "reward model", "numbers of scoring 8 sequences of 4096 by")
                        .advice())
                .startsWith("Lower reward.max_length to less than 512");
    }

    @Test
    void logitsArePartOfScoringAsFarAsTheyAreAtOnce() {
        assertThat(line(longTexts(), "policy", "numbers of scoring 4 sequences of 4096")
                        .bytes())
                .isEqualTo((long) (16 * 4.0 * (4096 * 2736 + 6 * 512 * 4096 + 512 * 189)));
    }

    @Test
    void aCheckpointedUpdateCountsOneBlock() {
        Line all = line(longTexts(), "policy", "numbers of a micro-batch of 1 sequences of 4096");
        Line blocks = line(
                longTexts("engines.checkpointing=blocks"), "policy", "numbers of a micro-batch of 1 sequences of 4096");
        assertThat(all.bytes()).isGreaterThan(4 * blocks.bytes());
        assertThat(all.advice())
                .isEqualTo("Lower rollout.max_tokens, or set engines.checkpointing to blocks, which keeps less.");
        assertThat(blocks.advice()).isEqualTo("Lower rollout.max_tokens.");
    }

    @Test
    void theAdviceNamesTheSettingOfTheBatch() {
        assertThat(line(estimate(), "policy", "numbers of a micro-batch").advice())
                .startsWith("Lower policy.micro_batch or rollout.max_tokens");
        assertThat(line(estimate("policy.fine_tuning.steps=5", "modes=[static]"), "policy", "weights, gradients")
                        .phase())
                .isEqualTo(Phase.PREPARATION);
        assertThat(line(estimate(), "reward model", "numbers of a micro-batch").advice())
                .startsWith("Lower save.update.micro_batch or reward.max_length");
    }

    @Test
    void aCacheLargerThanABufferIsRefused() {
        assertThatThrownBy(() -> longTexts("rollout.slots=456"))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        refused -> assertThat(refused.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage(
                        "rollout.slots is 456, but the cache holds at most 455 sequences of 4096 tokens with"
                                + " their logits, because no buffer is larger than 2 GiB; lower rollout.slots or rollout.max_tokens");
        assertThat(line(longTexts("rollout.slots=455"), "policy", "cache of 455 sequences of 4096")
                        .bytes())
                .isGreaterThan(20L << 30);
    }

    @Test
    void memoryOfAGpuIsNamedAsNotEstimated() {
        assertThat(new MemoryEstimate(List.of(), 1, 1, Device.Kind.TENSORRT)
                        .table()
                        .rows())
                .contains(List.of("tensorrt", "memory of the GPU is not estimated", "", "", ""));
        assertThat(estimate().table().rows()).noneMatch(row -> row.toString().contains("GPU"));
    }
}
