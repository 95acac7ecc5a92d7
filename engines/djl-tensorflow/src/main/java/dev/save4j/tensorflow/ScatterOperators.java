package dev.save4j.tensorflow;

import static dev.save4j.tensorflow.Operator.ANY;

import ai.djl.ndarray.types.DataType;
import dev.save4j.engine.OperandTypes;
import dev.save4j.graph.HostArithmetic;
import dev.save4j.graph.HostTensor;
import dev.save4j.graph.Node;
import dev.save4j.graph.Shapes;
import dev.save4j.tensor.ElementType;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
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
                Operator.of("OneHot", 3, 3, ANY, Set.of("axis"), ScatterOperators::oneHot)
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

    private static Symbol pad(Arguments in) {
        TensorOps ops = in.ops();
        int rank = in.rank(0);
        long[] pads = in.longs(1);
        long[] given = in.longsOrNone(3);
        Symbol data = in.symbol(0);
        long[] around = new long[2 * rank];
        int count = pads.length / 2;
        for (int i = 0; i < count; i++) {
            int axis = given.length == 0 ? i : Shapes.axis(in.node(), given[i], rank);
            long before = pads[i];
            long after = pads[count + i];
            around[2 * axis] = Math.max(0, before);
            around[2 * axis + 1] = Math.max(0, after);
            long from = Math.max(0, -before);
            long to = data.size(axis) + Math.min(0, after);
            data = ops.slice(data, axis, from, Math.max(0, to - from));
        }
        Symbol value = in.has(2) ? ops.reshape(in.symbol(2)) : ops.cast(ops.scalar(0), data.type());
        return ops.operation("PadV2")
                .input(data)
                .input(ops.constant(new HostTensor(ElementType.INT64, around, new long[] {rank, 2}), DataType.INT32))
                .input(value)
                .result();
    }

    private static Symbol elements(Arguments in) {
        int axis = in.axis("axis", 0);
        long[] shape = in.shape(0);
        Symbol from = in.computed(
                DataType.INT32,
                given -> chosen(
                        shape,
                        IndexOperators.elements(in.node(), shape, given.tensor(1), axis)
                                .values()),
                1);
        return placed(in, from);
    }

    private static Symbol rows(Arguments in) {
        long[] shape = in.shape(0);
        int depth = (int) in.shape(1)[in.rank(1) - 1];
        int width = (int) product(shape, depth, shape.length);
        Symbol from = in.computed(
                DataType.INT32,
                given -> {
                    long[] rows = HostArithmetic.positions(in.node(), shape, given.tensor(1), 0)
                            .values();
                    long[] at = new long[rows.length * width];
                    for (int i = 0; i < at.length; i++) {
                        at[i] = rows[i / width] * width + i % width;
                    }
                    return chosen(shape, at);
                },
                1);
        return placed(in, from);
    }

    /** Which element of data and updates in a row is the result at each place: update i at {@code at[i]}, the last one counting. */
    private static HostTensor chosen(long[] shape, long[] at) {
        int size = (int) product(shape, 0, shape.length);
        long[] from = LongStream.range(0, size).toArray();
        for (int i = 0; i < at.length; i++) {
            from[(int) at[i]] = (long) size + i;
        }
        return new HostTensor(ElementType.INT64, from, shape);
    }

    /** A choice among data and updates, not TensorFlow's scatter, which has no gradient. */
    private static Symbol placed(Arguments in, Symbol from) {
        TensorOps ops = in.ops();
        return ops.gather(ops.concat(List.of(ops.flat(in.symbol(0)), ops.flat(in.symbol(2))), 0), from, 0);
    }

    private static long product(long[] shape, int from, int to) {
        return Arrays.stream(shape, from, to).reduce(1, (a, b) -> a * b);
    }

    /** An index outside leaves its whole row off, as the specification says. */
    private static Symbol oneHot(Arguments in) {
        TensorOps ops = in.ops();
        long depth = (long) in.numbers(1)[0];
        Symbol given = ops.cast(in.symbol(0), DataType.INT64);
        Symbol size = ops.constant(HostTensor.scalar(ElementType.INT64, depth), DataType.INT64);
        Symbol zero = ops.constant(HostTensor.scalar(ElementType.INT64, 0), DataType.INT64);
        Symbol indices = ops.where(ops.binary("Less", given, zero), ops.add(given, size), given);
        int rank = in.rank(0);
        int axis = Shapes.axis(in.node(), in.node().integer("axis", -1), rank + 1);
        return ops.operation("OneHot")
                .input(indices)
                .input(ops.integer(depth))
                .input(ops.reshape(ops.slice(in.symbol(2), 0, 1, 1)))
                .input(ops.reshape(ops.slice(in.symbol(2), 0, 0, 1)))
                .integer("axis", axis == rank ? -1 : axis)
                .result();
    }

    /** Of equal elements those with the lower index come first, as ONNX wants. */
    private static List<TracedValue> largest(Arguments in) {
        TensorOps ops = in.ops();
        int axis = in.axis("axis", -1);
        long count = in.longs(1)[0];
        if (count > in.shape(0)[axis]) {
            throw in.unsupported(count + " elements are wanted of an axis of size " + in.shape(0)[axis]);
        }
        Symbol rows = ops.last(in.symbol(0), axis);
        Symbol ranked = ops.stopGradient(rows);
        List<Symbol> found = ops.operation("TopKV2")
                .input(in.flag("largest", true) ? ranked : ops.unary("Neg", ranked))
                .input(ops.integer(count))
                .finish();
        Symbol indices = ops.cast(found.get(1), DataType.INT64);
        // TopKV2 has no gradient, a lookup has.
        long width = rows.size(rows.rank() - 1);
        long[] starts = new long[width == 0 ? 0 : (int) (rows.size() / width)];
        Arrays.setAll(starts, row -> row * width);
        long[] column = indices.shape().clone();
        column[column.length - 1] = 1;
        Symbol start = ops.constant(new HostTensor(ElementType.INT64, starts, column), DataType.INT64);
        Symbol values = ops.gather(ops.flat(rows), ops.add(indices, start), 0);
        return List.of(
                new TracedValue.OnDevice(ops.last(values, axis)), new TracedValue.OnDevice(ops.last(indices, axis)));
    }
}
