package dev.save4j.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.save4j.graph.Dimension;
import dev.save4j.graph.Graph;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Runs bound graphs on our tensors. Inputs are read where they are. Outputs are written where they stay whenever their shape follows from the
 * inputs, and copied otherwise. Thread-safe.
 */
final class Evaluation {
    private final Graph graph;
    /** Cleared for good when the library computes other sizes than the graph declares. */
    private volatile boolean declaredSizesHold = true;

    Evaluation(Graph graph) {
        this.graph = graph;
    }

    Map<String, Tensor> run(BoundGraph bound, Map<String, Tensor> inputs) throws OrtException {
        Map<String, OnnxTensor> fed = new HashMap<>();
        try {
            for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
                fed.put(input.getKey(), Natives.wrap(input.getValue()));
            }
            Map<String, Tensor> known = declaredSizesHold ? allocate(inputs) : Map.of();
            if (known.isEmpty()) {
                return run(bound, fed, known);
            }
            try {
                return run(bound, fed, known);
            } catch (OrtException failure) {
                // Files name sizes carelessly at times; without our memory the library decides alone.
                Map<String, Tensor> outputs = run(bound, fed, Map.of());
                declaredSizesHold = false;
                return outputs;
            }
        } finally {
            Natives.closeAll(fed.values());
        }
    }

    /**
     * Runs a graph that has more inputs and outputs than ours, once even if it fails.
     *
     * @param others further inputs
     * @param written further outputs, in the memory they are written to
     * @return our outputs
     */
    Map<String, Tensor> runOnce(
            BoundGraph bound,
            Map<String, Tensor> inputs,
            Map<String, OnnxTensor> others,
            Map<String, OnnxTensor> written)
            throws OrtException {
        Map<String, OnnxTensor> own = new HashMap<>();
        try {
            for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
                own.put(input.getKey(), Natives.wrap(input.getValue()));
            }
            Map<String, OnnxTensor> fed = new HashMap<>(others);
            fed.putAll(own);
            Set<String> requested = new LinkedHashSet<>();
            graph.outputs().forEach(output -> requested.add(output.name()));
            try (OrtSession.Result result = bound.run(fed, requested, written)) {
                Map<String, Tensor> outputs = new LinkedHashMap<>();
                graph.outputs().forEach(output -> outputs.put(output.name(), copy(result, output)));
                return outputs;
            }
        } finally {
            Natives.closeAll(own.values());
        }
    }

    private Map<String, Tensor> run(BoundGraph bound, Map<String, OnnxTensor> fed, Map<String, Tensor> known)
            throws OrtException {
        Map<String, OnnxTensor> pinned = new LinkedHashMap<>();
        Set<String> requested = new LinkedHashSet<>();
        try {
            for (ValueInfo output : graph.outputs()) {
                Tensor tensor = known.get(output.name());
                if (tensor == null) {
                    requested.add(output.name());
                } else {
                    pinned.put(output.name(), Natives.wrap(tensor));
                }
            }
            try (OrtSession.Result result = bound.run(fed, requested, pinned)) {
                Map<String, Tensor> outputs = new LinkedHashMap<>();
                for (ValueInfo output : graph.outputs()) {
                    Tensor tensor = known.get(output.name());
                    outputs.put(output.name(), tensor == null ? copy(result, output) : tensor);
                }
                return outputs;
            }
        } finally {
            Natives.closeAll(pinned.values());
        }
    }

    private static Tensor copy(OrtSession.Result result, ValueInfo output) {
        OnnxTensor computed = (OnnxTensor) result.get(output.name()).orElseThrow();
        ByteBuffer values = computed.getByteBuffer();
        Tensor tensor =
                Tensor.allocate(output.type().element(), computed.getInfo().getShape());
        tensor.bytes().put(values);
        return tensor;
    }

    /** Memory for the outputs whose sizes are fixed or named by inputs. */
    private Map<String, Tensor> allocate(Map<String, Tensor> inputs) {
        Map<String, Long> sizes = new HashMap<>();
        for (ValueInfo input : graph.inputs()) {
            for (int axis = 0; axis < input.type().rank(); axis++) {
                sizes.putIfAbsent(
                        input.type().dimension(axis).symbol(),
                        Objects.requireNonNull(inputs.get(input.name())).dimension(axis));
            }
        }
        sizes.remove("");
        Map<String, Tensor> known = new HashMap<>();
        for (ValueInfo output : graph.outputs()) {
            if (Natives.holds(output.type().element())) {
                shape(output.type(), sizes)
                        .ifPresent(shape -> known.put(
                                output.name(), Tensor.allocate(output.type().element(), shape)));
            }
        }
        return known;
    }

    private static Optional<long[]> shape(TensorType type, Map<String, Long> sizes) {
        long[] shape = new long[type.rank()];
        for (int axis = 0; axis < shape.length; axis++) {
            Dimension dimension = type.dimension(axis);
            Long size = dimension.isFixed() ? Long.valueOf(dimension.size()) : sizes.get(dimension.symbol());
            if (size == null) {
                return Optional.empty();
            }
            shape[axis] = size;
        }
        return Optional.of(shape);
    }
}
