package dev.save4j.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** One buffer for the gradient of each weight, made when it is first needed, with its native view. Owned and closed by a trainer. */
final class Accumulators implements AutoCloseable {
    private static final byte[] ZEROS = new byte[1 << 14];

    private final WeightStore weights;
    private final Map<String, Tensor> buffers = new LinkedHashMap<>();
    private final Map<String, OnnxTensor> views = new LinkedHashMap<>();
    private final Set<String> gathered = new HashSet<>();

    Accumulators(WeightStore weights) {
        this.weights = weights;
    }

    /** The buffer of a weight as native code sees it. */
    OnnxTensor view(String weight) throws OrtException {
        OnnxTensor known = views.get(weight);
        if (known != null) {
            return known;
        }
        Tensor buffer = Tensor.allocate(ElementType.FLOAT, weights.get(weight).shape());
        OnnxTensor view = Natives.wrap(buffer);
        buffers.put(weight, buffer);
        views.put(weight, view);
        return view;
    }

    boolean hasAny(Collection<String> names) {
        return names.stream().anyMatch(gathered::contains);
    }

    /** Makes the gradients of these weights 0 where nothing has gathered yet. */
    void clearNew(Collection<String> names) throws OrtException {
        for (String name : names) {
            view(name);
            Tensor buffer = buffers.get(name);
            if (buffer == null) {
                throw SaveException.internal("the gradient of weight '" + name + "' has no buffer");
            }
            if (!gathered.contains(name)) {
                ByteBuffer bytes = buffer.bytes();
                while (bytes.hasRemaining()) {
                    bytes.put(ZEROS, 0, Math.min(ZEROS.length, bytes.remaining()));
                }
            }
        }
    }

    /** Tells that the buffers of these weights have been written. */
    void add(Collection<String> names) {
        gathered.addAll(names);
    }

    void forget() {
        gathered.clear();
    }

    /** The gradients themselves, not copies, in an order that does not depend on how they gathered. */
    Map<String, Tensor> gathered() {
        Map<String, Tensor> gradients = new LinkedHashMap<>();
        for (String name : weights.names()) {
            Tensor buffer = buffers.get(name);
            if (buffer != null && gathered.contains(name)) {
                gradients.put(name, buffer);
            }
        }
        return gradients;
    }

    @Override
    public void close() {
        Natives.closeAll(views.values());
        views.clear();
    }
}
