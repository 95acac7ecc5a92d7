package dev.save4j.models;

import dev.save4j.SaveException;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The Llama family: RMS normalisation, rotary positions, grouped-query attention and a gated SiLU feed-forward part. The reference is {@code
 * modeling_llama.py} of Hugging Face Transformers.
 */
public final class Llama implements CausalBackbone, SharingBackbone {
    static final String EMBEDDING = "model.embed_tokens.weight";
    static final String FINAL_NORM = "model.norm.weight";
    static final String HEAD = "lm_head.weight";

    private final LlamaConfig config;
    private final ObjectNode json;
    private final Map<String, TensorType> parameters;

    public Llama(LlamaConfig config) {
        this(config, config.toJson());
    }

    private Llama(LlamaConfig config, ObjectNode json) {
        this.config = config;
        this.json = json;
        this.parameters = Collections.unmodifiableMap(declare());
    }

    /** From a Hugging Face configuration, of which {@link #config()} keeps what save4j does not read, such as the ids of special tokens. */
    static Llama parse(JsonNode json) {
        return new Llama(LlamaConfig.parse(json), (ObjectNode) json.deepCopy());
    }

    public LlamaConfig settings() {
        return config;
    }

    @Override
    public String family() {
        return config.family();
    }

    @Override
    public int hiddenSize() {
        return config.hiddenSize();
    }

    @Override
    public int vocabularySize() {
        return config.vocabularySize();
    }

    @Override
    public int maxLength() {
        return config.maxLength();
    }

    @Override
    public Map<String, TensorType> parameters() {
        return parameters;
    }

    @Override
    public Map<String, TensorType> trunkParameters() {
        Map<String, TensorType> trunk = new LinkedHashMap<>(parameters);
        trunk.remove(HEAD);
        return Collections.unmodifiableMap(trunk);
    }

    @Override
    public ObjectNode config() {
        return json.deepCopy();
    }

    static String layer(int index) {
        return "model.layers." + index + '.';
    }

    private Map<String, TensorType> declare() {
        int queries = config.heads() * config.headSize();
        int keys = config.keyValueHeads() * config.headSize();
        int hidden = config.hiddenSize();
        int inner = config.intermediateSize();
        Map<String, TensorType> all = new LinkedHashMap<>();
        put(all, EMBEDDING, config.vocabularySize(), hidden);
        for (int i = 0; i < config.layers(); i++) {
            String at = layer(i);
            put(all, at + "input_layernorm.weight", hidden);
            linear(all, at + "self_attn.q_proj", queries, hidden, config.queryKeyValueBias());
            linear(all, at + "self_attn.k_proj", keys, hidden, config.queryKeyValueBias());
            linear(all, at + "self_attn.v_proj", keys, hidden, config.queryKeyValueBias());
            if (config.queryKeyNorm()) {
                put(all, at + "self_attn.q_norm.weight", config.headSize());
                put(all, at + "self_attn.k_norm.weight", config.headSize());
            }
            linear(all, at + "self_attn.o_proj", hidden, queries, config.outputBias());
            put(all, at + "post_attention_layernorm.weight", hidden);
            linear(all, at + "mlp.gate_proj", inner, hidden, config.mlpBias());
            linear(all, at + "mlp.up_proj", inner, hidden, config.mlpBias());
            linear(all, at + "mlp.down_proj", hidden, inner, config.mlpBias());
        }
        put(all, FINAL_NORM, hidden);
        if (!config.tied()) {
            put(all, HEAD, config.vocabularySize(), hidden);
        }
        return all;
    }

    private static void put(Map<String, TensorType> all, String name, Object... shape) {
        all.put(name, TensorType.of(ElementType.FLOAT, shape));
    }

    private static void linear(Map<String, TensorType> all, String name, int out, int in, boolean bias) {
        put(all, name + ".weight", out, in);
        if (bias) {
            put(all, name + ".bias", out);
        }
    }

    @Override
    public Initial initial(String parameter) {
        if (parameter.endsWith("norm.weight")) {
            return Initial.ONE;
        }
        if (parameter.endsWith(".bias")) {
            return Initial.ZERO;
        }
        boolean residual = parameter.endsWith("o_proj.weight") || parameter.endsWith("down_proj.weight");
        return new Initial(
                0, residual ? config.initializerRange() / Math.sqrt(2.0 * config.layers()) : config.initializerRange());
    }

    @Override
    public Value hidden(GraphBuilder graph, Value inputIds, Value attentionMask, int longest) {
        Attention attention = new Attention(
                graph,
                config.heads(),
                config.keyValueHeads(),
                config.headSize(),
                attentionMask,
                true,
                Math.min(longest, config.maxLength()));
        return hidden(graph, inputIds, attention, table -> Attention.first(graph, table, inputIds));
    }

    @Override
    public Value hidden(GraphBuilder graph, SharedPrompts groups, int longest) {
        SharedAttention attention = new SharedAttention(
                graph,
                config.heads(),
                config.keyValueHeads(),
                config.headSize(),
                groups,
                Math.min(longest, config.maxLength()));
        return hidden(graph, groups.inputIds(), attention, table -> table.gather(groups.positions(), 0));
    }

    /** @param positions of a table of all positions those of the tokens */
    private Value hidden(GraphBuilder graph, Value inputIds, Attention attention, UnaryOperator<Value> positions) {
        Attention.Rotary rotary =
                new Attention.Rotary(graph, config.headSize(), config.maxLength(), config.rotaryBase(), positions);
        Value[] keyTables = rotary.tables(4);
        Value[] queryTables = config.group() == 1 ? keyTables : rotary.tables(5);
        Value stream = weight(graph, EMBEDDING).gather(inputIds, 0);
        for (int i = 0; i < config.layers(); i++) {
            String at = layer(i);
            Value before = stream;
            stream = graph.scoped(at.substring(0, at.length() - 1), () -> {
                Value normed = norm(graph, before, at + "input_layernorm.weight");
                Value query = attention.splitQuery(projected(graph, normed, at + "self_attn.q_proj"));
                Value key = attention.splitKeyOrValue(projected(graph, normed, at + "self_attn.k_proj"));
                Value value = attention.splitKeyOrValue(projected(graph, normed, at + "self_attn.v_proj"));
                if (config.queryKeyNorm()) {
                    query = norm(graph, query, at + "self_attn.q_norm.weight");
                    key = norm(graph, key, at + "self_attn.k_norm.weight");
                }
                Value mixed = attention.attend(rotary.apply(query, queryTables), rotary.apply(key, keyTables), value);
                Value middle = before.add(projected(graph, mixed, at + "self_attn.o_proj"));
                Value wide = norm(graph, middle, at + "post_attention_layernorm.weight");
                Value gate = projected(graph, wide, at + "mlp.gate_proj").silu();
                Value gated = gate.mul(projected(graph, wide, at + "mlp.up_proj"));
                return middle.add(projected(graph, gated, at + "mlp.down_proj"));
            });
        }
        return norm(graph, stream, FINAL_NORM);
    }

    @Override
    public Value logits(GraphBuilder graph, Value hidden) {
        return hidden.linear(weight(graph, config.tied() ? EMBEDDING : HEAD));
    }

    @Override
    public DecoderGraph decoder(int maxLength) {
        if (maxLength < 1 || maxLength > config.maxLength()) {
            throw SaveException.user("a cache of " + maxLength + " positions was asked for, but this " + family()
                    + " model has 1 to " + config.maxLength() + " (max_position_embeddings)");
        }
        return new LlamaDecoder(this, maxLength).build();
    }

    Value weight(GraphBuilder graph, String name) {
        return graph.parameter(name, java.util.Objects.requireNonNull(parameters.get(name), name));
    }

    /** A projection with its bias, if it has one. */
    Value projected(GraphBuilder graph, Value input, String name) {
        Value product = input.linear(weight(graph, name + ".weight"));
        String bias = name + ".bias";
        return parameters.containsKey(bias) ? product.add(weight(graph, bias)) : product;
    }

    private Value norm(GraphBuilder graph, Value input, String name) {
        return graph.op(
                "RMSNormalization",
                List.of(input, weight(graph, name)),
                Map.of("axis", Attribute.of(-1), "epsilon", Attribute.of((float) config.normEpsilon())));
    }
}
