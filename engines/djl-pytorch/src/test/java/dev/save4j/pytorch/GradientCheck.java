package dev.save4j.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.DataType;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Optimization;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Compares gradients with central differences in double precision. */
final class GradientCheck {
    private static final double STEP = 1e-6;

    private GradientCheck() {}

    static RandomGenerator random(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    static Tensor doubles(RandomGenerator random, double low, double high, long... shape) {
        Tensor tensor = Tensor.allocate(ElementType.DOUBLE, shape);
        var values = tensor.bytes().asDoubleBuffer();
        while (values.hasRemaining()) {
            values.put(low + (high - low) * random.nextDouble());
        }
        return tensor;
    }

    /** Checks an expression of weights w0, w1, … of the given shapes, whose elements lie between the bounds. */
    static void check(double low, double high, BiFunction<GraphBuilder, Value[], Value> expression, long[]... shapes) {
        GraphBuilder g = new GraphBuilder("check");
        Value[] operands = new Value[shapes.length];
        Map<String, Tensor> weights = new LinkedHashMap<>();
        RandomGenerator random = random(7);
        for (int i = 0; i < shapes.length; i++) {
            operands[i] = g.parameter("w" + i, shapes[i]);
            weights.put("w" + i, doubles(random, low, high, shapes[i]));
        }
        // A loss that weighs every element differently.
        Value result = expression.apply(g, operands).reshape(-1);
        Value position = g.op("Range", g.scalar(0L), result.size(0).squeeze(0), g.scalar(1L))
                .cast(ElementType.FLOAT);
        Value scale = g.op("Sin", position.mul(0.7)).add(1.3);
        g.output("loss", result.mul(scale).sum());
        check(g.build(), new WeightStore(weights), Map.of(), 1e-6, 1);
    }

    /**
     * Checks every {@code stride}-th element of every weight.
     *
     * @param weights DOUBLE
     * @param tolerance relative, and absolute below 1
     */
    static void check(Graph graph, WeightStore weights, Map<String, Tensor> inputs, double tolerance, int stride) {
        try (PyTorchTrainer trainer = new PyTorchTrainer(
                weights, List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded(), DataType.FLOAT64)) {
            trainer.accumulate(graph, inputs, 1);
            Map<String, Tensor> gradients = trainer.gradients();
            assertThat(gradients.keySet()).isEqualTo(graph.parameters().keySet());
            double largest = 0;
            for (Map.Entry<String, Tensor> entry : gradients.entrySet()) {
                var gradient = entry.getValue().bytes().asDoubleBuffer();
                var weight = weights.get(entry.getKey()).bytes().asDoubleBuffer();
                for (int i = 0; i < weight.limit(); i += stride) {
                    double value = weight.get(i);
                    weight.put(i, value + STEP);
                    double above = loss(trainer, graph, inputs);
                    weight.put(i, value - STEP);
                    double below = loss(trainer, graph, inputs);
                    weight.put(i, value);
                    double numeric = (above - below) / (2 * STEP);
                    assertThat(gradient.get(i))
                            .as("d loss / d %s[%d]", entry.getKey(), i)
                            .isCloseTo(numeric, within(tolerance * Math.max(1, Math.abs(numeric))));
                    largest = Math.max(largest, Math.abs(numeric));
                }
            }
            assertThat(largest).as("the largest gradient").isPositive();
        }
    }

    private static double loss(PyTorchTrainer trainer, Graph graph, Map<String, Tensor> inputs) {
        return trainer.evaluate(graph, inputs).get("loss").bytes().getDouble();
    }
}
