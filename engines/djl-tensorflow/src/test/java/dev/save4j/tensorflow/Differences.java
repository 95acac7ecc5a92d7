package dev.save4j.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.DataType;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Optimization;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.DoubleBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Compares gradients of whole models with central differences, both in double precision. */
final class Differences {
    private Differences() {}

    private static WeightStore doubles(WeightStore weights) {
        Map<String, Tensor> wide = new LinkedHashMap<>();
        weights.names().forEach(name -> {
            Tensor weight = weights.get(name);
            Tensor copy = Tensor.allocate(ElementType.DOUBLE, weight.shape());
            DoubleBuffer values = copy.bytes().asDoubleBuffer();
            for (float value : weight.toFloats()) {
                values.put(value);
            }
            wide.put(name, copy);
        });
        return new WeightStore(wide);
    }

    /**
     * Checks, of every {@code stride}-th weight, the element with the largest gradient.
     *
     * @param step of the differences
     * @param tolerance relative
     */
    static void check(
            Graph graph, WeightStore weights, Map<String, Tensor> inputs, int stride, double step, double tolerance) {
        WeightStore wide = doubles(weights);
        try (TensorFlowTrainer trainer = new TensorFlowTrainer(
                wide, List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded(), DataType.FLOAT64)) {
            trainer.accumulate(graph, inputs, 1);
            Map<String, Tensor> gradients = trainer.gradients();
            assertThat(gradients.keySet()).isEqualTo(graph.parameters().keySet());
            List<String> names = List.copyOf(gradients.keySet());
            for (int i = 0; i < names.size(); i += stride) {
                String name = names.get(i);
                DoubleBuffer gradient =
                        Objects.requireNonNull(gradients.get(name)).bytes().asDoubleBuffer();
                int largest = 0;
                for (int k = 0; k < gradient.limit(); k++) {
                    largest = Math.abs(gradient.get(k)) > Math.abs(gradient.get(largest)) ? k : largest;
                }
                DoubleBuffer weight = wide.get(name).bytes().asDoubleBuffer();
                double value = weight.get(largest);
                weight.put(largest, value + step);
                double above = loss(trainer, graph, inputs);
                weight.put(largest, value - step);
                double below = loss(trainer, graph, inputs);
                weight.put(largest, value);
                assertThat(gradient.get(largest))
                        .as("%s[%d]", name, largest)
                        .isCloseTo(
                                (above - below) / (2 * step),
                                within(1e-8 + tolerance * Math.abs(gradient.get(largest))));
            }
        }
    }

    private static double loss(TensorFlowTrainer trainer, Graph graph, Map<String, Tensor> inputs) {
        return Objects.requireNonNull(trainer.evaluate(graph, inputs).get("loss"))
                .bytes()
                .getDouble();
    }
}
