package dev.save4j.graph;

import dev.save4j.tensor.ElementType;
import java.util.Arrays;
import java.util.function.LongBinaryOperator;
import java.util.stream.IntStream;

/** Sums, extremes, running sums and positions over axes of host tensors. */
final class HostReduction {
    private HostReduction() {}

    static HostTensor reduce(
            HostTensor tensor, int[] axes, boolean keep, long identity, boolean empty, LongBinaryOperator combine) {
        boolean[] gone = new boolean[tensor.rank()];
        Arrays.fill(gone, axes.length == 0 && !empty);
        for (int axis : axes) {
            gone[axis] = true;
        }
        int[] kept = IntStream.range(0, gone.length).filter(axis -> !gone[axis]).toArray();
        int[] order = IntStream.concat(
                        IntStream.of(kept), IntStream.range(0, gone.length).filter(axis -> gone[axis]))
                .toArray();
        long[] shape = keep
                ? IntStream.range(0, gone.length)
                        .mapToLong(axis -> gone[axis] ? 1 : tensor.shape()[axis])
                        .toArray()
                : IntStream.of(kept).mapToLong(axis -> tensor.shape()[axis]).toArray();
        long[] from = HostLayout.transpose(tensor, order).values();
        long[] values = new long[HostTensor.size(shape)];
        int length = values.length == 0 ? 0 : from.length / values.length;
        for (int i = 0, at = 0; i < values.length; i++) {
            long value = identity;
            for (int end = at + length; at < end; at++) {
                value = combine.applyAsLong(value, from[at]);
            }
            values[i] = HostTensor.wrap(tensor.type(), value);
        }
        return new HostTensor(tensor.type(), values, shape);
    }

    static HostTensor cumulativeSum(HostTensor tensor, int axis, boolean exclusive, boolean reverse) {
        long[] shape = tensor.shape();
        int length = (int) shape[axis];
        int inner = HostLayout.product(shape, axis + 1, shape.length);
        long[] values = new long[tensor.size()];
        for (int block = 0; block < values.length; block += length * inner) {
            for (int column = 0; column < inner; column++) {
                long sum = 0;
                for (int i = 0; i < length; i++) {
                    int at = block + (reverse ? length - 1 - i : i) * inner + column;
                    long value = tensor.values()[at];
                    values[at] = HostTensor.wrap(tensor.type(), exclusive ? sum : sum + value);
                    sum += value;
                }
            }
        }
        return new HostTensor(tensor.type(), values, shape);
    }

    /** Positions of the largest (or smallest) elements along an axis; the first or the last of equals. */
    static HostTensor argExtreme(HostTensor tensor, int axis, boolean keep, boolean largest, boolean last) {
        long[] shape = tensor.shape();
        int length = (int) shape[axis];
        int inner = HostLayout.product(shape, axis + 1, shape.length);
        int outer = HostLayout.product(shape, 0, axis);
        long[] values = new long[outer * inner];
        for (int block = 0; block < outer; block++) {
            for (int column = 0; column < inner; column++) {
                int best = 0;
                for (int i = 1; i < length; i++) {
                    long value = tensor.values()[(block * length + i) * inner + column];
                    long champion = tensor.values()[(block * length + best) * inner + column];
                    int order = largest ? Long.compare(value, champion) : Long.compare(champion, value);
                    if (order > 0 || order == 0 && last) {
                        best = i;
                    }
                }
                values[block * inner + column] = best;
            }
        }
        long[] reduced = keep
                ? shape.clone()
                : IntStream.range(0, shape.length)
                        .filter(d -> d != axis)
                        .mapToLong(d -> shape[d])
                        .toArray();
        if (keep) {
            reduced[axis] = 1;
        }
        return new HostTensor(ElementType.INT64, values, reduced);
    }

    /** Coordinates of the elements that are not zero, one row per axis. */
    static HostTensor nonZero(HostTensor tensor) {
        int[] found = IntStream.range(0, tensor.size())
                .filter(i -> tensor.values()[i] != 0)
                .toArray();
        int[] strides = HostLayout.strides(tensor.shape());
        long[] values = new long[tensor.rank() * found.length];
        for (int axis = 0; axis < tensor.rank(); axis++) {
            for (int i = 0; i < found.length; i++) {
                values[axis * found.length + i] = found[i] / strides[axis] % tensor.shape()[axis];
            }
        }
        return new HostTensor(ElementType.INT64, values, new long[] {tensor.rank(), found.length});
    }
}
