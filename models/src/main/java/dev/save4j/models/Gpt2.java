package dev.save4j.models;

import dev.save4j.SaveException;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Node;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * GPT-2: layer normalisation with biases, learned positions, one packed projection for query, key and value. The references are {@code
 * modeling_gpt2.py} of Hugging Face Transformers and minGPT.
 */
public final class Gpt2 implements CausalBackbone, SharingBackbone {
    private static final String EMBEDDING = "transformer.wte.weight";
    private static final String POSITIONS = "transformer.wpe.weight";
    private static final String FINAL_NORM = "transformer.ln_f";
    private static final String HEAD = "lm_head.weight";

    private final Gpt2Config config;
    private final ObjectNode json;
    private final Map<String, TensorType> parameters;

    public Gpt2(Gpt2Config config) {
        this(config, config.toJson());
    }

    private Gpt2(Gpt2Config config, ObjectNode json) {
        this.config = config;
        this.json = json;
        this.parameters = Collections.unmodifiableMap(declare());
    }

    /** From a Hugging Face configuration, of which {@link #config()} keeps what save4j does not read, such as the ids of special tokens. */
    static Gpt2 parse(JsonNode json) {
        return new Gpt2(Gpt2Config.parse(json), (ObjectNode) json.deepCopy());
    }

    public Gpt2Config settings() {
        return config;
    }

    @Override
    public String family() {
        return "gpt2";
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

    private static String layer(int index) {
        return "transformer.h." + index + '.';
    }

    private Map<String, TensorType> declare() {
        int hidden = config.hiddenSize();
        Map<String, TensorType> all = new LinkedHashMap<>();
        put(all, EMBEDDING, config.vocabularySize(), hidden);
        put(all, POSITIONS, config.maxLength(), hidden);
        for (int i = 0; i < config.layers(); i++) {
            String at = layer(i);
            norm(all, at + "ln_1");
            linear(all, at + "attn.c_attn", hidden, 3 * hidden);
            linear(all, at + "attn.c_proj", hidden, hidden);
            norm(all, at + "ln_2");
            linear(all, at + "mlp.c_fc", hidden, config.innerSize());
            linear(all, at + "mlp.c_proj", config.innerSize(), hidden);
        }
        norm(all, FINAL_NORM);
        if (!config.tied()) {
            put(all, HEAD, config.vocabularySize(), hidden);
        }
        return all;
    }

    private static void put(Map<String, TensorType> all, String name, Object... shape) {
        all.put(name, TensorType.of(ElementType.FLOAT, shape));
    }

    private void norm(Map<String, TensorType> all, String name) {
        put(all, name + ".weight", config.hiddenSize());
        put(all, name + ".bias", config.hiddenSize());
    }

    private void linear(Map<String, TensorType> all, String name, int in, int out) {
        if (config.linearOrder() == Gpt2Config.LinearOrder.IN_OUT) {
            put(all, name + ".weight", in, out);
        } else {
            put(all, name + ".weight", out, in);
        }
        put(all, name + ".bias", out);
    }

    @Override
    public Initial initial(String parameter) {
        if (parameter.endsWith(".bias")) {
            return Initial.ZERO;
        }
        if (parameter.contains(".ln_")) {
            return Initial.ONE;
        }
        boolean residual = parameter.endsWith("c_proj.weight");
        return new Initial(
                0, residual ? config.initializerRange() / Math.sqrt(2.0 * config.layers()) : config.initializerRange());
    }

    @Override
    public Value hidden(GraphBuilder graph, Value inputIds, Value attentionMask, int longest) {
        Attention attention = new Attention(
                graph,
                config.heads(),
                config.heads(),
                config.headSize(),
                attentionMask,
                true,
                Math.min(longest, config.maxLength()));
        return hidden(graph, inputIds, Attention.first(graph, weight(graph, POSITIONS), inputIds), attention);
    }

    @Override
    public Value hidden(GraphBuilder graph, SharedPrompts groups, int longest) {
        SharedAttention attention = new SharedAttention(
                graph,
                config.heads(),
                config.heads(),
                config.headSize(),
                groups,
                Math.min(longest, config.maxLength()));
        Value positions = weight(graph, POSITIONS).gather(groups.positions(), 0);
        return hidden(graph, groups.inputIds(), positions, attention);
    }

    private Value hidden(GraphBuilder graph, Value inputIds, Value positions, Attention attention) {
        int size = config.hiddenSize();
        Value stream = weight(graph, EMBEDDING).gather(inputIds, 0).add(positions);
        for (int i = 0; i < config.layers(); i++) {
            String at = layer(i);
            Value before = stream;
            stream = graph.scoped(at.substring(0, at.length() - 1), () -> {
                List<Value> parts = projected(graph, norm(graph, before, at + "ln_1"), at + "attn.c_attn")
                        .split(-1, size, size, size);
                Value mixed = attention.attend(
                        attention.splitQuery(parts.get(0)),
                        attention.splitKeyOrValue(parts.get(1)),
                        attention.splitKeyOrValue(parts.get(2)));
                Value middle = before.add(projected(graph, mixed, at + "attn.c_proj"));
                return middle.add(feedForward(graph, norm(graph, middle, at + "ln_2"), at));
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
            throw SaveException.user(
                    "a cache of " + maxLength + " positions was asked for, but this gpt2 model has 1 to "
                            + config.maxLength() + " (n_positions)");
        }
        GraphBuilder graph = new GraphBuilder("gpt2-decoder");
        DecoderInputs inputs = new DecoderInputs(graph, config.heads(), config.headSize(), maxLength);
        Value positions = weight(graph, POSITIONS).gather(inputs.positions(), 0);
        Value stream = weight(graph, EMBEDDING).gather(inputs.inputIds(), 0).add(positions);
        Value normed = norm(graph, stream, layer(0) + "ln_1");
        for (int i = 0; i < config.layers(); i++) {
            String at = layer(i);
            Value packed = projected(graph, normed, at + "attn.c_attn");
            Value mixed = inputs.attend(i, List.of(packed), List.of(), config.heads());
            List<Value> middle = addAndNorm(graph, projected(graph, mixed, at + "attn.c_proj"), stream, at + "ln_2");
            List<Value> after = addAndNorm(
                    graph,
                    feedForward(graph, middle.get(0), at),
                    middle.get(1),
                    i + 1 < config.layers() ? layer(i + 1) + "ln_1" : FINAL_NORM);
            normed = after.get(0);
            stream = after.get(1);
        }
        graph.output("logits", logits(graph, normed.atPosition(inputs.lastPosition())));
        return inputs.finish(config.layers(), config.vocabularySize());
    }

    private Value feedForward(GraphBuilder graph, Value input, String at) {
        Value wide = projected(graph, input, at + "mlp.c_fc");
        Value activated = graph.op(
                "Gelu",
                List.of(wide),
                Map.of("approximate", Attribute.of(config.activation().approximation())));
        return projected(graph, activated, at + "mlp.c_proj");
    }

    private Value weight(GraphBuilder graph, String name) {
        return graph.parameter(name, Objects.requireNonNull(parameters.get(name), name));
    }

    private Value projected(GraphBuilder graph, Value input, String name) {
        Value matrix = weight(graph, name + ".weight");
        Value product =
                config.linearOrder() == Gpt2Config.LinearOrder.IN_OUT ? input.matmul(matrix) : input.linear(matrix);
        return product.add(weight(graph, name + ".bias"));
    }

    private Value norm(GraphBuilder graph, Value input, String name) {
        return graph.op(
                "LayerNormalization",
                List.of(input, weight(graph, name + ".weight"), weight(graph, name + ".bias")),
                Map.of("axis", Attribute.of(-1), "epsilon", Attribute.of((float) config.normEpsilon())));
    }

    /** The normalised sum and the sum itself, in one operator of ONNX Runtime. */
    private List<Value> addAndNorm(GraphBuilder graph, Value input, Value skip, String name) {
        TensorType type = skip.type();
        List<Value> results = graph.node(
                Node.MICROSOFT,
                "SkipLayerNormalization",
                List.of(input, skip, weight(graph, name + ".weight"), weight(graph, name + ".bias")),
                Map.of("epsilon", Attribute.of((float) config.normEpsilon())),
                List.of(type, type, type, type),
                List.of(name + "/normed", "", "", name + "/sum"));
        return List.of(results.get(0), results.get(3));
    }
}
