package dev.save4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class AdamWTest {
    private static final Optimization PLAIN = new Optimization(0.9, 0.99, 1e-6, 0.05, 2, List.of());

    private static WeightStore store(float... values) {
        return new WeightStore(Map.of("w", Tensor.of(values, values.length)));
    }

    private static Map<String, Tensor> gradient(float... values) {
        return Map.of("w", Tensor.of(values, values.length));
    }

    /** The second step of torch.optim.AdamW from w = 1 with gradients 0.5 and −0.25, worked out by hand. */
    @Test
    void followsTheFormula() {
        WeightStore weights = store(1);
        AdamW optimizer = new AdamW(new Optimization(0.9, 0.99, 1e-6, 0.05, Double.POSITIVE_INFINITY, List.of()), 1);
        optimizer.step(weights, gradient(0.5f), 0.1);
        // 1 (1 - 0.005) - 0.1 · 0.5 / (0.5 + 1e-6)
        assertThat(weights.get("w").item()).isCloseTo(0.8950002f, within(1e-6f));
        optimizer.step(weights, gradient(-0.25f), 0.1);
        double m = 0.9 * 0.05 - 0.1 * 0.25;
        double v = 0.99 * 0.0025 + 0.01 * 0.0625;
        double expected = 0.8950002 * 0.995 - 0.1 / (1 - 0.81) * m / (Math.sqrt(v) / Math.sqrt(1 - 0.9801) + 1e-6);
        assertThat((double) weights.get("w").item()).isCloseTo(expected, within(1e-6));
    }

    @Test
    void clipsByTheGlobalNorm() {
        Map<String, Tensor> both = new LinkedHashMap<>();
        both.put("a", Tensor.of(new float[] {3}, 1));
        both.put("b", Tensor.of(new float[] {4, 0}, 2));
        Map<String, Tensor> clipped = new LinkedHashMap<>();
        clipped.put("a", Tensor.of(new float[] {1.2f}, 1));
        clipped.put("b", Tensor.of(new float[] {1.6f, 0}, 2));
        AdamW first = new AdamW(PLAIN, 1);
        assertThat(first.step(pair(), both, 0.1)).isEqualTo(5);
        AdamW second = new AdamW(PLAIN, 1);
        assertThat(second.step(pair(), clipped, 0.1)).isCloseTo(2, within(1e-6));
        assertThat(first.state().moments().get("b").first().toFloats())
                .containsExactly(second.state().moments().get("b").first().toFloats(), within(1e-6f));
    }

    private static WeightStore pair() {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        weights.put("a", Tensor.of(new float[] {1}, 1));
        weights.put("b", Tensor.of(new float[] {1, 1}, 2));
        return new WeightStore(weights);
    }

    @Test
    void normsOfManyBlocksAreSummedInDoublePrecision() {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(3);
        float[] values = new float[5000];
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
            sum += (double) values[i] * values[i];
        }
        assertThat(new AdamW(PLAIN, 1).norm(gradient(values))).isCloseTo(Math.sqrt(sum), within(1e-9));
        assertThat(new AdamW(PLAIN, 1).norm(Map.of())).isZero();
    }

    @Test
    void everyElementOfALongWeightIsUpdated() {
        float[] slopes = new float[2500];
        Arrays.fill(slopes, 0.01f);
        WeightStore weights = store(new float[2500]);
        new AdamW(PLAIN, 1).step(weights, gradient(slopes), 0.1);
        float each = weights.get("w").floats().get(0);
        assertThat(each).isCloseTo(-0.1f, within(1e-3f));
        assertThat(weights.get("w").toFloats()).containsOnly(each);
    }

    @Test
    void threadsGiveTheSameBytesAsOne() {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(4);
        float[] slopes = new float[300_000];
        for (int i = 0; i < slopes.length; i++) {
            slopes[i] = (float) random.nextGaussian();
        }
        WeightStore one = store(new float[slopes.length]);
        WeightStore three = store(new float[slopes.length]);
        AdamW alone = new AdamW(PLAIN, 1);
        AdamW together = new AdamW(PLAIN, 3);
        for (int step = 0; step < 3; step++) {
            assertThat(together.step(three, gradient(slopes), 0.1)).isEqualTo(alone.step(one, gradient(slopes), 0.1));
        }
        assertThat(three.contentHash()).isEqualTo(one.contentHash());
        assertThat(one.get("w").toFloats()[slopes.length - 1]).isNotZero();
    }

    @Test
    void groupsHaveTheirOwnRateAndDecay() {
        Optimization optimization = PLAIN.withGroups(
                List.of(new Optimization.Group(Set.of("a"), 0.5, 0), new Optimization.Group(Set.of("b"), 0, 0)));
        WeightStore weights = pair();
        Map<String, Tensor> gradients = new LinkedHashMap<>();
        gradients.put("a", Tensor.of(new float[] {1}, 1));
        gradients.put("b", Tensor.of(new float[] {1, 1}, 2));
        AdamW optimizer = new AdamW(optimization, 1);
        optimizer.step(weights, gradients, 0.1);
        assertThat(weights.get("a").item()).isCloseTo(0.95f, within(1e-6f));
        assertThat(weights.get("b").toFloats()).containsExactly(1, 1);
        assertThat(optimizer.state().moments().keySet()).containsExactly("a");
    }

    @Test
    void aNormThatIsNotFiniteChangesNothing() {
        WeightStore weights = store(1, 2);
        AdamW optimizer = new AdamW(PLAIN, 1);
        assertThat(optimizer.step(weights, gradient(1, Float.POSITIVE_INFINITY), 0.1))
                .isInfinite();
        assertThat(weights.get("w").toFloats()).containsExactly(1, 2);
        assertThat(weights.version()).isZero();
        assertThat(optimizer.state().moments()).isEmpty();
    }

    @Test
    void aRestoredStateContinuesToTheSameBytes() {
        WeightStore weights = store(1, 2);
        AdamW optimizer = new AdamW(PLAIN, 1);
        optimizer.step(weights, gradient(0.3f, -0.1f), 0.1);
        WeightStore copy = weights.snapshot();
        AdamW restored = new AdamW(PLAIN, 1);
        restored.restore(optimizer.state(), copy);
        optimizer.step(weights, gradient(-0.2f, 0.7f), 0.1);
        restored.step(copy, gradient(-0.2f, 0.7f), 0.1);
        assertThat(copy.contentHash()).isEqualTo(weights.contentHash());
        assertThat(weights.version()).isEqualTo(2);
    }

    @Test
    void aStateThatDoesNotFitIsRefusedBeforeAnythingChanges() {
        WeightStore weights = store(1, 2);
        AdamW optimizer = new AdamW(PLAIN, 1);
        optimizer.step(weights, gradient(0.3f, -0.1f), 0.1);
        Tensor good = Tensor.of(new float[2], 2);
        Tensor bad = Tensor.of(new float[3], 3);
        assertRefused(
                optimizer, weights, "v", new OptimizerState.Moments(1, good, good), "that this model does not have");
        assertRefused(
                optimizer,
                weights,
                "w",
                new OptimizerState.Moments(1, good, bad),
                "the second moment of weight 'w' is FLOAT[3] but FLOAT[2] was expected");
        assertRefused(optimizer, weights, "w", new OptimizerState.Moments(0, good, good), "counts 0 steps");
        assertThat(optimizer.state().moments().get("w").steps()).isEqualTo(1);
    }

    private static void assertRefused(
            AdamW optimizer, WeightStore weights, String name, OptimizerState.Moments moments, String message) {
        assertThatThrownBy(() -> optimizer.restore(new OptimizerState(Map.of(name, moments)), weights))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        refusal -> assertThat(refusal.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageContaining(message);
    }
}
