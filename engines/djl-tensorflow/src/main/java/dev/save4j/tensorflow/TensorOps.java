package dev.save4j.tensorflow;

import ai.djl.ndarray.types.DataType;
import dev.save4j.graph.HostTensor;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The operations of TensorFlow of which kernels are composed, in forms whose gradients are right: axes and bounds are 32-bit integers, axes count
 * from the start, and the logarithm of a softmax is taken of a matrix.
 */
final class TensorOps {
    private final TensorGraph graph;
    private final DataType floating;
    private final Map<Double, Symbol> scalars = new HashMap<>();
    private final Map<Long, Symbol> integers = new HashMap<>();
    private final Map<List<Long>, Symbol> vectors = new HashMap<>();

    /**
     * @param floating the one floating type of the graph: FLOAT32, or FLOAT64 for gradient checks
     */
    TensorOps(TensorGraph graph, DataType floating) {
        this.graph = graph;
        this.floating = floating;
    }

    DataType floating() {
        return floating;
    }

    TensorGraph.Builder operation(String type) {
        return graph.operation(type);
    }

    Symbol placeholder(DataType type, long... shape) {
        return operation("Placeholder")
                .type("dtype", type)
                .shape("shape", shape)
                .result();
    }

    private Symbol constant(NativeTensor tensor, DataType type) {
        try (tensor) {
            return operation("Const")
                    .type("dtype", type)
                    .tensor("value", tensor.handle())
                    .result();
        }
    }

    Symbol constant(HostTensor tensor, DataType type) {
        return constant(NativeTensor.copyOf(tensor, type), type);
    }

    Symbol constant(Tensor tensor) {
        return constant(NativeTensor.copyOf(tensor, floating), floating);
    }

    /** A vector of 32-bit integers. */
    Symbol vector(long... values) {
        return vectors.computeIfAbsent(
                LongStream.of(values).boxed().toList(), key -> constant(HostTensor.vector(values), DataType.INT32));
    }

    Symbol vector(int... values) {
        return vector(IntStream.of(values).asLongStream().toArray());
    }

    /** A 32-bit integer. */
    Symbol integer(long value) {
        return integers.computeIfAbsent(
                value, key -> constant(HostTensor.scalar(ElementType.INT64, key), DataType.INT32));
    }

    /** A floating scalar. */
    Symbol scalar(double value) {
        return scalars.computeIfAbsent(value, key -> constant(NativeTensor.scalar(key, floating), floating));
    }

    Symbol filled(double value, long... shape) {
        return operation("Fill").input(vector(shape)).input(scalar(value)).result();
    }

    Symbol unary(String type, Symbol x) {
        return operation(type).input(x).result();
    }

    Symbol binary(String type, Symbol left, Symbol right) {
        return operation(type).input(left).input(right).result();
    }

    Symbol add(Symbol left, Symbol right) {
        return binary("AddV2", left, right);
    }

    Symbol add(Symbol left, double right) {
        return add(left, scalar(right));
    }

    Symbol sub(Symbol left, Symbol right) {
        return binary("Sub", left, right);
    }

    Symbol mul(Symbol left, Symbol right) {
        return binary("Mul", left, right);
    }

    Symbol mul(Symbol left, double right) {
        return right == 1 ? left : mul(left, scalar(right));
    }

    Symbol div(Symbol left, Symbol right) {
        return binary("RealDiv", left, right);
    }

    Symbol square(Symbol x) {
        return unary("Square", x);
    }

    Symbol sqrt(Symbol x) {
        return unary("Sqrt", x);
    }

    Symbol exp(Symbol x) {
        return unary("Exp", x);
    }

    Symbol log(Symbol x) {
        return unary("Log", x);
    }

    Symbol tanh(Symbol x) {
        return unary("Tanh", x);
    }

    Symbol identity(Symbol x) {
        return unary("Identity", x);
    }

    Symbol stopGradient(Symbol x) {
        return unary("StopGradient", x);
    }

    /** Broadcasts all three operands. */
    Symbol where(Symbol condition, Symbol whenTrue, Symbol whenFalse) {
        return operation("SelectV2")
                .input(condition)
                .input(whenTrue)
                .input(whenFalse)
                .result();
    }

    Symbol cast(Symbol x, DataType to) {
        return operation("Cast").input(x).type("DstT", to).result();
    }

    Symbol reshape(Symbol x, long... shape) {
        return Arrays.equals(x.shape(), shape)
                ? x
                : operation("Reshape").input(x).input(vector(shape)).result();
    }

    Symbol transpose(Symbol x, int... order) {
        boolean same = IntStream.range(0, order.length).allMatch(i -> order[i] == i);
        return same ? x : operation("Transpose").input(x).input(vector(order)).result();
    }

    /** The last two axes exchanged. */
    Symbol transposed(Symbol x) {
        return transpose(x, exchanged(x.rank(), x.rank() - 2, x.rank() - 1));
    }

    private static int[] exchanged(int rank, int one, int other) {
        int[] order = IntStream.range(0, rank).toArray();
        order[one] = other;
        order[other] = one;
        return order;
    }

    Symbol expandDims(Symbol x, int axis) {
        long[] shape = new long[x.rank() + 1];
        System.arraycopy(x.shape(), 0, shape, 0, axis);
        shape[axis] = 1;
        System.arraycopy(x.shape(), axis, shape, axis + 1, x.rank() - axis);
        return reshape(x, shape);
    }

    Symbol broadcast(Symbol x, long... shape) {
        return Arrays.equals(x.shape(), shape)
                ? x
                : operation("BroadcastTo").input(x).input(vector(shape)).result();
    }

    Symbol concat(List<Symbol> parts, int axis) {
        return parts.size() == 1
                ? parts.get(0)
                : operation("ConcatV2").inputs(parts).input(integer(axis)).result();
    }

    /** Positions {@code from, from + step, …} of one axis, {@code count} of them; the step may be negative. */
    Symbol slice(Symbol x, int axis, long from, long count, long step) {
        if (from == 0 && count == x.size(axis) && step == 1) {
            return x;
        }
        long[] begin = new long[x.rank()];
        long[] size = x.shape().clone();
        if (step == 1 || count == 0) {
            begin[axis] = count == 0 ? 0 : from;
            size[axis] = count;
            return operation("Slice")
                    .input(x)
                    .input(vector(begin))
                    .input(vector(size))
                    .result();
        }
        long[] strides = new long[x.rank()];
        Arrays.fill(strides, 1);
        strides[axis] = step;
        begin[axis] = from;
        long end = from + (count - 1) * step + Long.signum(step);
        size[axis] = end;
        // Before the first element there is no number that says so: -1 is the last.
        long open = end < 0 ? 1L << axis : 0;
        return operation("StridedSlice")
                .input(x)
                .input(vector(begin))
                .input(vector(size))
                .input(vector(strides))
                .integer("end_mask", open)
                .result();
    }

    Symbol slice(Symbol x, int axis, long from, long count) {
        return slice(x, axis, from, count, 1);
    }

    Symbol reversed(Symbol x, int axis) {
        return operation("ReverseV2").input(x).input(vector((long) axis)).result();
    }

    /** Sum, Mean, Max, Min or Prod. */
    Symbol reduce(String type, Symbol x, boolean keep, int... axes) {
        return operation(type)
                .input(x)
                .input(vector(axes))
                .flag("keep_dims", keep)
                .result();
    }

    /** Rows, or what lies along another axis, by indices that count from the start. */
    Symbol gather(Symbol x, Symbol indices, int axis) {
        return operation("GatherV2")
                .input(x)
                .input(indices)
                .input(integer(axis))
                .result();
    }

    Symbol flat(Symbol x) {
        return reshape(x, x.size());
    }

    /** The axis moved to the end, for what TensorFlow does along the last one only. */
    Symbol last(Symbol x, int axis) {
        return axis == x.rank() - 1 ? x : transpose(x, exchanged(x.rank(), axis, x.rank() - 1));
    }

    Symbol softmax(Symbol x, int axis) {
        return last(unary("Softmax", last(x, axis)), axis);
    }

    /** TensorFlow's gradient of LogSoftmax sums over axis 1 whatever the rank, so it is only right for matrices. */
    Symbol logSoftmax(Symbol x, int axis) {
        Symbol moved = last(x, axis);
        long width = moved.size(moved.rank() - 1);
        Symbol rows = reshape(moved, width == 0 ? 0 : moved.size() / width, width);
        return last(reshape(unary("LogSoftmax", rows), moved.shape()), axis);
    }

    /** A product of matrices that broadcasts leading axes; a matrix on the right makes one large product. */
    Symbol matmul(Symbol left, Symbol right, boolean transposeLeft, boolean transposeRight) {
        if (left.rank() == 2 && right.rank() == 2) {
            return operation("MatMul")
                    .input(left)
                    .input(right)
                    .flag("transpose_a", transposeLeft)
                    .flag("transpose_b", transposeRight)
                    .result();
        }
        if (right.rank() == 2 && !transposeLeft) {
            long width = left.size(left.rank() - 1);
            long[] shape = left.shape().clone();
            shape[shape.length - 1] = right.size(transposeRight ? 0 : 1);
            long rows = LongStream.of(shape).limit(shape.length - 1L).reduce(1, (a, b) -> a * b);
            return reshape(matmul(reshape(left, rows, width), right, false, transposeRight), shape);
        }
        return operation("BatchMatMulV2")
                .input(left)
                .input(right)
                .flag("adj_x", transposeLeft)
                .flag("adj_y", transposeRight)
                .result();
    }
}
