package dev.save4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import dev.save4j.testkit.reference.Numbers;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * A loss whose gradient is compared with derivatives of the reference: along single weights, and along random directions through all of them.
 *
 * @param graph with a scalar output {@code loss}
 */
record GradientCase(String name, Graph graph, Map<String, Numbers> weights, Map<String, Numbers> inputs) {
    private static final int SINGLE = 24;
    private static final int RANDOM = 3;

    /** The loss is a sum over all floating results, each element with a factor of its own. */
    static GradientCase of(Sample sample) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom")
                .create(sample.label().hashCode());
        Map<String, Numbers> factors = new LinkedHashMap<>();
        sample.expected().forEach((result, value) -> {
            if (value.type().isFloating()) {
                double[] factor = new double[value.size()];
                for (int i = 0; i < factor.length; i++) {
                    factor[i] = (float) ((random.nextBoolean() ? 1 : -1) * (0.5 + random.nextDouble()));
                }
                factors.put(result, new Numbers(value.type(), value.shape(), factor));
            }
        });
        Map<String, Numbers> weights = new LinkedHashMap<>(sample.values(Sample.Role.DATA));
        weights.put(Losses.GAIN, Numbers.of(new double[] {1.25}, 1));
        return new GradientCase(
                sample.name(), Losses.weighted(sample.graph(true), factors), weights, sample.values(Sample.Role.INPUT));
    }

    private static Map<String, Tensor> tensors(Map<String, Numbers> numbers) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        numbers.forEach((name, value) -> tensors.put(name, value.toTensor()));
        return tensors;
    }

    WeightStore store() {
        return new WeightStore(tensors(weights));
    }

    Map<String, Tensor> inputTensors() {
        return tensors(inputs);
    }

    void check(GradientEngine engine) {
        try (Trainer trainer =
                engine.open(store(), List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded())) {
            Map<String, Tensor> outputs = trainer.accumulate(graph, inputTensors(), 1);
            check(Objects.requireNonNull(outputs.get(Losses.NAME)).item(), trainer.gradients());
        }
    }

    private void check(double loss, Map<String, Tensor> gradients) {
        Map<String, Numbers> point = new LinkedHashMap<>(inputs);
        point.putAll(weights);
        NumericGradient numeric = new NumericGradient(graph, point);
        double expected = numeric.loss();
        assertThat(loss).as("%s: the loss", name).isCloseTo(expected, within(1e-4 * Math.max(1, Math.abs(expected))));
        Map<String, double[]> slopes = new LinkedHashMap<>();
        weights.forEach((weight, value) -> slopes.put(weight, slopes(weight, value, gradients)));
        assertThat(gradients.keySet()).as("%s: weights with a gradient", name).isSubsetOf(weights.keySet());
        slopes.forEach((weight, slope) -> alongSingleWeights(numeric, weight, slope));
        alongRandomDirections(numeric, slopes);
    }

    /** A weight without a gradient counts as one whose gradient is zero. */
    private double[] slopes(String weight, Numbers value, Map<String, Tensor> gradients) {
        Tensor gradient = gradients.get(weight);
        if (gradient == null) {
            return new double[value.size()];
        }
        assertThat(gradient.toString())
                .as("%s: the gradient of %s", name, weight)
                .isEqualTo(value.toString());
        return Numbers.of(gradient).values();
    }

    private void alongSingleWeights(NumericGradient numeric, String weight, double[] slope) {
        double largest = 0;
        for (double value : slope) {
            largest = Math.max(largest, Math.abs(value));
        }
        int stride = Math.max(1, slope.length / SINGLE);
        for (int i = 0; i < slope.length; i += stride) {
            double[] unit = new double[slope.length];
            unit[i] = 1;
            double expected = numeric.along(Map.of(weight, unit));
            double allowed = 1e-6 + 2e-5 * largest + 1e-4 * Math.abs(expected);
            assertThat(slope[i])
                    .as("%s: the derivative by element %d of %s", name, i, weight)
                    .isCloseTo(expected, within(allowed));
        }
    }

    private void alongRandomDirections(NumericGradient numeric, Map<String, double[]> slopes) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(41);
        for (int turn = 0; turn < RANDOM; turn++) {
            Map<String, double[]> direction = new LinkedHashMap<>();
            double product = 0;
            double size = 0;
            for (Map.Entry<String, double[]> slope : slopes.entrySet()) {
                double[] part = new double[slope.getValue().length];
                for (int i = 0; i < part.length; i++) {
                    part[i] = 2 * random.nextDouble() - 1;
                    product += part[i] * slope.getValue()[i];
                    size += Math.abs(part[i] * slope.getValue()[i]);
                }
                direction.put(slope.getKey(), part);
            }
            assertThat(product)
                    .as("%s: the derivative along random direction %d", name, turn)
                    .isCloseTo(numeric.along(direction), within(1e-6 + 1e-4 * size));
        }
    }
}
