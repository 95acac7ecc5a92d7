package dev.save4j.models;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.Map;

/** Runs graphs on the ONNX Runtime engine. */
final class OnnxRuntime {
    private OnnxRuntime() {}

    static InferenceSession open(Graph graph, WeightStore weights, WeightBinding binding) {
        return Engines.inference().named("onnxruntime").open(graph, weights, binding, EngineSettings.singleThreaded());
    }

    /** As scoring does: over the live weights, whose visibility the engine checks one by one. */
    static Map<String, Tensor> run(Graph graph, WeightStore weights, Map<String, Tensor> inputs) {
        try (InferenceSession session = open(graph, weights, WeightBinding.LIVE)) {
            return session.run(inputs);
        }
    }
}
