package dev.save4j.pytorch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.save4j.SaveException;
import dev.save4j.graph.HostTensor;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/**
 * The native memory of one trainer. Only weights alias Java memory; whatever else goes to the device is copied into memory that PyTorch owns, because
 * autograd keeps pointers that the garbage collector does not see. Arrays made here belong to whoever asked, not to the open {@link NDScope}.
 */
final class DeviceMemory implements AutoCloseable {
    private final NDManager manager;
    private final DataType floating;
    private final Map<Double, NDArray> scalars = new HashMap<>();
    private ByteBuffer staging = ByteBuffer.allocateDirect(1 << 16);

    /**
     * @param floating the one floating type of all graphs: FLOAT32, or FLOAT64 for gradient checks
     */
    DeviceMemory(NDManager manager, DataType floating) {
        this.manager = manager;
        this.floating = floating;
    }

    DataType floating() {
        return floating;
    }

    /** Number of arrays that are alive. */
    int live() {
        return manager.getManagedArrays().size();
    }

    /** A scalar that lives as long as this memory; callers do not close it. */
    NDArray scalar(double value) {
        return scalars.computeIfAbsent(value, key -> kept(full(key)));
    }

    NDArray full(double value, long... shape) {
        return TorchNative.full(manager, new Shape(shape), value, floating);
    }

    /** An array over the weight's own buffer: what one side writes, the other sees. */
    NDArray alias(Tensor weight) {
        return kept(manager.create(weight.bytes(), new Shape(weight.shape()), dataType(weight.type())));
    }

    /** A copy of a floating tensor. */
    NDArray upload(Tensor tensor) {
        ByteBuffer bytes = tensor.bytes();
        if (dataType(tensor.type()) != floating) {
            bytes = buffer(tensor.size() * floating.getNumOfBytes());
            if (floating == DataType.FLOAT64) {
                for (float value : tensor.toFloats()) {
                    bytes.putDouble(value);
                }
            } else {
                bytes.asFloatBuffer().put(tensor.toFloats());
            }
            bytes.clear();
        }
        return owned(bytes, tensor.shape(), floating);
    }

    /** Integers become INT64, booleans BOOLEAN. */
    NDArray upload(HostTensor tensor) {
        if (tensor.type() == ElementType.BOOL) {
            ByteBuffer bytes = buffer(tensor.size());
            for (long value : tensor.values()) {
                bytes.put((byte) value);
            }
            return owned(bytes.clear(), tensor.shape(), DataType.BOOLEAN);
        }
        ByteBuffer bytes = buffer(tensor.size() * Long.BYTES);
        bytes.asLongBuffer().put(tensor.values());
        return owned(bytes.clear(), tensor.shape(), DataType.INT64);
    }

    /** Integers or booleans as floating numbers. */
    NDArray uploadAsFloating(HostTensor tensor) {
        ByteBuffer bytes = buffer(tensor.size() * floating.getNumOfBytes());
        for (long value : tensor.values()) {
            if (floating == DataType.FLOAT64) {
                bytes.putDouble((double) value);
            } else {
                bytes.putFloat((float) value);
            }
        }
        return owned(bytes.clear(), tensor.shape(), floating);
    }

    /** A copy on the host; floating arrays take the given type. */
    Tensor download(NDArray array, ElementType type) {
        long[] shape = array.getShape().getShape();
        ByteBuffer source = array.toByteBuffer(true);
        DataType from = array.getDataType();
        Tensor tensor = Tensor.allocate(type, shape);
        ByteBuffer target = tensor.bytes();
        if (dataType(type) == from) {
            target.put(source);
        } else if (from == DataType.FLOAT32 && type == ElementType.DOUBLE) {
            while (source.hasRemaining()) {
                target.putDouble(source.getFloat());
            }
        } else if (from == DataType.FLOAT64 && type == ElementType.FLOAT) {
            while (source.hasRemaining()) {
                target.putFloat((float) source.getDouble());
            }
        } else {
            throw SaveException.internal("an array of " + from + " cannot become a tensor of " + type);
        }
        return tensor;
    }

    /** The type that floating results have on the host. */
    ElementType floatingElement() {
        return floating == DataType.FLOAT64 ? ElementType.DOUBLE : ElementType.FLOAT;
    }

    private NDArray owned(ByteBuffer bytes, long[] shape, DataType type) {
        return kept(Copies.owned(manager.create(bytes, new Shape(shape), type)));
    }

    private static NDArray kept(NDArray array) {
        NDScope.unregister(array);
        return array;
    }

    /** Memory in which an upload is prepared; free again as soon as it has been copied. */
    private ByteBuffer buffer(int bytes) {
        if (staging.capacity() < bytes) {
            staging = ByteBuffer.allocateDirect(Math.max(bytes, 2 * staging.capacity()));
        }
        return staging.slice(0, bytes).order(ByteOrder.nativeOrder());
    }

    static DataType dataType(ElementType type) {
        return switch (type) {
            case FLOAT -> DataType.FLOAT32;
            case DOUBLE -> DataType.FLOAT64;
            case INT64 -> DataType.INT64;
            case BOOL -> DataType.BOOLEAN;
            // Half precision is widened on the host: on a CPU DJL computes FLOAT16 a hundred times slower and dies of
            // BFLOAT16.
            case FLOAT16, BFLOAT16 -> DataType.UNKNOWN;
            default -> throw SaveException.internal("no array has the type " + type);
        };
    }

    @Override
    public void close() {
        manager.close();
    }
}
