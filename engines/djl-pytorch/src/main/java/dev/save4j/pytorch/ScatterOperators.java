package dev.save4j.pytorch;

import static dev.save4j.pytorch.Operator.ANY;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import dev.save4j.engine.OperandTypes;
import dev.save4j.graph.HostArithmetic;
import dev.save4j.graph.HostTensor;
import dev.save4j.graph.Node;
import dev.save4j.graph.Shapes;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.IntBinaryOperator;
import java.util.stream.LongStream;

/** Operators that put values at positions, and that find the largest. */
final class ScatterOperators {
    private ScatterOperators() {}

    static List<Operator> all() {
        return List.of(
                Operator.of("Pad", 2, 4, ANY, Set.of("mode"), ScatterOperators::pad)
                        .unless(node ->
                                node.text("mode", "constant").equals("constant") ? "" : "mode must be 'constant'"),
                Operator.of("ScatterElements", 3, 3, ANY, Set.of("axis", "reduction"), ScatterOperators::elements)
                        .unless(ScatterOperators::reduction),
                Operator.of("ScatterND", 3, 3, ANY, Set.of("reduction"), ScatterOperators::rows)
                        .unless(ScatterOperators::reduction),
                Operator.many("", "OneHot", 3, 3, ANY, Set.of("axis"), ScatterOperators::oneHot)
                        .withoutGradient(),
                Operator.many(
                        "",
                        "TopK",
                        2,
                        2,
                        OperandTypes.of("TopK"),
                        Set.of("axis", "largest", "sorted"),
                        ScatterOperators::largest));
    }

    private static String reduction(Node node) {
        return node.text("reduction", "none").equals("none") ? "" : "reduction must be 'none'";
    }

    private static NDArray pad(Arguments in) {
        int rank = in.rank(0);
        long[] pads = in.longs(1);
        int[] axes = new int[pads.length / 2];
        long[] given = in.longsOrNone(3);
        for (int i = 0; i < axes.length; i++) {
            axes[i] = given.length == 0 ? i : Shapes.axis(in.node(), given[i], rank);
        }
        // PyTorch begins with the last axis, and DJL does not let it cut off.
        long[] reversed = new long[2 * rank];
        NDArray data = in.array(0);
        for (int i = 0; i < axes.length; i++) {
            long before = pads[i];
            long after = pads[axes.length + i];
            reversed[2 * (rank - 1 - axes[i])] = Math.max(0, before);
            reversed[2 * (rank - 1 - axes[i]) + 1] = Math.max(0, after);
            if (before < 0 || after < 0) {
                long from = Math.max(0, -before);
                long to = data.getShape().get(axes[i]) + Math.min(0, after);
                data = TorchNative.slice(data, axes[i], from, Math.max(from, to), 1);
            }
        }
        double value = !in.has(2)
                ? 0
                : in.isFloating(2) ? in.numbers(2)[0] : (double) in.tensor(2).item();
        return data.pad(new Shape(reversed), value);
    }

    private static NDArray elements(Arguments in) {
        int axis = in.axis("axis", 0);
        long[] shape = in.shape(0);
        HostTensor indices = IndexOperators.positive(in, shape[axis]);
        long[] at = new long[indices.size()];
        long[] index = new long[shape.length];
        for (int i = 0; i < at.length; i++) {
            for (int d = 0; d < shape.length; d++) {
                at[i] = at[i] * shape[d] + (d == axis ? indices.values()[i] : index[d]);
            }
            for (int d = shape.length - 1; d >= 0 && ++index[d] == indices.shape()[d]; d--) {
                index[d] = 0;
            }
        }
        return placed(in, at);
    }

    private static NDArray rows(Arguments in) {
        long[] shape = in.shape(0);
        int depth = (int) in.shape(1)[in.rank(1) - 1];
        long[] rows =
                HostArithmetic.positions(in.node(), shape, in.tensor(1), 0).values();
        int width = (int) product(shape, depth, shape.length);
        long[] at = new long[rows.length * width];
        for (int i = 0; i < at.length; i++) {
            at[i] = rows[i / width] * width + i % width;
        }
        return placed(in, at);
    }

    /**
     * The data with update i at position {@code at[i]}. A choice among data and updates, not PyTorch's scatter, whose gradient is wrong where two
     * updates go to one place; here the last one counts, in both directions.
     */
    private static NDArray placed(Arguments in, long[] at) {
        NDArray data = in.array(0);
        long[] from = LongStream.range(0, data.size()).toArray();
        for (int i = 0; i < at.length; i++) {
            from[(int) at[i]] = data.size() + i;
        }
        NDArray all = NDArrays.concat(new NDList(data.flatten(), in.array(2).flatten()), 0);
        try (NDArray positions = in.memory().upload(new HostTensor(ElementType.INT64, from, in.shape(0)))) {
            return all.take(positions);
        }
    }

    private static long product(long[] shape, int from, int to) {
        return Arrays.stream(shape, from, to).reduce(1, (a, b) -> a * b);
    }

    private static List<TorchValue> oneHot(Arguments in) {
        long[] indices = in.isFloating(0) ? rounded(in.numbers(0)) : in.longs(0);
        int depth = (int)
                (in.isFloating(1) ? rounded(in.numbers(1))[0] : in.tensor(1).values()[0]);
        long[] from = in.shape(0);
        int axis = Shapes.axis(in.node(), in.node().integer("axis", -1), from.length + 1);
        long[] shape = new long[from.length + 1];
        System.arraycopy(from, 0, shape, 0, axis);
        shape[axis] = depth;
        System.arraycopy(from, axis, shape, axis + 1, from.length - axis);
        int inner = (int) product(from, axis, from.length);
        boolean[] hot = new boolean[indices.length * depth];
        for (int i = 0; i < indices.length; i++) {
            long index = indices[i] < 0 ? indices[i] + depth : indices[i];
            // An index outside leaves its whole row off, as the specification says.
            if (index >= 0 && index < depth) {
                hot[(i / inner * depth + (int) index) * inner + i % inner] = true;
            }
        }
        if (!in.isFloating(2)) {
            HostTensor values = in.tensor(2);
            long[] result = new long[hot.length];
            for (int i = 0; i < hot.length; i++) {
                result[i] = values.values()[hot[i] ? 1 : 0];
            }
            return List.of(new TorchValue.OnHost(new HostTensor(values.type(), result, shape)));
        }
        float[] values = in.numbers(2);
        float[] result = new float[hot.length];
        for (int i = 0; i < hot.length; i++) {
            result[i] = values[hot[i] ? 1 : 0];
        }
        return List.of(new TorchValue.OnDevice(in.memory().upload(Tensor.of(result, shape))));
    }

    private static long[] rounded(float[] numbers) {
        long[] values = new long[numbers.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (long) numbers[i];
        }
        return values;
    }

    /** PyTorch leaves open which of equal elements come first; ONNX wants those with the lower index. */
    private static List<TorchValue> largest(Arguments in) {
        int axis = in.axis("axis", -1);
        int count = (int) in.longs(1)[0];
        int sign = in.flag("largest", true) ? -1 : 1;
        long[] shape = in.shape(0).clone();
        int length = (int) shape[axis];
        int inner = (int) product(shape, axis + 1, shape.length);
        if (count > length) {
            throw in.unsupported(count + " elements are wanted of an axis of size " + length);
        }
        shape[axis] = count;
        IntBinaryOperator compare = comparison(in);
        long[] indices = new long[(int) product(shape, 0, shape.length)];
        long[] at = new long[indices.length];
        Integer[] order = new Integer[length];
        for (int row = 0; row < product(in.shape(0), 0, shape.length) / Math.max(1, length); row++) {
            int start = row / inner * length * inner + row % inner;
            Arrays.setAll(order, i -> i);
            Arrays.sort(order, (a, b) -> sign * compare.applyAsInt(start + a * inner, start + b * inner));
            for (int i = 0; i < count; i++) {
                int to = (row / inner * count + i) * inner + row % inner;
                indices[to] = order[i];
                at[to] = start + (long) order[i] * inner;
            }
        }
        TorchValue positions = new TorchValue.OnHost(new HostTensor(ElementType.INT64, indices, shape));
        if (in.value(0) instanceof TorchValue.OnHost host) {
            long[] values = LongStream.of(at)
                    .map(from -> host.tensor().values()[(int) from])
                    .toArray();
            return List.of(new TorchValue.OnHost(new HostTensor(host.tensor().type(), values, shape)), positions);
        }
        try (NDArray from = in.memory().upload(new HostTensor(ElementType.INT64, at, shape))) {
            return List.of(new TorchValue.OnDevice(in.array(0).flatten().take(from)), positions);
        }
    }

    /** Compares two elements of operand 0 by their positions. */
    private static IntBinaryOperator comparison(Arguments in) {
        if (in.value(0) instanceof TorchValue.OnHost host) {
            long[] values = host.tensor().values();
            return (a, b) -> Long.compare(values[a], values[b]);
        }
        float[] values = in.numbers(0);
        return (a, b) -> Float.compare(values[a], values[b]);
    }
}
