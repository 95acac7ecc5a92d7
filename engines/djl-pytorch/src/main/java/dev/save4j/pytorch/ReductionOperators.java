package dev.save4j.pytorch;

import static dev.save4j.pytorch.Operator.FLOATING;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import dev.save4j.engine.OperandTypes;
import dev.save4j.graph.HostTensor;
import dev.save4j.graph.Shapes;
import dev.save4j.tensor.ElementType;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Sums, means, extremes and normalisations over axes. Where several elements are the largest, one of them gets the gradient. */
final class ReductionOperators {
    private static final Set<String> REDUCTION = Set.of("keepdims", "noop_with_empty_axes");
    private static final Set<String> POSITION = Set.of("axis", "keepdims", "select_last_index");

    private ReductionOperators() {}

    static List<Operator> all() {
        return List.of(
                reduction("ReduceSum", (in, x, axes, keep) -> x.sum(axes, keep)),
                reduction("ReduceMean", ReductionOperators::mean),
                reduction("ReduceSumSquare", (in, x, axes, keep) -> x.square().sum(axes, keep)),
                reduction("ReduceL1", (in, x, axes, keep) -> x.abs().sum(axes, keep)),
                reduction(
                        "ReduceL2",
                        (in, x, axes, keep) -> x.square().sum(axes, keep).sqrt()),
                reduction(
                        "ReduceLogSum", (in, x, axes, keep) -> x.sum(axes, keep).log()),
                reduction("ReduceLogSumExp", ReductionOperators::logSumExp),
                reduction("ReduceMax", (in, x, axes, keep) -> extreme(in, x, axes, keep, true)),
                reduction("ReduceMin", (in, x, axes, keep) -> extreme(in, x, axes, keep, false)),
                reduction("ReduceProd", ReductionOperators::product),
                Operator.of(
                        "Softmax",
                        1,
                        1,
                        FLOATING,
                        Set.of("axis"),
                        in -> in.array(0).softmax(in.axis("axis", -1))),
                Operator.of(
                        "LogSoftmax",
                        1,
                        1,
                        FLOATING,
                        Set.of("axis"),
                        in -> in.array(0).logSoftmax(in.axis("axis", -1))),
                Operator.of(
                        "CumSum",
                        2,
                        2,
                        OperandTypes.of("CumSum"),
                        Set.of("exclusive", "reverse"),
                        ReductionOperators::cumulativeSum),
                position("ArgMax", true),
                position("ArgMin", false));
    }

    private interface Reduction {
        NDArray apply(Arguments in, NDArray x, int[] axes, boolean keep);
    }

    private static Operator reduction(String name, Reduction reduction) {
        return Operator.of(name, 1, 2, OperandTypes.of(name), REDUCTION, in -> {
            int[] axes = Shapes.axes(in.node(), in.longsOrNone(1), in.rank(0));
            if (axes.length == 0) {
                if (in.flag("noop_with_empty_axes", false) && !squares(name)) {
                    return ElementwiseOperators.same(in.array(0));
                }
                axes = in.flag("noop_with_empty_axes", false)
                        ? axes
                        : IntStream.range(0, in.rank(0)).toArray();
            }
            boolean keep = in.flag("keepdims", true);
            // PyTorch takes "no axes" for all axes, but over none every element is a group of its own.
            return axes.length == 0
                    ? reduction.apply(in, in.array(0).expandDims(0), new int[] {0}, false)
                    : reduction.apply(in, in.array(0), axes, keep);
        });
    }

    /** Reductions that change an element even when it is alone. */
    private static boolean squares(String name) {
        return !Set.of("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceLogSumExp")
                .contains(name);
    }

    private static NDArray mean(Arguments in, NDArray x, int[] axes, boolean keep) {
        if (axes.length == 1) {
            return TorchNative.mean(x, axes[0], keep);
        }
        long count =
                IntStream.of(axes).mapToLong(axis -> x.getShape().get(axis)).reduce(1, (a, b) -> a * b);
        return x.sum(axes, keep).div(in.scalar((double) count));
    }

    private static NDArray logSumExp(Arguments in, NDArray x, int[] axes, boolean keep) {
        // The shift cancels, so it carries no gradient; an infinite one would leave inf - inf.
        NDArray largest = extreme(in, x, axes, true, true).stopGradient();
        NDArray shift = TorchNative.where(largest.isInfinite(), in.scalar(0), largest);
        NDArray sum = x.sub(shift).exp().sum(axes, true).log().add(shift);
        return keep ? sum : sum.reshape(new Shape(kept(x, axes, false)));
    }

    private static NDArray extreme(Arguments in, NDArray x, int[] axes, boolean keep, boolean largest) {
        if (IntStream.of(axes).anyMatch(axis -> x.getShape().get(axis) == 0)) {
            double none = largest ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
            return in.memory().full(none, kept(x, axes, keep));
        }
        NDArray rows = axes.length == 1 ? x : grouped(x, axes);
        int[] axis = {axes.length == 1 ? axes[0] : rows.getShape().dimension() - 1};
        NDArray result = largest ? rows.max(axis, keep && axes.length == 1) : rows.min(axis, keep && axes.length == 1);
        return axes.length == 1 ? result : result.reshape(new Shape(kept(x, axes, keep)));
    }

    private static NDArray product(Arguments in, NDArray x, int[] axes, boolean keep) {
        NDArray rows = grouped(x, axes);
        return rows.prod(new int[] {rows.getShape().dimension() - 1}, false).reshape(new Shape(kept(x, axes, keep)));
    }

    /** The reduced axes moved to the end and made one. */
    private static NDArray grouped(NDArray x, int[] axes) {
        int rank = x.getShape().dimension();
        Set<Integer> gone = new HashSet<>();
        IntStream.of(axes).forEach(gone::add);
        int[] order = IntStream.concat(
                        IntStream.range(0, rank).filter(axis -> !gone.contains(axis)), IntStream.of(axes))
                .toArray();
        long[] shape = new long[rank - axes.length + 1];
        long group = 1;
        for (int i = 0; i < rank; i++) {
            if (i < rank - axes.length) {
                shape[i] = x.getShape().get(order[i]);
            } else {
                group *= x.getShape().get(order[i]);
            }
        }
        shape[shape.length - 1] = group;
        return (rank == 0 ? x : x.transpose(order)).reshape(new Shape(shape));
    }

    private static long[] kept(NDArray x, int[] axes, boolean keep) {
        long[] shape = x.getShape().getShape().clone();
        IntStream.of(axes).forEach(axis -> shape[axis] = keep ? 1 : -1);
        return Arrays.stream(shape).filter(size -> size >= 0).toArray();
    }

    private static NDArray cumulativeSum(Arguments in) {
        int axis = Shapes.axis(in.node(), in.tensor(1).item(), in.rank(0));
        NDArray x = in.array(0);
        boolean reverse = in.flag("reverse", false);
        if (reverse) {
            x = x.flip(axis);
        }
        if (in.flag("exclusive", false)) {
            long size = in.shape(0)[axis];
            long[] head = in.shape(0).clone();
            head[axis] = Math.min(1, size);
            NDArray tail = TorchNative.slice(x, axis, 0, Math.max(0, size - 1), 1);
            x = NDArrays.concat(new NDList(in.memory().full(0, head), tail), axis);
        }
        NDArray sum = x.cumSum(axis);
        return reverse ? sum.flip(axis) : sum;
    }

    private static Operator position(String name, boolean largest) {
        return Operator.many(
                        "",
                        name,
                        1,
                        1,
                        OperandTypes.of(name),
                        POSITION,
                        in -> List.of(new TorchValue.OnHost(positionOf(in, largest))))
                .withoutGradient();
    }

    private static HostTensor positionOf(Arguments in, boolean largest) {
        int axis = in.axis("axis", 0);
        boolean last = in.flag("select_last_index", false);
        NDArray x = last ? in.array(0).flip(axis) : in.array(0);
        NDArray found = largest ? x.argMax(axis) : x.argMin(axis);
        long[] values = in.memory().download(found, ElementType.INT64).toLongs();
        if (last) {
            for (int i = 0; i < values.length; i++) {
                values[i] = in.shape(0)[axis] - 1 - values[i];
            }
        }
        return new HostTensor(
                ElementType.INT64, values, kept(in.array(0), new int[] {axis}, in.flag("keepdims", true)));
    }
}
