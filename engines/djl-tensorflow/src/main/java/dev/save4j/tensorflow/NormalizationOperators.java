package dev.save4j.tensorflow;

import static dev.save4j.tensorflow.Operator.FLOATING;

import dev.save4j.graph.Node;
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
                        in -> rootMeanSquare(in, in.symbol(0), in.symbol(1), in.axis("axis", -1))),
                // ONNX Runtime writes this one without a domain of its own.
                Operator.of(
                        "SimplifiedLayerNormalization",
                        2,
                        2,
                        FLOATING,
                        ATTRIBUTES,
                        in -> rootMeanSquare(in, in.symbol(0), in.symbol(1), in.axis("axis", -1))),
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
                        .unless(NormalizationOperators::wantsStatistics));
    }

    private static String wantsStatistics(Node node) {
        return node.hasOutput(1) || node.hasOutput(2) ? "its statistics are not computed" : "";
    }

    private static Symbol rootMeanSquare(Arguments in, Symbol x, Symbol scale, int axis) {
        TensorOps ops = in.ops();
        Symbol rows = rows(ops, x, axis);
        Symbol mean = mean(ops, ops.square(rows));
        Symbol inverse = ops.unary("Rsqrt", ops.add(mean, in.node().real("epsilon", 1e-5f)));
        return ops.mul(ops.reshape(ops.mul(rows, inverse), x.shape()), scale);
    }

    private static Symbol mean(TensorOps ops, Symbol rows) {
        return ops.reduce("Mean", rows, true, rows.rank() - 1);
    }

    private static List<TracedValue> skip(Arguments in) {
        Symbol sum = skipped(in, 3);
        return withSum(in, rootMeanSquare(in, sum, in.symbol(2), in.rank(0) - 1), sum);
    }

    private static List<TracedValue> skipLayer(Arguments in) {
        Symbol sum = skipped(in, 4);
        Normalized normalized =
                normalized(in.ops(), sum, in.rank(0) - 1, in.node().real("epsilon", 1e-12f));
        return withSum(in, scaled(in, normalized.result(), 2, 3), sum);
    }

    private static Symbol skipped(Arguments in, int bias) {
        Symbol sum = in.ops().add(in.symbol(0), in.symbol(1));
        return in.has(bias) ? in.ops().add(sum, in.symbol(bias)) : sum;
    }

    private static List<TracedValue> withSum(Arguments in, Symbol result, Symbol sum) {
        // The second and third output, statistics, are not there.
        TracedValue first = new TracedValue.OnDevice(result);
        return in.node().hasOutput(3) ? List.of(first, first, first, new TracedValue.OnDevice(sum)) : List.of(first);
    }

    private record Normalized(Symbol result, Symbol mean, Symbol inverse) {}

    private static Normalized normalized(TensorOps ops, Symbol x, int axis, float epsilon) {
        Symbol rows = rows(ops, x, axis);
        Symbol mean = mean(ops, rows);
        Symbol centered = ops.sub(rows, mean);
        Symbol inverse = ops.unary("Rsqrt", ops.add(mean(ops, ops.square(centered)), epsilon));
        return new Normalized(ops.reshape(ops.mul(centered, inverse), x.shape()), mean, inverse);
    }

    private static Symbol scaled(Arguments in, Symbol x, int scale, int bias) {
        Symbol result = in.ops().mul(x, in.symbol(scale));
        return in.has(bias) ? in.ops().add(result, in.symbol(bias)) : result;
    }

    private static List<TracedValue> layer(Arguments in) {
        int axis = in.axis("axis", -1);
        TensorOps ops = in.ops();
        Normalized normalized = normalized(ops, in.symbol(0), axis, in.node().real("epsilon", 1e-5f));
        long[] statistics = in.shape(0).clone();
        Arrays.fill(statistics, axis, statistics.length, 1);
        List<TracedValue> results = List.of(
                new TracedValue.OnDevice(scaled(in, normalized.result(), 1, 2)),
                new TracedValue.OnDevice(ops.reshape(normalized.mean(), statistics)),
                new TracedValue.OnDevice(ops.reshape(normalized.inverse(), statistics)));
        return results.subList(0, in.node().outputs().size());
    }

    /** The axes from {@code axis} on made one. */
    private static Symbol rows(TensorOps ops, Symbol x, int axis) {
        long[] rows = Arrays.copyOf(x.shape(), axis + 1);
        rows[axis] = Arrays.stream(x.shape(), axis, x.rank()).reduce(1, (a, b) -> a * b);
        return ops.reshape(x, rows);
    }
}
