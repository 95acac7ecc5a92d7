package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an ONNX file holds. Its initializers are split in two: <b>weights</b> are the floating initializers of rank 1 and more of the main graph,
 * they are the graph's {@link Graph#parameters()} and can be trained; everything else (integers, booleans, floating scalars, initializers in the
 * bodies of control-flow operators, and floating initializers that save4j itself wrote as constants) are the graph's {@link Graph#constants()}.
 *
 * @param weights the tensor of every parameter of the graph, in the order of the file
 * @param irVersion the version of the file format
 * @param metadata the model's free properties
 * @param functions functions that the model defines; {@link GraphNormalizer} puts their bodies in place of the calls
 * @param preserved fields that are not interpreted, training information for instance
 */
public record OnnxModel(
        Graph graph,
        Map<String, Tensor> weights,
        int irVersion,
        String producerName,
        String producerVersion,
        String domain,
        long modelVersion,
        String documentation,
        Map<String, String> metadata,
        List<OnnxFunction> functions,
        Preserved preserved) {
    public OnnxModel {
        weights = Collections.unmodifiableMap(new LinkedHashMap<>(weights));
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
        functions = List.copyOf(functions);
        weights.forEach((name, tensor) -> {
            TensorType type = graph.parameters().get(name);
            if (type == null || type.element() != tensor.type() || !Arrays.equals(type.fixedShape(), tensor.shape())) {
                throw SaveException.internal("graph '" + graph.name() + "' is given " + tensor + " for its weight '"
                        + name + "', which is " + (type == null ? "not declared" : "declared as " + type));
            }
        });
        if (weights.size() < graph.parameters().size()) {
            throw SaveException.internal("graph '" + graph.name() + "' has "
                    + graph.parameters().size() + " weights but is given " + weights.size());
        }
    }

    /** A model made here. */
    public static OnnxModel of(Graph graph, Map<String, Tensor> weights) {
        return new OnnxModel(
                graph,
                weights,
                OnnxEncoder.IR_VERSION,
                OnnxEncoder.PRODUCER,
                "",
                "",
                0,
                "",
                Map.of(),
                List.of(),
                Preserved.NOTHING);
    }

    /**
     * The same model with another graph, written in the present file format.
     *
     * @param otherWeights a tensor for every parameter of that graph; others are left out
     */
    public OnnxModel with(Graph other, Map<String, Tensor> otherWeights) {
        Map<String, Tensor> used = new LinkedHashMap<>(otherWeights);
        used.keySet().retainAll(other.parameters().keySet());
        return new OnnxModel(
                other,
                used,
                Math.max(irVersion, OnnxEncoder.IR_VERSION),
                producerName,
                producerVersion,
                domain,
                modelVersion,
                documentation,
                metadata,
                functions,
                preserved);
    }

    /** The same model with other properties. */
    public OnnxModel withMetadata(Map<String, String> other) {
        return new OnnxModel(
                graph,
                weights,
                irVersion,
                producerName,
                producerVersion,
                domain,
                modelVersion,
                documentation,
                other,
                functions,
                preserved);
    }

    /** The tensor of a weight; a USER error when there is none of that name. */
    public Tensor weight(String name) {
        Tensor tensor = weights.get(name);
        if (tensor == null) {
            throw SaveException.user(
                    "graph '" + graph.name() + "' has no weight '" + name + "' among its " + weights.size());
        }
        return tensor;
    }

    /** Equal in everything including the bytes of weights and constants. */
    @Override
    public boolean equals(Object other) {
        return other instanceof OnnxModel model
                && graph.equals(model.graph)
                && irVersion == model.irVersion
                && producerName.equals(model.producerName)
                && producerVersion.equals(model.producerVersion)
                && domain.equals(model.domain)
                && modelVersion == model.modelVersion
                && documentation.equals(model.documentation)
                && metadata.equals(model.metadata)
                && functions.equals(model.functions)
                && preserved.equals(model.preserved)
                && Graph.sameTensors(weights, model.weights);
    }

    @Override
    public int hashCode() {
        return graph.hashCode() * 31 + irVersion;
    }
}
