package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.Arrays;

/**
 * A small integer or boolean tensor as a Java array: shapes, token ids, masks. Row-major; true is 1. The arrays are shared, not copied, and must not
 * be changed once the tensor is made.
 *
 * @param type an integer type or BOOL
 */
public record HostTensor(ElementType type, long[] values, long[] shape) {
    public HostTensor {
        if (type.isFloating()) {
            throw SaveException.internal("a host tensor holds integers or booleans, not " + type);
        }
        if (size(shape) != values.length) {
            throw SaveException.internal(
                    values.length + " values do not fill a tensor of shape " + Arrays.toString(shape));
        }
    }

    /** A copy of an integer or boolean tensor. */
    public static HostTensor of(Tensor tensor) {
        return new HostTensor(tensor.type(), tensor.toLongs(), tensor.shape());
    }

    /** A vector of 64-bit integers. */
    public static HostTensor vector(long... values) {
        return new HostTensor(ElementType.INT64, values, new long[] {values.length});
    }

    public static HostTensor scalar(ElementType type, long value) {
        return new HostTensor(type, new long[] {value}, new long[0]);
    }

    public int rank() {
        return shape.length;
    }

    public int size() {
        return values.length;
    }

    /** The single value of a tensor with one element. */
    public long item() {
        if (values.length != 1) {
            throw SaveException.user("expected one value but found " + this);
        }
        return values[0];
    }

    public HostTensor reshaped(long... other) {
        return new HostTensor(type, values, other);
    }

    /** A tensor with the same values, type and shape. */
    public Tensor toTensor() {
        Tensor tensor = Tensor.allocate(type, shape);
        var bytes = tensor.bytes();
        for (long value : values) {
            switch (type.bytes()) {
                case 8 -> bytes.putLong(value);
                case 4 -> bytes.putInt((int) value);
                case 2 -> bytes.putShort((short) value);
                default -> bytes.put((byte) value);
            }
        }
        return tensor;
    }

    /** Number of elements of a shape; a RESOURCES error when a Java array cannot hold them. */
    static int size(long[] shape) {
        long size = 1;
        for (long dimension : shape) {
            size = Math.multiplyExact(size, dimension);
        }
        if (size < 0 || size > Integer.MAX_VALUE - 8) {
            throw SaveException.resources("integers of shape " + Arrays.toString(shape) + " do not fit on the host");
        }
        return (int) size;
    }

    /** What a value becomes in a type: narrower integers wrap, BOOL is 0 or 1. */
    static long wrap(ElementType type, long value) {
        return switch (type) {
            case INT32 -> (int) value;
            case INT16 -> (short) value;
            case INT8 -> (byte) value;
            case UINT32 -> value & 0xffff_ffffL;
            case UINT16 -> value & 0xffff;
            case UINT8 -> value & 0xff;
            case BOOL -> value != 0 ? 1 : 0;
            default -> value;
        };
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof HostTensor tensor
                && type == tensor.type
                && Arrays.equals(shape, tensor.shape)
                && Arrays.equals(values, tensor.values);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(values) + Arrays.hashCode(shape);
    }

    @Override
    public String toString() {
        return type + Arrays.toString(shape);
    }
}
