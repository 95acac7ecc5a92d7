package dev.save4j.pytorch;

import ai.djl.ndarray.NDArray;
import dev.save4j.SaveException;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** The weights as PyTorch sees them: arrays over the store's own buffers, at which gradients gather. */
final class Leaves {
    private final WeightStore weights;
    private final DeviceMemory memory;
    private final Predicate<String> trained;
    private final Map<String, NDArray> arrays = new LinkedHashMap<>();

    Leaves(WeightStore weights, Set<String> names, DeviceMemory memory, Predicate<String> trained) {
        this.weights = weights;
        this.memory = memory;
        this.trained = trained;
        names.forEach(this::renew);
    }

    private void renew(String name) {
        NDArray array = memory.alias(weights.get(name));
        array.setRequiresGradient(trained.test(name));
        NDArray before = arrays.put(name, array);
        if (before != null) {
            before.close();
        }
    }

    NDArray get(String name) {
        NDArray array = arrays.get(name);
        if (array == null) {
            throw SaveException.internal("weight '" + name + "' is in none of the graphs");
        }
        return array;
    }

    /** Gradients in PyTorch's own memory, valid until the open scope closes or they are forgotten; none for a weight no loss reached. */
    Map<String, Tensor> gradients() {
        Map<String, Tensor> views = new LinkedHashMap<>();
        arrays.forEach((name, leaf) -> {
            NDArray gradient = TorchNative.gradient(leaf);
            if (gradient != null) {
                ByteBuffer bytes = gradient.toByteBuffer(true);
                views.put(
                        name,
                        Tensor.wrap(
                                memory.floatingElement(),
                                bytes,
                                gradient.getShape().getShape()));
            }
        });
        return views;
    }

    /** Takes new leaves for these weights, so that they have no gradient, not even one of zeros. */
    void forget(Set<String> names) {
        names.forEach(this::renew);
    }
}
