package dev.save4j.tensorflow;

import static dev.save4j.tensorflow.Operator.FLOATING;

import ai.djl.ndarray.types.DataType;
import dev.save4j.engine.OperandTypes;
import dev.save4j.graph.HostTensor;
import dev.save4j.graph.Shapes;
import dev.save4j.tensor.ElementType;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Sums, means, extremes and normalisations over axes. Elements that share an extreme share its gradient. */
final class ReductionOperators {
    private static final Set<String> REDUCTION = Set.of("keepdims", "noop_with_empty_axes");
    private static final Set<String> POSITION = Set.of("axis", "keepdims", "select_last_index");

    private ReductionOperators() {}

    static List<Operator> all() {
        return List.of(
                reduction("ReduceSum", (in, x, axes, keep) -> in.ops().reduce("Sum", x, keep, axes)),
                reduction("ReduceMean", (in, x, axes, keep) -> in.ops().reduce("Mean", x, keep, axes)),
                reduction(
                        "ReduceSumSquare",
                        (in, x, axes, keep) -> in.ops().reduce("Sum", in.ops().square(x), keep, axes)),
                reduction(
                        "ReduceL1",
                        (in, x, axes, keep) -> in.ops().reduce("Sum", in.ops().unary("Abs", x), keep, axes)),
                reduction(
                        "ReduceL2",
                        (in, x, axes, keep) ->
                                in.ops().sqrt(in.ops().reduce("Sum", in.ops().square(x), keep, axes))),
                reduction(
                        "ReduceLogSum",
                        (in, x, axes, keep) -> in.ops().log(in.ops().reduce("Sum", x, keep, axes))),
                reduction("ReduceLogSumExp", ReductionOperators::logSumExp),
                reduction("ReduceMax", (in, x, axes, keep) -> extreme(in, x, axes, keep, true)),
                reduction("ReduceMin", (in, x, axes, keep) -> extreme(in, x, axes, keep, false)),
                reduction("ReduceProd", (in, x, axes, keep) -> in.ops().reduce("Prod", x, keep, axes)),
                Operator.of(
                        "Softmax",
                        1,
                        1,
                        FLOATING,
                        Set.of("axis"),
                        in -> in.ops().softmax(in.symbol(0), in.axis("axis", -1))),
                Operator.of(
                        "LogSoftmax",
                        1,
                        1,
                        FLOATING,
                        Set.of("axis"),
                        in -> in.ops().logSoftmax(in.symbol(0), in.axis("axis", -1))),
                Operator.of(
                        "CumSum",
                        2,
                        2,
                        OperandTypes.of("CumSum"),
                        Set.of("exclusive", "reverse"),
                        in -> in.ops()
                                .operation("Cumsum")
                                .input(in.symbol(0))
                                .input(in.ops()
                                        .integer(Shapes.axis(
                                                in.node(), in.tensor(1).item(), in.rank(0))))
                                .flag("exclusive", in.flag("exclusive", false))
                                .flag("reverse", in.flag("reverse", false))
                                .result()),
                position("ArgMax"),
                position("ArgMin"));
    }

    private interface Reduction {
        Symbol apply(Arguments in, Symbol x, int[] axes, boolean keep);
    }

    private static Operator reduction(String name, Reduction reduction) {
        return Operator.of(name, 1, 2, OperandTypes.of(name), REDUCTION, in -> {
            int[] axes = Shapes.axes(in.node(), in.longsOrNone(1), in.rank(0));
            // Over no axes at all every element is a group of its own.
            return axes.length > 0 || in.flag("noop_with_empty_axes", false)
                    ? reduction.apply(in, in.symbol(0), axes, in.flag("keepdims", true))
                    : reduction.apply(
                            in, in.symbol(0), IntStream.range(0, in.rank(0)).toArray(), in.flag("keepdims", true));
        });
    }

    private static Symbol logSumExp(Arguments in, Symbol x, int[] axes, boolean keep) {
        TensorOps ops = in.ops();
        // The shift cancels, so it carries no gradient; an infinite one would leave inf - inf.
        Symbol largest = ops.stopGradient(extreme(in, x, axes, true, true));
        Symbol shift = ops.where(ops.unary("IsFinite", largest), largest, in.scalar(0));
        Symbol sum = ops.reduce("Sum", ops.exp(ops.sub(x, shift)), true, axes);
        return ops.reshape(ops.add(ops.log(sum), shift), kept(x, axes, keep));
    }

    private static Symbol extreme(Arguments in, Symbol x, int[] axes, boolean keep, boolean largest) {
        if (IntStream.of(axes).anyMatch(axis -> x.size(axis) == 0)) {
            double none = largest ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
            return in.ops().filled(none, kept(x, axes, keep));
        }
        return in.ops().reduce(largest ? "Max" : "Min", x, keep, axes);
    }

    private static long[] kept(Symbol x, int[] axes, boolean keep) {
        long[] shape = x.shape().clone();
        IntStream.of(axes).forEach(axis -> shape[axis] = keep ? 1 : -1);
        return Arrays.stream(shape).filter(size -> size >= 0).toArray();
    }

    private static Operator position(String name) {
        return Operator.of(name, 1, 1, OperandTypes.of(name), POSITION, in -> positionOf(in, name))
                .withoutGradient();
    }

    private static Symbol positionOf(Arguments in, String type) {
        TensorOps ops = in.ops();
        int axis = in.axis("axis", 0);
        boolean last = in.flag("select_last_index", false);
        Symbol x = last ? ops.reversed(in.symbol(0), axis) : in.symbol(0);
        Symbol found = ops.operation(type)
                .input(x)
                .input(ops.integer(axis))
                .type("output_type", DataType.INT64)
                .result();
        Symbol position = last
                ? ops.sub(
                        ops.constant(HostTensor.scalar(ElementType.INT64, in.shape(0)[axis] - 1), DataType.INT64),
                        found)
                : found;
        return ops.reshape(position, kept(x, new int[] {axis}, in.flag("keepdims", true)));
    }
}
