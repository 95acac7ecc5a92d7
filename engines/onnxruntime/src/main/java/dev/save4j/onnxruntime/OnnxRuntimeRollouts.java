package dev.save4j.onnxruntime;

import dev.save4j.SaveException;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.Device;
import dev.save4j.engine.EngineCapabilities;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.MemoryNeeds;
import dev.save4j.engine.RolloutEngine;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.WeightPrecision;
import dev.save4j.graph.Graph;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.WeightStore;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Samples with ONNX Runtime: continuous batching over one cache that is updated in place, prompts fed once for a group, packed weights. A
 * session holds a read lease while it samples, and refuses to when the weights have changed since it was opened or last refreshed.
 */
public final class OnnxRuntimeRollouts implements RolloutEngine {
    @Override
    public String name() {
        return OnnxRuntimeEngine.NAME;
    }

    @Override
    public Map<String, String> libraries() {
        return Natives.libraries();
    }

    @Override
    public EngineCapabilities capabilities() {
        return new EngineCapabilities(
                Natives.version(), Devices.inBuild(Device.Kind.CPU, Device.Kind.CUDA), OnnxRuntimeOperators.TABLE);
    }

    /** Weights are packed once more. */
    @Override
    public MemoryNeeds memoryNeeds() {
        return new MemoryNeeds(MemoryNeeds.TYPICAL.library(), Float.BYTES, MemoryNeeds.TYPICAL.perNumber());
    }

    @Override
    public Set<WeightPrecision> precisions() {
        return Set.of(WeightPrecision.values());
    }

    /** Weights in 8 bits are held as they were made and as they were packed. */
    @Override
    public MemoryNeeds memoryNeeds(WeightPrecision precision) {
        MemoryNeeds single = memoryNeeds();
        return precision == WeightPrecision.FLOAT32
                ? single
                : new MemoryNeeds(single.library(), 2 * Byte.BYTES, single.perNumber());
    }

    @Override
    public RolloutSession open(DecoderGraph decoder, WeightStore weights, int slots, EngineSettings settings) {
        if (slots < 1) {
            throw SaveException.user("a rollout needs at least one slot, not " + slots);
        }
        OnnxRuntimeOperators.TABLE.check(name(), decoder.graph());
        requireNames(decoder);
        if (settings.device().kind() == Device.Kind.TENSORRT) {
            throw SaveException.user(
                    "TensorRT builds the weights into its plan, and those of a policy change; sample on the device cuda or cpu");
        }
        if (settings.rolloutWeights() == WeightPrecision.INT8
                && !settings.device().isCpu()) {
            throw SaveException.user(
                    "weights in int8 are for sampling on the device cpu; take float32 on a GPU, or the device cpu");
        }
        return new OnnxRuntimeRolloutSession(onDevice(decoder, settings.device()), weights, slots, settings, true);
    }

    private static DecoderGraph onDevice(DecoderGraph decoder, Device device) {
        return device.isCpu()
                ? MatrixAttention.of(decoder)
                : decoder.with(HalfAttention.of(decoder.graph(), device.half()));
    }

    private static void requireNames(DecoderGraph decoder) {
        Graph graph = decoder.graph();
        List<String> inputs =
                new ArrayList<>(List.of("input_ids", "last_position", "seqlens_k", "total_sequence_length"));
        List<String> outputs = new ArrayList<>(List.of("logits"));
        for (int layer = 0; layer < decoder.layers(); layer++) {
            for (String kind : List.of(".key", ".value")) {
                inputs.add("past_key_values." + layer + kind);
                outputs.add("present." + layer + kind);
            }
        }
        requireNames(graph, "inputs", inputs, graph.inputs());
        requireNames(graph, "outputs", outputs, graph.outputs());
    }

    private static void requireNames(Graph graph, String role, List<String> wanted, List<ValueInfo> values) {
        Set<String> missing = new LinkedHashSet<>(wanted);
        values.forEach(value -> missing.remove(value.name()));
        Set<String> unknown = new LinkedHashSet<>();
        values.forEach(value -> unknown.add(value.name()));
        wanted.forEach(unknown::remove);
        if (!missing.isEmpty() || !unknown.isEmpty()) {
            throw SaveException.user("graph '" + graph.name() + "' cannot be sampled from: of the " + role
                    + " of a decoder it lacks " + missing + " and has " + unknown + " besides");
        }
    }
}
