package dev.save4j.objectives;

import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.Arrays;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/** A dense array of doubles for {@link GraphCalculator}; integers and booleans are doubles too. */
record Array(double[] data, int[] shape) {
    static Array of(double[] data, int... shape) {
        return new Array(data, shape);
    }

    static Array vector(double... data) {
        return new Array(data, new int[] {data.length});
    }

    static Array matrix(double[][] rows) {
        return new Array(
                Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray(), new int[] {rows.length, rows[0].length});
    }

    static Array of(Tensor tensor) {
        int[] shape = Arrays.stream(tensor.shape()).mapToInt(Math::toIntExact).toArray();
        if (tensor.type() == ElementType.FLOAT) {
            float[] values = tensor.toFloats();
            return new Array(
                    IntStream.range(0, values.length)
                            .mapToDouble(i -> values[i])
                            .toArray(),
                    shape);
        }
        return new Array(Arrays.stream(tensor.toLongs()).asDoubleStream().toArray(), shape);
    }

    Tensor toTensor() {
        float[] values = new float[data.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) data[i];
        }
        return Tensor.of(values, Arrays.stream(shape).asLongStream().toArray());
    }

    double item() {
        if (data.length != 1) {
            throw new AssertionError("not a scalar: " + Arrays.toString(shape));
        }
        return data[0];
    }

    Array map(DoubleUnaryOperator operator) {
        return new Array(Arrays.stream(data).map(operator).toArray(), shape);
    }

    Array reshaped(int... sizes) {
        int[] target = sizes.clone();
        int known = 1;
        for (int i = 0; i < target.length; i++) {
            target[i] = target[i] == 0 ? shape[i] : target[i];
            known *= target[i] == -1 ? 1 : target[i];
        }
        for (int i = 0; i < target.length; i++) {
            target[i] = target[i] == -1 ? data.length / known : target[i];
        }
        return new Array(data, target);
    }

    /** NumPy's broadcasting. */
    Array with(Array other, DoubleBinaryOperator operator) {
        int rank = Math.max(shape.length, other.shape.length);
        int[] result = new int[rank];
        for (int i = 0; i < rank; i++) {
            int a = sizeFromEnd(shape, rank - i);
            int b = sizeFromEnd(other.shape, rank - i);
            if (a != b && a != 1 && b != 1) {
                throw new AssertionError(Arrays.toString(shape) + " against " + Arrays.toString(other.shape));
            }
            result[i] = Math.max(a, b);
        }
        double[] values = new double[Arrays.stream(result).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < values.length; i++) {
            values[i] = operator.applyAsDouble(at(i, result), other.at(i, result));
        }
        return new Array(values, result);
    }

    private static int sizeFromEnd(int[] shape, int fromEnd) {
        return fromEnd > shape.length ? 1 : shape[shape.length - fromEnd];
    }

    /** The element that broadcasts to flat index {@code flat} of {@code into}. */
    private double at(int flat, int[] into) {
        int index = 0;
        int stride = 1;
        int rest = flat;
        for (int axis = into.length - 1; axis >= 0; axis--) {
            int position = rest % into[axis];
            rest /= into[axis];
            int size = sizeFromEnd(shape, into.length - axis);
            index += size == 1 ? 0 : position * stride;
            stride *= size;
        }
        return data[index];
    }

    /** Folds one axis, which stays with size 1. */
    Array fold(int axis, double start, DoubleBinaryOperator operator) {
        int at = axis < 0 ? axis + shape.length : axis;
        int inner = 1;
        for (int i = at + 1; i < shape.length; i++) {
            inner *= shape[i];
        }
        int[] result = shape.clone();
        result[at] = 1;
        double[] values = new double[data.length / shape[at]];
        Arrays.fill(values, start);
        for (int i = 0; i < data.length; i++) {
            int outer = i / (inner * shape[at]);
            int target = outer * inner + i % inner;
            values[target] = operator.applyAsDouble(values[target], data[i]);
        }
        return new Array(values, result);
    }

    /** Elements {@code from} to {@code to} of one axis. */
    Array slice(int axis, int from, int to) {
        int inner = 1;
        for (int i = axis + 1; i < shape.length; i++) {
            inner *= shape[i];
        }
        int block = inner;
        int whole = inner * shape[axis];
        int[] result = shape.clone();
        result[axis] = to - from;
        double[] values = IntStream.range(0, data.length)
                .filter(i -> i % whole / block >= from && i % whole / block < to)
                .mapToDouble(i -> data[i])
                .toArray();
        return new Array(values, result);
    }
}
