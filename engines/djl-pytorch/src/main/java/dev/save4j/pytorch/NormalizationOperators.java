package dev.save4j.pytorch;

import static dev.save4j.pytorch.Operator.FLOATING;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.save4j.graph.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Layer and root-mean-square normalisation over the trailing axes. */
final class NormalizationOperators {
    private static final Set<String> ATTRIBUTES = Set.of("axis", "epsilon", "stash_type");

    private NormalizationOperators() {}

    static List<Operator> all() {
        return List.of(
                Operator.many("", "LayerNormalization", 2, 3, FLOATING, ATTRIBUTES, NormalizationOperators::layer),
                Operator.of(
                        "RMSNormalization",
                        2,
                        2,
                        FLOATING,
                        ATTRIBUTES,
                        in -> rootMeanSquare(in, in.array(0), in.array(1), in.axis("axis", -1))),
                // ONNX Runtime writes this one without a domain of its own.
                Operator.of(
                        "SimplifiedLayerNormalization",
                        2,
                        2,
                        FLOATING,
                        ATTRIBUTES,
                        in -> rootMeanSquare(in, in.array(0), in.array(1), in.axis("axis", -1))),
                Operator.many(
                                Node.MICROSOFT,
                                "SkipLayerNormalization",
                                3,
                                5,
                                FLOATING,
                                Set.of("epsilon"),
                                NormalizationOperators::skipLayer)
                        .unless(NormalizationOperators::wantsStatistics),
                Operator.many(
                                Node.MICROSOFT,
                                "SkipSimplifiedLayerNormalization",
                                3,
                                4,
                                FLOATING,
                                Set.of("epsilon"),
                                NormalizationOperators::skip)
                        .unless(node ->
                                node.hasOutput(1) || node.hasOutput(2) ? "its statistics are not computed" : ""));
    }

    private static NDArray rootMeanSquare(Arguments in, NDArray x, NDArray scale, int axis) {
        NDArray rows = rows(x, axis);
        NDArray mean = TorchNative.mean(rows.square(), rows.getShape().dimension() - 1, true);
        NDArray norm = mean.add(in.scalar(in.node().real("epsilon", 1e-5f))).sqrt();
        // The gradient of a product takes fewer passes over the rows than that of a quotient.
        return rows.mul(in.scalar(1).div(norm)).reshape(x.getShape()).mul(scale);
    }

    private static String wantsStatistics(Node node) {
        return node.hasOutput(1) || node.hasOutput(2) ? "its statistics are not computed" : "";
    }

    private static List<TorchValue> skip(Arguments in) {
        NDArray sum = skipped(in, 3);
        return withSum(in, rootMeanSquare(in, sum, in.array(2), in.rank(0) - 1), sum);
    }

    private static List<TorchValue> skipLayer(Arguments in) {
        NDArray sum = skipped(in, 4);
        long[] normalized = in.shape(2);
        NDArray bias = in.has(3) ? in.array(3) : in.memory().full(0, normalized);
        float epsilon = in.node().real("epsilon", 1e-12f);
        return withSum(in, TorchNative.layerNorm(sum, normalized, in.array(2), bias, epsilon), sum);
    }

    private static NDArray skipped(Arguments in, int bias) {
        NDArray sum = in.array(0).add(in.array(1));
        return in.has(bias) ? sum.add(in.array(bias)) : sum;
    }

    private static List<TorchValue> withSum(Arguments in, NDArray result, NDArray sum) {
        // The second and third output, statistics, are not there.
        TorchValue first = new TorchValue.OnDevice(result);
        return in.node().hasOutput(3)
                ? List.of(first, first, first, new TorchValue.OnDevice(ElementwiseOperators.same(sum)))
                : List.of(first);
    }

    private static List<TorchValue> layer(Arguments in) {
        Node node = in.node();
        int axis = in.axis("axis", -1);
        NDArray x = in.array(0);
        long[] normalized = Arrays.copyOfRange(in.shape(0), axis, in.rank(0));
        float epsilon = node.real("epsilon", 1e-5f);
        boolean plain = !node.hasOutput(1)
                && !node.hasOutput(2)
                && Arrays.equals(in.shape(1), normalized)
                && (!in.has(2) || Arrays.equals(in.shape(2), normalized));
        if (plain) {
            NDArray bias = in.has(2) ? in.array(2) : in.memory().full(0, normalized);
            return List.of(new TorchValue.OnDevice(TorchNative.layerNorm(x, normalized, in.array(1), bias, epsilon)));
        }
        NDArray rows = rows(x, axis);
        int last = rows.getShape().dimension() - 1;
        NDArray mean = TorchNative.mean(rows, last, true);
        NDArray centered = rows.sub(mean);
        NDArray deviation = TorchNative.mean(centered.square(), last, true)
                .add(in.scalar(epsilon))
                .sqrt();
        NDArray inverse = in.scalar(1).div(deviation);
        NDArray result = centered.mul(inverse).reshape(x.getShape()).mul(in.array(1));
        List<TorchValue> results = new ArrayList<>();
        results.add(new TorchValue.OnDevice(in.has(2) ? result.add(in.array(2)) : result));
        Shape statistics = statistics(in.shape(0), axis);
        results.add(new TorchValue.OnDevice(mean.reshape(statistics)));
        results.add(new TorchValue.OnDevice(inverse.reshape(statistics)));
        return results.subList(0, node.outputs().size());
    }

    /** The axes from {@code axis} on made one. */
    private static NDArray rows(NDArray x, int axis) {
        long[] shape = x.getShape().getShape();
        if (axis == shape.length - 1) {
            return x;
        }
        long[] rows = Arrays.copyOf(shape, axis + 1);
        rows[axis] = Arrays.stream(shape, axis, shape.length).reduce(1, (a, b) -> a * b);
        return x.reshape(new Shape(rows));
    }

    private static Shape statistics(long[] shape, int axis) {
        long[] result = shape.clone();
        Arrays.fill(result, axis, shape.length, 1);
        return new Shape(result);
    }
}
