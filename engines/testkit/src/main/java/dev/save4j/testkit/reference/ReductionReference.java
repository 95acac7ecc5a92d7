package dev.save4j.testkit.reference;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** Sums and other reductions over axes, and normalisations along one axis. */
final class ReductionReference {
    private ReductionReference() {}

    static List<ReferenceOperator> operators() {
        List<ReferenceOperator> all = new ArrayList<>();
        reduction(all, "ReduceSum", group -> Arrays.stream(group).sum());
        reduction(all, "ReduceMean", group -> Arrays.stream(group).sum() / group.length);
        reduction(all, "ReduceMax", group -> extreme(group, Double.NEGATIVE_INFINITY));
        reduction(
                all,
                "ReduceMin",
                group -> -extreme(Arrays.stream(group).map(x -> -x).toArray(), Double.NEGATIVE_INFINITY));
        reduction(all, "ReduceProd", group -> Arrays.stream(group).reduce(1, (a, b) -> a * b));
        reduction(all, "ReduceL1", group -> Arrays.stream(group).map(Math::abs).sum());
        reduction(all, "ReduceL2", group -> Math.sqrt(squares(group)));
        reduction(all, "ReduceSumSquare", ReductionReference::squares);
        reduction(all, "ReduceLogSum", group -> Math.log(Arrays.stream(group).sum()));
        reduction(all, "ReduceLogSumExp", ReductionReference::logSumExp);
        all.add(ReferenceOperator.of("Softmax", in -> along(in, -1, ReductionReference::softmax), "axis"));
        all.add(ReferenceOperator.of("LogSoftmax", in -> along(in, -1, ReductionReference::logSoftmax), "axis"));
        all.add(ReferenceOperator.of("Hardmax", in -> along(in, -1, ReductionReference::hardmax), "axis"));
        all.add(ReferenceOperator.of("LpNormalization", ReductionReference::normalized, "axis", "p"));
        all.add(ReferenceOperator.of("CumSum", ReductionReference::cumulativeSum, "exclusive", "reverse"));
        all.add(ReferenceOperator.microsoft(
                "BiasSoftmax", ReductionReference::biasSoftmax, "axis", "is_inner_broadcast"));
        return all;
    }

    private static void reduction(List<ReferenceOperator> all, String operator, ToDoubleFunction<double[]> function) {
        all.add(ReferenceOperator.of(operator, in -> reduce(in, function), "keepdims", "noop_with_empty_axes"));
    }

    private static Numbers reduce(Operands in, ToDoubleFunction<double[]> function) {
        Numbers x = in.get(0);
        int[] axes = in.has(1) ? Arrays.stream(in.longs(1)).mapToInt(x::axis).toArray() : new int[0];
        if (axes.length == 0 && !in.flag("noop_with_empty_axes", false)) {
            axes = IntStream.range(0, x.rank()).toArray();
        }
        return reduce(x, axes, in.flag("keepdims", true), function);
    }

    /** Applies a function to the elements that differ only in the given axes. */
    static Numbers reduce(Numbers x, int[] axes, boolean keep, ToDoubleFunction<double[]> function) {
        boolean[] gone = new boolean[x.rank()];
        for (int axis : axes) {
            gone[axis] = true;
        }
        int[] order = IntStream.concat(
                        IntStream.range(0, x.rank()).filter(axis -> !gone[axis]),
                        IntStream.range(0, x.rank()).filter(axis -> gone[axis]))
                .toArray();
        int[] kept = IntStream.range(0, x.rank())
                .filter(axis -> keep || !gone[axis])
                .map(axis -> gone[axis] ? 1 : x.shape()[axis])
                .toArray();
        Numbers grouped = x.transpose(order);
        double[] result = new double[Numbers.size(kept)];
        int group = IntStream.range(0, x.rank())
                .filter(axis -> gone[axis])
                .map(axis -> x.shape()[axis])
                .reduce(1, (a, b) -> a * b);
        for (int i = 0; i < result.length; i++) {
            result[i] = function.applyAsDouble(Arrays.copyOfRange(grouped.values(), i * group, (i + 1) * group));
        }
        return new Numbers(x.type(), kept, result);
    }

    /** Replaces every vector along one axis. */
    static Numbers along(Numbers x, int axis, UnaryOperator<double[]> function) {
        if (x.rank() == 0) {
            return new Numbers(x.type(), x.shape(), function.apply(x.values()));
        }
        int length = x.shape()[axis];
        int stride = x.strides()[axis];
        double[] result = new double[x.size()];
        for (int start = 0; start < result.length; start++) {
            if (start / stride % length == 0) {
                double[] vector = new double[length];
                for (int i = 0; i < length; i++) {
                    vector[i] = x.values()[start + i * stride];
                }
                double[] replaced = function.apply(vector);
                for (int i = 0; i < length; i++) {
                    result[start + i * stride] = replaced[i];
                }
            }
        }
        return new Numbers(x.type(), x.shape(), result);
    }

    private static Numbers along(Operands in, long axis, UnaryOperator<double[]> function) {
        return along(in.get(0), in.axis(axis), function);
    }

    private static double squares(double[] group) {
        return Arrays.stream(group).map(x -> x * x).sum();
    }

    private static double extreme(double[] group, double orElse) {
        return Arrays.stream(group).reduce(orElse, Math::max);
    }

    static double logSumExp(double[] group) {
        double largest = extreme(group, Double.NEGATIVE_INFINITY);
        if (Double.isInfinite(largest)) {
            return largest;
        }
        return largest
                + Math.log(Arrays.stream(group).map(x -> Math.exp(x - largest)).sum());
    }

    static double[] softmax(double[] vector) {
        double total = logSumExp(vector);
        return Arrays.stream(vector).map(x -> Math.exp(x - total)).toArray();
    }

    private static double[] logSoftmax(double[] vector) {
        double total = logSumExp(vector);
        return Arrays.stream(vector).map(x -> x - total).toArray();
    }

    private static double[] hardmax(double[] vector) {
        double[] result = new double[vector.length];
        int best = 0;
        for (int i = 1; i < vector.length; i++) {
            best = vector[i] > vector[best] ? i : best;
        }
        result[best] = 1;
        return result;
    }

    private static Numbers normalized(Operands in) {
        int p = in.integer("p", 2);
        return along(in, -1, vector -> {
            double norm = p == 1 ? Arrays.stream(vector).map(Math::abs).sum() : Math.sqrt(squares(vector));
            return Arrays.stream(vector).map(x -> norm == 0 ? 0 : x / norm).toArray();
        });
    }

    private static Numbers cumulativeSum(Operands in) {
        boolean reverse = in.flag("reverse", false);
        boolean exclusive = in.flag("exclusive", false);
        return along(in.get(0), in.get(0).axis((long) in.get(1).item()), vector -> {
            double[] result = new double[vector.length];
            double sum = 0;
            for (int step = 0; step < vector.length; step++) {
                int i = reverse ? vector.length - 1 - step : step;
                result[i] = exclusive ? sum : sum + vector[i];
                sum += vector[i];
            }
            return result;
        });
    }

    /** Softmax over all axes from {@code axis} on, after a bias is added. */
    private static List<Numbers> biasSoftmax(Operands in) {
        Numbers x = in.get(0);
        int axis = in.axis(1);
        Numbers bias = in.get(1);
        if (!in.flag("is_inner_broadcast", true) && bias.rank() < x.rank()) {
            throw in.unsupported("the bias must have the rank of its first operand");
        }
        Numbers sum = x.with(bias, Double::sum);
        int[] rows = Arrays.copyOf(x.shape(), axis + 1);
        rows[axis] = Numbers.size(Arrays.copyOfRange(x.shape(), axis, x.rank()));
        return List.of(
                along(sum.withShape(rows), axis, ReductionReference::softmax).withShape(x.shape()));
    }
}
