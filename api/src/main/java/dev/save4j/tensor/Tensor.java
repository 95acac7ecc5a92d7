package dev.save4j.tensor;

import dev.save4j.SaveException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;

/**
 * A dense row-major tensor on the host, over a direct buffer in native byte order. The memory is released by the garbage collector. Contents are
 * mutable, shape and type are not; a tensor is safe to read from several threads as long as nobody writes.
 */
public final class Tensor {
    /** Alignment of buffers made here, in bytes: one cache line, one AVX-512 register. */
    public static final int ALIGNMENT = 64;

    /** The largest tensor, in bytes: a buffer of Java has no more than 2 GiB. */
    public static final int MOST_BYTES = Integer.MAX_VALUE - ALIGNMENT;

    private final ElementType type;
    private final long[] shape;
    private final ByteBuffer data;

    private Tensor(ElementType type, long[] shape, ByteBuffer data) {
        this.type = type;
        this.shape = shape;
        this.data = data;
    }

    /** A zero-filled tensor whose first element is aligned to {@link #ALIGNMENT} bytes. */
    public static Tensor allocate(ElementType type, long... shape) {
        long bytes = byteSize(type, shape);
        ByteBuffer padded = ByteBuffer.allocateDirect(Math.toIntExact(bytes) + ALIGNMENT);
        int unaligned = padded.alignmentOffset(0, ALIGNMENT);
        ByteBuffer data = padded.slice(unaligned == 0 ? 0 : ALIGNMENT - unaligned, (int) bytes);
        return new Tensor(type, shape.clone(), data.order(ByteOrder.nativeOrder()));
    }

    /** A view of a direct buffer from its position to its limit, in native byte order; nothing is copied. */
    public static Tensor wrap(ElementType type, ByteBuffer direct, long... shape) {
        if (!direct.isDirect()) {
            throw SaveException.internal("a tensor needs a direct buffer");
        }
        if (direct.remaining() != byteSize(type, shape)) {
            throw SaveException.internal(
                    "a buffer of " + direct.remaining() + " bytes does not hold " + type + Arrays.toString(shape));
        }
        return new Tensor(type, shape.clone(), direct.slice().order(ByteOrder.nativeOrder()));
    }

    public static Tensor of(float[] values, long... shape) {
        Tensor tensor = allocate(ElementType.FLOAT, shape);
        tensor.requireSize(values.length);
        tensor.floats().put(values);
        return tensor;
    }

    public static Tensor of(long[] values, long... shape) {
        Tensor tensor = allocate(ElementType.INT64, shape);
        tensor.requireSize(values.length);
        tensor.longs().put(values);
        return tensor;
    }

    public static Tensor of(int[] values, long... shape) {
        Tensor tensor = allocate(ElementType.INT32, shape);
        tensor.requireSize(values.length);
        tensor.ints().put(values);
        return tensor;
    }

    public static Tensor of(boolean[] values, long... shape) {
        Tensor tensor = allocate(ElementType.BOOL, shape);
        tensor.requireSize(values.length);
        for (int i = 0; i < values.length; i++) {
            tensor.data.put(i, (byte) (values[i] ? 1 : 0));
        }
        return tensor;
    }

    public static Tensor scalar(float value) {
        return of(new float[] {value});
    }

    public static Tensor scalar(long value) {
        return of(new long[] {value});
    }

    /** A vector of 64-bit integers. */
    public static Tensor vector(long... values) {
        return of(values, values.length);
    }

    public ElementType type() {
        return type;
    }

    public long[] shape() {
        return shape.clone();
    }

    public int rank() {
        return shape.length;
    }

    public long dimension(int axis) {
        return shape[axis];
    }

    /** Number of elements. */
    public int size() {
        return data.capacity() / type.bytes();
    }

    /** The bytes from 0 to capacity; a fresh view with its own position. */
    public ByteBuffer bytes() {
        return data.duplicate().clear().order(ByteOrder.nativeOrder());
    }

    /** A fresh view of a FLOAT tensor. */
    public FloatBuffer floats() {
        require(ElementType.FLOAT);
        return bytes().asFloatBuffer();
    }

    /** A fresh view of an INT64 tensor. */
    public LongBuffer longs() {
        require(ElementType.INT64);
        return bytes().asLongBuffer();
    }

    /** A fresh view of an INT32 tensor. */
    public IntBuffer ints() {
        require(ElementType.INT32);
        return bytes().asIntBuffer();
    }

    /** A copy of the values of a floating tensor. */
    public float[] toFloats() {
        float[] values = new float[size()];
        switch (type) {
            case FLOAT -> floats().get(values);
            case DOUBLE -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) data.getDouble(i * Double.BYTES);
                }
            }
            case BFLOAT16 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = Float.intBitsToFloat(data.getShort(i * Short.BYTES) << 16);
                }
            }
            case FLOAT16 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = HalfFloat.toFloat(data.getShort(i * Short.BYTES));
                }
            }
            default -> throw SaveException.internal("a tensor of " + type + " has no floating values");
        }
        return values;
    }

    /** A copy of the values of an integer or boolean tensor; true is 1. Unsigned 64-bit values above {@link Long#MAX_VALUE} wrap. */
    public long[] toLongs() {
        long[] values = new long[size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (type) {
                case INT64, UINT64 -> data.getLong(i * Long.BYTES);
                case INT32 -> data.getInt(i * Integer.BYTES);
                case UINT32 -> Integer.toUnsignedLong(data.getInt(i * Integer.BYTES));
                case INT16 -> data.getShort(i * Short.BYTES);
                case UINT16 -> Short.toUnsignedLong(data.getShort(i * Short.BYTES));
                case INT8 -> data.get(i);
                case UINT8, BOOL -> Byte.toUnsignedLong(data.get(i));
                default -> throw SaveException.internal("a tensor of " + type + " has no integer values");
            };
        }
        return values;
    }

    /** The single value of a FLOAT tensor with one element. */
    public float item() {
        requireSize(1);
        return floats().get(0);
    }

    /** The same memory with another shape of equal size. */
    public Tensor reshaped(long... newShape) {
        if (byteSize(type, newShape) != data.capacity()) {
            throw SaveException.internal(this + " cannot take the shape " + Arrays.toString(newShape));
        }
        return new Tensor(type, newShape.clone(), data);
    }

    /** Equal type, shape and bytes. */
    public boolean contentEquals(Tensor other) {
        return type == other.type && Arrays.equals(shape, other.shape) && bytes().equals(other.bytes());
    }

    /** An independent copy. */
    public Tensor copy() {
        Tensor copy = allocate(type, shape);
        copy.bytes().put(bytes());
        return copy;
    }

    /** Bytes that a tensor takes; a RESOURCES error above 2 GiB, the limit of one Java buffer. */
    public static long byteSize(ElementType type, long... shape) {
        long size = type.bytes();
        for (long dimension : shape) {
            if (dimension < 0) {
                throw SaveException.internal("negative dimension in " + Arrays.toString(shape));
            }
            try {
                size = Math.multiplyExact(size, dimension);
            } catch (ArithmeticException overflow) {
                throw SaveException.resources(
                        "a tensor of shape " + Arrays.toString(shape) + " is too large", overflow);
            }
        }
        if (size > MOST_BYTES) {
            throw SaveException.resources("a tensor of " + type + Arrays.toString(shape) + " takes " + size
                    + " bytes; one tensor can hold less than 2 GiB");
        }
        return size;
    }

    private void require(ElementType wanted) {
        if (type != wanted) {
            throw SaveException.internal("expected a tensor of " + wanted + " but got " + this);
        }
    }

    private void requireSize(int wanted) {
        if (size() != wanted) {
            throw SaveException.internal(this + " holds " + size() + " elements, not " + wanted);
        }
    }

    @Override
    public String toString() {
        return type + Arrays.toString(shape);
    }
}
