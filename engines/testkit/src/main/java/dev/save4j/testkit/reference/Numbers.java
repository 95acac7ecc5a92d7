package dev.save4j.testkit.reference;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/**
 * A dense row-major array of doubles with the element type it stands for. Integers are exact up to 2^53, true is 1. Neither the shape nor the values
 * may be changed.
 */
public record Numbers(ElementType type, int[] shape, double[] values) {
    public Numbers {
        if (size(shape) != values.length) {
            throw SaveException.internal(values.length + " values do not fill the shape " + Arrays.toString(shape));
        }
    }

    /** Floating numbers, to be held in single precision by engines. */
    public static Numbers of(double[] values, int... shape) {
        return new Numbers(ElementType.FLOAT, shape, values);
    }

    public static Numbers of(long[] values, int... shape) {
        return new Numbers(
                ElementType.INT64,
                shape,
                Arrays.stream(values).mapToDouble(value -> value).toArray());
    }

    public static Numbers vector(long... values) {
        return of(values, values.length);
    }

    public static Numbers scalar(long value) {
        return of(new long[] {value});
    }

    public static Numbers scalar(double value) {
        return of(new double[] {value});
    }

    public static Numbers of(boolean[] values, int... shape) {
        double[] numbers = new double[values.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = values[i] ? 1 : 0;
        }
        return new Numbers(ElementType.BOOL, shape, numbers);
    }

    public static Numbers of(Tensor tensor) {
        int[] shape = Arrays.stream(tensor.shape()).mapToInt(Math::toIntExact).toArray();
        double[] values = new double[tensor.size()];
        if (tensor.type() == ElementType.DOUBLE) {
            tensor.bytes().asDoubleBuffer().get(values);
        } else if (tensor.type().isFloating()) {
            float[] floats = tensor.toFloats();
            for (int i = 0; i < values.length; i++) {
                values[i] = floats[i];
            }
        } else {
            long[] longs = tensor.toLongs();
            for (int i = 0; i < values.length; i++) {
                values[i] = longs[i];
            }
        }
        return new Numbers(tensor.type(), shape, values);
    }

    /** Rounded to the element type. */
    public Tensor toTensor() {
        Tensor tensor = Tensor.allocate(type, longShape());
        ByteBuffer bytes = tensor.bytes();
        for (double value : values) {
            switch (type) {
                case FLOAT -> bytes.putFloat((float) value);
                case DOUBLE -> bytes.putDouble(value);
                case INT64, UINT64 -> bytes.putLong((long) value);
                case INT32, UINT32 -> bytes.putInt((int) (long) value);
                case INT16, UINT16 -> bytes.putShort((short) (long) value);
                case INT8, UINT8, BOOL -> bytes.put((byte) (long) value);
                case FLOAT16, BFLOAT16 ->
                    throw SaveException.internal("the reference does not write tensors of " + type);
            }
        }
        return tensor;
    }

    static int size(int... shape) {
        int size = 1;
        for (int dimension : shape) {
            size = Math.multiplyExact(size, dimension);
        }
        return size;
    }

    public int size() {
        return values.length;
    }

    public int rank() {
        return shape.length;
    }

    long[] longShape() {
        return Arrays.stream(shape).asLongStream().toArray();
    }

    long[] longs() {
        return Arrays.stream(values).mapToLong(value -> (long) value).toArray();
    }

    /** The only element. */
    double item() {
        if (values.length != 1) {
            throw SaveException.internal("expected one number but got the shape " + Arrays.toString(shape));
        }
        return values[0];
    }

    boolean isTrue(int at) {
        return values[at] != 0;
    }

    Numbers withShape(int... other) {
        return new Numbers(type, other, values);
    }

    public Numbers withType(ElementType other) {
        return new Numbers(other, shape, values);
    }

    Numbers map(DoubleUnaryOperator function) {
        return new Numbers(type, shape, Arrays.stream(values).map(function).toArray());
    }

    /** Combines with another array, broadcasting as in NumPy; the type is this one's. */
    Numbers with(Numbers other, DoubleBinaryOperator function) {
        int[] result = broadcast(shape, other.shape);
        Numbers left = broadcastTo(result);
        Numbers right = other.broadcastTo(result);
        double[] combined = new double[left.size()];
        for (int i = 0; i < combined.length; i++) {
            combined[i] = function.applyAsDouble(left.values[i], right.values[i]);
        }
        return new Numbers(type, result, combined);
    }

    static int[] broadcast(int[] left, int[] right) {
        int[] result = new int[Math.max(left.length, right.length)];
        for (int i = 0; i < result.length; i++) {
            int a = i < result.length - left.length ? 1 : left[i - result.length + left.length];
            int b = i < result.length - right.length ? 1 : right[i - result.length + right.length];
            if (a != b && a != 1 && b != 1) {
                throw SaveException.user(
                        Arrays.toString(left) + " and " + Arrays.toString(right) + " cannot be broadcast together");
            }
            result[i] = a == 1 ? b : a;
        }
        return result;
    }

    Numbers broadcastTo(int... wanted) {
        if (Arrays.equals(shape, wanted)) {
            return this;
        }
        if (!Arrays.equals(broadcast(shape, wanted), wanted)) {
            throw SaveException.user(Arrays.toString(shape) + " cannot be broadcast to " + Arrays.toString(wanted));
        }
        int[] own = strides();
        int[] strides = new int[wanted.length];
        for (int i = 0; i < shape.length; i++) {
            strides[wanted.length - shape.length + i] = shape[i] == 1 ? 0 : own[i];
        }
        return gather(wanted, strides, 0);
    }

    /** The elements at {@code offset + Σ index · stride} for every index of a shape. */
    Numbers gather(int[] wanted, int[] strides, int offset) {
        double[] result = new double[size(wanted)];
        int[] index = new int[wanted.length];
        for (int i = 0; i < result.length; i++) {
            int at = offset;
            for (int axis = 0; axis < index.length; axis++) {
                at += index[axis] * strides[axis];
            }
            result[i] = values[at];
            next(index, wanted);
        }
        return new Numbers(type, wanted, result);
    }

    /** Distance in elements between neighbours along each axis. */
    int[] strides() {
        return strides(shape);
    }

    static int[] strides(int... shape) {
        int[] strides = new int[shape.length];
        int stride = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= shape[axis];
        }
        return strides;
    }

    /** Advances an index in row-major order; after the last one it is zero again. */
    static void next(int[] index, int[] shape) {
        for (int axis = index.length - 1; axis >= 0; axis--) {
            if (++index[axis] < shape[axis]) {
                return;
            }
            index[axis] = 0;
        }
    }

    int offset(int... index) {
        int at = 0;
        int[] strides = strides();
        for (int axis = 0; axis < index.length; axis++) {
            at += index[axis] * strides[axis];
        }
        return at;
    }

    double at(int... index) {
        return values[offset(index)];
    }

    Numbers transpose(int... permutation) {
        int[] own = strides();
        int[] wanted = new int[permutation.length];
        int[] strides = new int[permutation.length];
        for (int i = 0; i < permutation.length; i++) {
            wanted[i] = shape[permutation[i]];
            strides[i] = own[permutation[i]];
        }
        return gather(wanted, strides, 0);
    }

    /** The axis counted from the start. */
    int axis(long axis) {
        if (axis < -rank() || axis >= Math.max(1, rank())) {
            throw SaveException.user("axis " + axis + " is outside " + this);
        }
        return (int) (axis < 0 ? axis + rank() : axis);
    }

    /** The elements from {@code from} to {@code to} (exclusive) along one axis. */
    Numbers slice(int axis, int from, int to) {
        int[] wanted = shape.clone();
        wanted[axis] = to - from;
        return gather(wanted, strides(), from * strides()[axis]);
    }

    static Numbers concat(int axis, Numbers... parts) {
        int[] shape = parts[0].shape.clone();
        shape[axis] = Arrays.stream(parts).mapToInt(part -> part.shape[axis]).sum();
        double[] result = new double[size(shape)];
        int inner = size(Arrays.copyOfRange(shape, axis + 1, shape.length));
        int outer = size(Arrays.copyOf(shape, axis));
        int from = 0;
        for (Numbers part : parts) {
            int block = part.shape[axis] * inner;
            for (int row = 0; row < outer; row++) {
                System.arraycopy(part.values, row * block, result, row * shape[axis] * inner + from, block);
            }
            from += block;
        }
        return new Numbers(parts[0].type, shape, result);
    }

    @Override
    public String toString() {
        return type + Arrays.toString(shape);
    }
}
