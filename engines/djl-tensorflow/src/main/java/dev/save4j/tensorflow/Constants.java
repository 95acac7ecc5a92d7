package dev.save4j.tensorflow;

import ai.djl.ndarray.types.DataType;
import dev.save4j.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The long floating constants of a graph, which all its translations share. Owns their memory. */
final class Constants implements AutoCloseable {
    /** TensorFlow copies a constant into every graph; one of more bytes is fed instead. */
    private static final int LONG = 4096;

    private final Map<String, NativeTensor> tensors = new HashMap<>();

    Constants(Map<String, Tensor> constants, DataType floating) {
        constants.forEach((name, tensor) -> {
            if (isLong(tensor)) {
                tensors.put(name, NativeTensor.copyOf(tensor, floating));
            }
        });
    }

    static boolean isLong(Tensor tensor) {
        return tensor.type().isFloating() && tensor.bytes().capacity() > LONG;
    }

    @Nullable
    NativeTensor get(String name) {
        return tensors.get(name);
    }

    @Override
    public void close() {
        tensors.values().forEach(NativeTensor::close);
    }
}
