package dev.save4j.tensorflow;

import ai.djl.ndarray.types.DataType;
import ai.djl.tensorflow.engine.TfDataType;
import dev.save4j.SaveException;
import dev.save4j.graph.HostTensor;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * A tensor in the memory of TensorFlow, or a view of a Java buffer for it. What TensorFlow hands out may share its memory with what it was given, so
 * nothing is ever written to a tensor after it was filled, and whatever leaves is a copy. Closed by its owner; closing twice does nothing.
 */
final class NativeTensor implements AutoCloseable {
    private final TF_Tensor tensor;
    private final DataType type;
    private final long[] shape;
    private final boolean alias;
    private boolean closed;

    private NativeTensor(TF_Tensor tensor, DataType type, long[] shape, boolean alias) {
        this.tensor = tensor;
        this.type = type;
        this.shape = shape;
        this.alias = alias;
    }

    /** Takes over a value of a symbol that TensorFlow computed. */
    static NativeTensor of(TF_Tensor tensor, Symbol symbol) {
        return new NativeTensor(tensor, symbol.type(), symbol.shape(), false);
    }

    /** The tensor's own memory, if TensorFlow accepts how it is aligned, otherwise a copy of its present content: see {@link #isAlias}. */
    static NativeTensor viewOf(Tensor tensor) {
        DataType type = dataType(tensor.type());
        ByteBuffer bytes = tensor.bytes();
        if (bytes.capacity() > 0) {
            BytePointer pointer = new BytePointer(bytes);
            TF_Tensor view = TF_Tensor.newTensor(TfDataType.toTf(type), tensor.shape(), pointer);
            if (view != null && !view.isNull()) {
                boolean alias = tensorflow.TF_TensorData(view).address() == pointer.address();
                return new NativeTensor(view, type, tensor.shape(), alias);
            }
        }
        NativeTensor copy = allocate(type, tensor.shape());
        copy.buffer().put(bytes);
        return copy;
    }

    /** A copy of a floating tensor in the given floating type. */
    static NativeTensor copyOf(Tensor tensor, DataType floating) {
        NativeTensor copy = allocate(floating, tensor.shape());
        ByteBuffer bytes = copy.buffer();
        if (tensor.type().isFloating() && dataTypeOf(tensor.type()) == floating) {
            bytes.put(tensor.bytes());
        } else if (floating == DataType.FLOAT64) {
            for (float value : tensor.toFloats()) {
                bytes.putDouble(value);
            }
        } else {
            bytes.asFloatBuffer().put(tensor.toFloats());
        }
        return copy;
    }

    /** A copy of integers or booleans in any type. */
    static NativeTensor copyOf(HostTensor tensor, DataType type) {
        NativeTensor copy = allocate(type, tensor.shape());
        ByteBuffer bytes = copy.buffer();
        switch (type) {
            case INT64 -> bytes.asLongBuffer().put(tensor.values());
            case INT32 -> Arrays.stream(tensor.values()).forEach(value -> bytes.putInt((int) value));
            case BOOLEAN -> Arrays.stream(tensor.values()).forEach(value -> bytes.put((byte) (value != 0 ? 1 : 0)));
            case FLOAT32 -> Arrays.stream(tensor.values()).forEach(value -> bytes.putFloat((float) value));
            case FLOAT64 -> Arrays.stream(tensor.values()).forEach(value -> bytes.putDouble((double) value));
            default -> throw SaveException.internal("integers cannot become " + type);
        }
        return copy;
    }

    /** A scalar of a floating type. */
    static NativeTensor scalar(double value, DataType floating) {
        NativeTensor scalar = allocate(floating, new long[0]);
        if (floating == DataType.FLOAT64) {
            scalar.buffer().putDouble(value);
        } else {
            scalar.buffer().putFloat((float) value);
        }
        return scalar;
    }

    private static NativeTensor allocate(DataType type, long[] shape) {
        long bytes = Arrays.stream(shape).reduce(type.getNumOfBytes(), (a, b) -> a * b);
        TF_Tensor tensor = TF_Tensor.allocateTensor(TfDataType.toTf(type), shape, bytes);
        if (tensor == null || tensor.isNull()) {
            throw SaveException.resources(
                    "TensorFlow has no memory for " + bytes + " bytes; use smaller batches or shorter sequences");
        }
        return new NativeTensor(tensor, type, shape, false);
    }

    TF_Tensor handle() {
        return tensor;
    }

    long[] shape() {
        return shape;
    }

    /** Whether it sees what is written to the Java tensor it was made of. */
    boolean isAlias() {
        return alias;
    }

    /** The memory itself, valid until the tensor is closed. */
    ByteBuffer buffer() {
        long bytes = tensorflow.TF_TensorByteSize(tensor);
        if (bytes == 0) {
            return ByteBuffer.allocateDirect(0).order(ByteOrder.nativeOrder());
        }
        Pointer data = tensorflow.TF_TensorData(tensor).capacity(bytes);
        return data.asByteBuffer().order(ByteOrder.nativeOrder());
    }

    /** A copy on the host; floating numbers take the given type. */
    Tensor download(ElementType to) {
        Tensor copy = Tensor.allocate(to, shape);
        ByteBuffer source = buffer();
        ByteBuffer target = copy.bytes();
        if (elementType(type) == to) {
            target.put(source);
        } else if (type == DataType.FLOAT32 && to == ElementType.DOUBLE) {
            while (source.hasRemaining()) {
                target.putDouble(source.getFloat());
            }
        } else if (type == DataType.FLOAT64 && to == ElementType.FLOAT) {
            while (source.hasRemaining()) {
                target.putFloat((float) source.getDouble());
            }
        } else {
            throw SaveException.internal("a tensor of " + type + " cannot become one of " + to);
        }
        return copy;
    }

    /** The type in which a weight is held. */
    static DataType dataType(ElementType type) {
        DataType known = dataTypeOf(type);
        if (known == DataType.UNKNOWN) {
            throw SaveException.internal("no tensor of TensorFlow has the type " + type);
        }
        return known;
    }

    /** The same type, or UNKNOWN for those that are held on the host, or widened there. */
    static DataType dataTypeOf(ElementType type) {
        return switch (type) {
            case FLOAT -> DataType.FLOAT32;
            case DOUBLE -> DataType.FLOAT64;
            case INT64 -> DataType.INT64;
            case INT32 -> DataType.INT32;
            case BOOL -> DataType.BOOLEAN;
            default -> DataType.UNKNOWN;
        };
    }

    static ElementType elementType(DataType type) {
        return switch (type) {
            case FLOAT32 -> ElementType.FLOAT;
            case FLOAT64 -> ElementType.DOUBLE;
            case INT64 -> ElementType.INT64;
            case INT32 -> ElementType.INT32;
            case BOOLEAN -> ElementType.BOOL;
            default -> throw SaveException.internal("no value has the type " + type);
        };
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            tensor.close();
        }
    }
}
