package dev.save4j.graph;

import dev.save4j.SaveException;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongBinaryOperator;
import java.util.stream.IntStream;

/** Moves the elements of host tensors: broadcasting, transposition, slices, indexing. */
final class HostLayout {
    private HostLayout() {}

    /** The axis counted from the start; a USER error names the node when it is outside the rank. */
    static int axis(Node node, long axis, int rank) {
        long from = axis < 0 ? axis + rank : axis;
        if (from < 0 || from >= Math.max(rank, 1)) {
            throw SaveException.user(node.describe() + ": axis " + axis + " is outside rank " + rank);
        }
        return (int) from;
    }

    static int[] strides(long[] shape) {
        int[] strides = new int[shape.length];
        int stride = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= (int) shape[axis];
        }
        return strides;
    }

    /** Reads the elements at {@code offset + Σ index·stride} for every index of {@code shape}, in row-major order. */
    static HostTensor view(HostTensor source, long[] shape, int[] strides, int offset) {
        long[] values = new long[HostTensor.size(shape)];
        long[] from = source.values();
        int rank = shape.length;
        if (values.length > 0) {
            int inner = rank == 0 ? 1 : (int) shape[rank - 1];
            int step = rank == 0 ? 0 : strides[rank - 1];
            int[] index = new int[rank];
            int at = offset;
            for (int to = 0; to < values.length; ) {
                for (int i = 0, position = at; i < inner; i++, position += step) {
                    values[to++] = from[position];
                }
                for (int axis = rank - 2; axis >= 0; axis--) {
                    at += strides[axis];
                    if (++index[axis] < shape[axis]) {
                        break;
                    }
                    at -= strides[axis] * index[axis];
                    index[axis] = 0;
                }
            }
        }
        return new HostTensor(source.type(), values, shape);
    }

    /** The shape to which all shapes broadcast; a USER error names the node when there is none. */
    static long[] broadcast(Node node, List<long[]> shapes) {
        int rank = shapes.stream().mapToInt(shape -> shape.length).max().orElse(0);
        long[] result = new long[rank];
        Arrays.fill(result, 1);
        for (long[] shape : shapes) {
            for (int i = 0; i < shape.length; i++) {
                int axis = rank - shape.length + i;
                if (shape[i] != 1) {
                    if (result[axis] != 1 && result[axis] != shape[i]) {
                        throw SaveException.user(node.describe() + ": the shapes "
                                + shapes.stream().map(Arrays::toString).toList() + " do not broadcast");
                    }
                    result[axis] = shape[i];
                }
            }
        }
        return result;
    }

    /** Repeats a tensor to a shape to which it is known to broadcast. */
    static HostTensor expand(HostTensor tensor, long[] shape) {
        return Arrays.equals(tensor.shape(), shape) ? tensor : view(tensor, shape, repeating(tensor, shape), 0);
    }

    /** Strides that read a tensor as one of a shape to which it broadcasts. */
    private static int[] repeating(HostTensor tensor, long[] shape) {
        int[] own = strides(tensor.shape());
        int[] strides = new int[shape.length];
        int missing = shape.length - tensor.rank();
        for (int axis = missing; axis < shape.length; axis++) {
            strides[axis] = tensor.shape()[axis - missing] == 1 ? 0 : own[axis - missing];
        }
        return strides;
    }

    /** Combines two tensors element by element, in row-major order of a shape to which both broadcast; neither is repeated in memory. */
    static long[] combine(HostTensor left, HostTensor right, long[] shape, LongBinaryOperator function) {
        long[] values = new long[HostTensor.size(shape)];
        if (values.length == 0) {
            return values;
        }
        int rank = shape.length;
        int[] leftStrides = repeating(left, shape);
        int[] rightStrides = repeating(right, shape);
        int inner = rank == 0 ? 1 : (int) shape[rank - 1];
        int leftStep = rank == 0 ? 0 : leftStrides[rank - 1];
        int rightStep = rank == 0 ? 0 : rightStrides[rank - 1];
        long[] a = left.values();
        long[] b = right.values();
        int[] index = new int[rank];
        int leftRow = 0;
        int rightRow = 0;
        for (int to = 0; to < values.length; ) {
            for (int i = 0, x = leftRow, y = rightRow; i < inner; i++, x += leftStep, y += rightStep) {
                values[to++] = function.applyAsLong(a[x], b[y]);
            }
            for (int axis = rank - 2; axis >= 0; axis--) {
                leftRow += leftStrides[axis];
                rightRow += rightStrides[axis];
                if (++index[axis] < shape[axis]) {
                    break;
                }
                leftRow -= leftStrides[axis] * index[axis];
                rightRow -= rightStrides[axis] * index[axis];
                index[axis] = 0;
            }
        }
        return values;
    }

    static HostTensor transpose(HostTensor tensor, int[] permutation) {
        int[] own = strides(tensor.shape());
        return view(
                tensor,
                IntStream.of(permutation)
                        .mapToLong(axis -> tensor.shape()[axis])
                        .toArray(),
                IntStream.of(permutation).map(axis -> own[axis]).toArray(),
                0);
    }

    /** Elements {@code from}, {@code from + step}, … of one axis, {@code count} of them. */
    static HostTensor slice(HostTensor tensor, int axis, long from, long count, long step) {
        long[] shape = tensor.shape().clone();
        int[] strides = strides(shape);
        int offset = Math.toIntExact(from * strides[axis]);
        shape[axis] = count;
        strides[axis] = Math.toIntExact(strides[axis] * step);
        return view(tensor, shape, strides, offset);
    }

    static HostTensor concat(Node node, List<HostTensor> parts, int axis) {
        long[] shape = parts.get(0).shape().clone();
        shape[axis] = 0;
        for (HostTensor part : parts) {
            long[] other = part.shape().clone();
            long size = other.length == shape.length ? other[axis] : -1;
            if (size >= 0) {
                other[axis] = shape[axis];
            }
            if (!Arrays.equals(shape, other)) {
                throw SaveException.user(node.describe() + ": the parts " + parts + " do not fit along axis " + axis);
            }
            shape[axis] += size;
        }
        long[] values = new long[HostTensor.size(shape)];
        int outer = product(shape, 0, axis);
        int at = 0;
        for (int block = 0; block < outer; block++) {
            for (HostTensor part : parts) {
                int length = product(part.shape(), axis, shape.length);
                System.arraycopy(part.values(), block * length, values, at, length);
                at += length;
            }
        }
        return new HostTensor(parts.get(0).type(), values, shape);
    }

    static HostTensor gather(Node node, HostTensor data, HostTensor indices, int axis) {
        long[] shape = new long[data.rank() - 1 + indices.rank()];
        System.arraycopy(data.shape(), 0, shape, 0, axis);
        System.arraycopy(indices.shape(), 0, shape, axis, indices.rank());
        System.arraycopy(data.shape(), axis + 1, shape, axis + indices.rank(), data.rank() - axis - 1);
        int outer = product(data.shape(), 0, axis);
        int rows = (int) data.shape()[axis];
        int inner = product(data.shape(), axis + 1, data.rank());
        long[] values = new long[HostTensor.size(shape)];
        int at = 0;
        for (int block = 0; block < outer; block++) {
            for (long index : indices.values()) {
                int row = row(node, index, rows);
                System.arraycopy(data.values(), (block * rows + row) * inner, values, at, inner);
                at += inner;
            }
        }
        return new HostTensor(data.type(), values, shape);
    }

    static HostTensor gatherElements(Node node, HostTensor data, HostTensor indices, int axis) {
        long[] shape = indices.shape();
        int[] strides = strides(data.shape());
        int[] index = new int[shape.length];
        long[] values = new long[indices.size()];
        for (int i = 0; i < values.length; i++) {
            int position = 0;
            for (int d = 0; d < shape.length; d++) {
                position += strides[d] * (d == axis ? row(node, indices.values()[i], (int) data.shape()[d]) : index[d]);
            }
            values[i] = data.values()[position];
            for (int d = shape.length - 1; d >= 0 && ++index[d] == shape[d]; d--) {
                index[d] = 0;
            }
        }
        return new HostTensor(data.type(), values, shape);
    }

    /** An index counted from the start; a USER error names the node when it is outside. */
    static int row(Node node, long index, int rows) {
        long row = index < 0 ? index + rows : index;
        if (row < 0 || row >= rows) {
            throw SaveException.user(
                    node.describe() + ": index " + index + " is outside the " + rows + " rows of its operand");
        }
        return (int) row;
    }

    static int product(long[] shape, int from, int to) {
        long product = 1;
        for (int i = from; i < to; i++) {
            product *= shape[i];
        }
        return Math.toIntExact(product);
    }
}
