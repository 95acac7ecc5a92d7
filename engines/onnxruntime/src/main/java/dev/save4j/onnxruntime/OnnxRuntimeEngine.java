package dev.save4j.onnxruntime;

import dev.save4j.SaveException;
import dev.save4j.engine.Device;
import dev.save4j.engine.EngineCapabilities;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.WeightStore;
import java.util.Map;

/**
 * Runs graphs with ONNX Runtime. With PREPACKED weights a session holds its own packed copy until it is refreshed; with LIVE weights it
 * reads the store's buffers, and opening it first proves, on a copy, that a change of any weight is seen; with INPUT weights they are fed in every
 * run. Errors of the library become ENGINE errors (RESOURCES when memory ran out) that name graph and node.
 */
public final class OnnxRuntimeEngine implements InferenceEngine {
    static final String NAME = "onnxruntime";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Map<String, String> libraries() {
        return Natives.libraries();
    }

    @Override
    public EngineCapabilities capabilities() {
        return new EngineCapabilities(
                Natives.version(), Devices.inBuild(Device.Kind.values()), OnnxRuntimeOperators.TABLE);
    }

    @Override
    public InferenceSession open(Graph graph, WeightStore weights, WeightBinding binding, EngineSettings settings) {
        OnnxRuntimeOperators.TABLE.check(NAME, graph);
        requireInputs(graph);
        return new OnnxRuntimeSession(
                graph, weights, fitting(binding, settings.device().kind()), settings);
    }

    /** A GPU cannot read the store's buffers, so LIVE weights are fed to it. */
    static WeightBinding fitting(WeightBinding binding, Device.Kind device) {
        return switch (device) {
            case CPU -> binding;
            case CUDA -> binding == WeightBinding.LIVE ? WeightBinding.INPUT : binding;
            case TENSORRT -> {
                if (binding != WeightBinding.PREPACKED) {
                    throw SaveException.user(
                            "TensorRT builds the weights into its plan, so it is for models whose weights"
                                    + " never change; bind them as PREPACKED, or take the device cuda");
                }
                yield binding;
            }
        };
    }

    /** Refuses a graph with inputs that native code cannot take from Java. */
    static void requireInputs(Graph graph) {
        for (ValueInfo input : graph.inputs()) {
            if (!Natives.holds(input.type().element())) {
                throw SaveException.user("graph '" + graph.name() + "': input '" + input.name() + "' is of type "
                        + input.type().element()
                        + ", which ONNX Runtime cannot take from Java; export the model with INT64 there");
            }
        }
    }
}
