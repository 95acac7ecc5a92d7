package dev.save4j.testkit;

import dev.save4j.graph.Graph;
import dev.save4j.testkit.reference.Numbers;
import dev.save4j.testkit.reference.ReferenceInterpreter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** Derivatives of a loss by central differences of the reference in double precision, with one step of Richardson's extrapolation. */
final class NumericGradient {
    private static final double STEP = 1e-4;

    private final Graph graph;
    private final Map<String, Numbers> point;

    /**
     * @param graph with a scalar output {@code loss}
     * @param point inputs and weights
     */
    NumericGradient(Graph graph, Map<String, Numbers> point) {
        this.graph = graph;
        this.point = point;
    }

    double loss() {
        return loss(Map.of(), 0);
    }

    /** The derivative along a direction, which has numbers for some of the weights. */
    double along(Map<String, double[]> direction) {
        double coarse = difference(direction, STEP);
        double fine = difference(direction, STEP / 2);
        double scale = Math.max(1e-2, Math.max(Math.abs(coarse), Math.abs(fine)));
        if (!(Math.abs(coarse - fine) <= 1e-4 * scale)) {
            throw new IllegalStateException("graph '" + graph.name() + "' is not smooth where it is differentiated: "
                    + coarse + " and " + fine);
        }
        return (4 * fine - coarse) / 3;
    }

    private double difference(Map<String, double[]> direction, double step) {
        return (loss(direction, step) - loss(direction, -step)) / (2 * step);
    }

    private double loss(Map<String, double[]> direction, double step) {
        Map<String, Numbers> moved = new LinkedHashMap<>(point);
        direction.forEach((weight, part) -> moved.merge(
                weight,
                new Numbers(numbers(weight).type(), numbers(weight).shape(), part),
                (at, along) -> sum(at, along, step)));
        return Objects.requireNonNull(ReferenceInterpreter.outputs(graph, moved).get(Losses.NAME))
                .values()[0];
    }

    private Numbers numbers(String weight) {
        return Objects.requireNonNull(point.get(weight), weight);
    }

    private static Numbers sum(Numbers at, Numbers along, double step) {
        double[] values = at.values().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] += step * along.values()[i];
        }
        return new Numbers(at.type(), at.shape(), values);
    }
}
