package dev.save4j.models;

import dev.save4j.engine.DecoderGraph;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Node;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The cached form of {@link Llama}, in the fused operators that ONNX Runtime executes fastest. */
final class LlamaDecoder {
    /** The attention operator rotates heads of multiples of this size itself. */
    private static final int FUSED_ROTARY_STEP = 16;

    private final Llama model;
    private final LlamaConfig config;
    private final DecoderInputs inputs;
    private final GraphBuilder graph;
    private final Attribute epsilon;

    LlamaDecoder(Llama model, int maxLength) {
        this.model = model;
        this.config = model.settings();
        this.graph = new GraphBuilder(config.family() + "-decoder");
        this.inputs = new DecoderInputs(graph, config.keyValueHeads(), config.headSize(), maxLength);
        this.epsilon = Attribute.of((float) config.normEpsilon());
    }

    DecoderGraph build() {
        int half = config.headSize() / 2;
        float[][] angles = Attention.angles(inputs.maxLength(), config.headSize(), config.rotaryBase());
        Value cosines = graph.constant("cosines", Tensor.of(angles[0], inputs.maxLength(), half));
        Value sines = graph.constant("sines", Tensor.of(angles[1], inputs.maxLength(), half));
        boolean fused = config.headSize() % FUSED_ROTARY_STEP == 0;
        List<Value> tables = List.of(cosines, sines);
        List<Value> outside = fused ? List.of() : List.of(inputs.positions(), cosines, sines);
        Value stream = model.weight(graph, Llama.EMBEDDING).gather(inputs.inputIds(), 0);
        Value normed = norm(stream, Llama.layer(0) + "input_layernorm.weight");
        for (int i = 0; i < config.layers(); i++) {
            String at = Llama.layer(i);
            Value mixed = inputs.attend(
                    i,
                    List.of(
                            rotated(perHead(normed, at, "q", config.heads()), outside, config.heads()),
                            rotated(perHead(normed, at, "k", config.keyValueHeads()), outside, config.keyValueHeads()),
                            model.projected(graph, normed, at + "self_attn.v_proj")),
                    fused ? tables : List.of(),
                    config.heads());
            Value attended = model.projected(graph, mixed, at + "self_attn.o_proj");
            List<Value> middle = addAndNorm(attended, stream, at + "post_attention_layernorm.weight");
            Value gate = model.projected(graph, middle.get(0), at + "mlp.gate_proj");
            Value up = model.projected(graph, middle.get(0), at + "mlp.up_proj");
            Value fed = model.projected(graph, silu(gate).mul(up), at + "mlp.down_proj");
            String next = i + 1 < config.layers() ? Llama.layer(i + 1) + "input_layernorm.weight" : Llama.FINAL_NORM;
            List<Value> after = addAndNorm(fed, middle.get(1), next);
            normed = after.get(0);
            stream = after.get(1);
        }
        Value last = normed.atPosition(inputs.lastPosition());
        graph.output("logits", model.logits(graph, last));
        return inputs.finish(config.layers(), config.vocabularySize());
    }

    private Value perHead(Value normed, String at, String role, int heads) {
        Value projected = model.projected(graph, normed, at + "self_attn." + role + "_proj");
        if (!config.queryKeyNorm()) {
            return projected;
        }
        Value split = projected.reshape(0, 0, heads, config.headSize());
        return norm(split, at + "self_attn." + role + "_norm.weight").reshape(0, 0, (long) heads * config.headSize());
    }

    private Value rotated(Value projected, List<Value> positionsAndTables, int heads) {
        if (positionsAndTables.isEmpty()) {
            return projected;
        }
        List<Value> operands = new ArrayList<>(List.of(projected));
        operands.addAll(positionsAndTables);
        return graph.node(
                        Node.MICROSOFT,
                        "RotaryEmbedding",
                        operands,
                        Map.of(
                                "num_heads", Attribute.of(heads),
                                "rotary_embedding_dim", Attribute.of(config.headSize())),
                        List.of(projected.type()))
                .get(0);
    }

    private Value norm(Value input, String name) {
        return graph.node(
                        "",
                        "SimplifiedLayerNormalization",
                        List.of(input, model.weight(graph, name)),
                        Map.of("axis", Attribute.of(-1), "epsilon", epsilon),
                        List.of(input.type()))
                .get(0);
    }

    /** The normalised sum and the sum itself. */
    private List<Value> addAndNorm(Value input, Value skip, String name) {
        TensorType type = skip.type();
        String prefix = name.substring(0, name.length() - ".weight".length());
        List<Value> results = graph.node(
                Node.MICROSOFT,
                "SkipSimplifiedLayerNormalization",
                List.of(input, skip, model.weight(graph, name)),
                Map.of("epsilon", epsilon),
                List.of(type, type, type, type),
                List.of(prefix + "/normed", "", "", prefix + "/sum"));
        return List.of(results.get(0), results.get(3));
    }

    private Value silu(Value input) {
        return graph.node(
                        Node.MICROSOFT,
                        "QuickGelu",
                        List.of(input),
                        Map.of("alpha", Attribute.of(1f)),
                        List.of(input.type().withElement(ElementType.FLOAT)))
                .get(0);
    }
}
