package dev.save4j.onnxruntime;

import dev.save4j.graph.Graph;
import dev.save4j.tensor.Tensor;
import dev.save4j.testkit.reference.Numbers;
import dev.save4j.testkit.reference.ReferenceInterpreter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** Derivatives of a loss along directions through its weights, by central differences of the reference in double precision. */
final class ReferenceDerivative {
    private final Graph graph;
    private final Map<String, Numbers> point = new LinkedHashMap<>();

    ReferenceDerivative(Graph graph, Map<String, Tensor> inputs, Map<String, Tensor> weights) {
        this.graph = graph;
        inputs.forEach((name, tensor) -> point.put(name, Numbers.of(tensor)));
        weights.forEach((name, tensor) -> point.put(name, Numbers.of(tensor)));
    }

    double loss() {
        return loss(Map.of(), 0);
    }

    /**
     * @param step how far to go to both sides
     * @return the derivative along a direction, which has numbers for some of the weights
     */
    double along(Map<String, Tensor> direction, double step) {
        return (loss(direction, step) - loss(direction, -step)) / (2 * step);
    }

    private double loss(Map<String, Tensor> direction, double step) {
        Map<String, Numbers> moved = new LinkedHashMap<>(point);
        direction.forEach((name, part) -> {
            Numbers at = Objects.requireNonNull(point.get(name));
            double[] values = at.values().clone();
            float[] along = part.toFloats();
            for (int i = 0; i < values.length; i++) {
                values[i] += step * along[i];
            }
            moved.put(name, new Numbers(at.type(), at.shape(), values));
        });
        return Objects.requireNonNull(ReferenceInterpreter.outputs(graph, moved).get("loss"))
                .values()[0];
    }

    /** The sum of the products of all elements. */
    static double product(Map<String, Tensor> left, Map<String, Tensor> right) {
        double sum = 0;
        for (Map.Entry<String, Tensor> entry : left.entrySet()) {
            float[] a = entry.getValue().toFloats();
            float[] b = Objects.requireNonNull(right.get(entry.getKey())).toFloats();
            for (int i = 0; i < a.length; i++) {
                sum += (double) a[i] * b[i];
            }
        }
        return sum;
    }
}
