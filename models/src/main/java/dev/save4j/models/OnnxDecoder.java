package dev.save4j.models;

import dev.save4j.SaveException;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.ExportedDecoder;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Dimension;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.GraphNormalizer;
import dev.save4j.graph.Node;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.OnnxModel;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.graph.ValueInfo;
import dev.save4j.graph.WeightAliases;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A causal language model that came as an ONNX file, exported for text generation with a cache, with the inputs and outputs that {@link
 * ExportedDecoder} names. The graph of the file is cut before the linear layer that makes the logits: what comes before it makes the hidden states
 * that heads read, with an empty cache. In {@code config.json} {@code max_position_embeddings} (or {@code n_positions}) must be there.
 */
public final class OnnxDecoder implements CausalBackbone {
    private static final String LOGITS = "logits";

    private final Graph whole;
    private final Graph trunk;
    private final Graph head;
    private final ObjectNode json;
    private final int hiddenSize;
    private final int vocabularySize;
    private final int maxLength;

    /** What a file holds. */
    public record Opened(OnnxDecoder backbone, WeightStore weights) {}

    private OnnxDecoder(Graph whole, ObjectNode json, Path file) {
        this.whole = whole;
        this.json = json;
        Node last = lastLayer(whole, file);
        String hidden = last.inputs().get(0);
        ConfigReader reader = new ConfigReader(json, json.path("model_type").asString("onnx"));
        maxLength = (int)
                (reader.has("n_positions") ? reader.integer("n_positions") : reader.integer("max_position_embeddings"));
        hiddenSize = size(reader, "hidden_size", width(whole, last));
        ValueInfo logits = whole.outputs().stream()
                .filter(output -> output.name().equals(LOGITS))
                .findFirst()
                .orElseThrow();
        vocabularySize = size(reader, "vocab_size", logits.type().dimension(-1));
        try {
            reader.finish();
        } catch (SaveException wrong) {
            throw SaveException.user(file + ": " + wrong.getMessage(), wrong);
        }
        TensorType states = TensorType.of(ElementType.FLOAT, "batch", "sequence", hiddenSize);
        trunk = part(whole, List.of(), new ValueInfo(hidden, states));
        head = part(whole, List.of(new ValueInfo(hidden, states)), logits);
    }

    private static int size(ConfigReader reader, String key, Dimension found) {
        return (int) (found.isFixed() ? found.size() : reader.integer(key));
    }

    /** Whether a file is such an export, rather than an encoder. */
    static boolean describes(Graph graph) {
        return graph.hasOutput(LOGITS)
                && graph.inputs().stream().anyMatch(input -> input.name().equals("past_key_values.0.key"));
    }

    /**
     * Reads a file.
     *
     * @param config the {@code config.json} beside it
     * @throws SaveException USER when the file cannot be read, or is no decoder with a cache
     */
    public static Opened open(Path file, JsonNode config) {
        return open(OnnxCodec.read(file), file, config);
    }

    static Opened open(OnnxModel stored, Path file, JsonNode config) {
        OnnxModel model = WeightAliases.rename(stored, WeightAliases.derive(stored.graph()));
        Graph graph = GraphNormalizer.normalize(model);
        if (!describes(graph)) {
            throw SaveException.user(file + ": a policy needs the inputs past_key_values.* and the output " + LOGITS
                    + ", but the inputs are "
                    + graph.inputs().stream().map(ValueInfo::name).toList() + " and the outputs "
                    + graph.outputs().stream().map(ValueInfo::name).toList()
                    + "; export it as text generation with past");
        }
        OnnxDecoder backbone = new OnnxDecoder(graph, (ObjectNode) config.deepCopy(), file);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        graph.parameters().keySet().forEach(name -> weights.put(name, model.weight(name)));
        return new Opened(backbone, new WeightStore(weights));
    }

    /** The linear layer before the logits, behind nodes that hand its result through or add a bias. */
    private static Node lastLayer(Graph graph, Path file) {
        Map<String, Node> producers = graph.producers();
        Optional<Node> node = Optional.ofNullable(producers.get(LOGITS));
        while (node.isPresent()
                && Set.of("Identity", "Cast", "Add").contains(node.get().operator())) {
            node = node.get().inputs().stream()
                    .map(producers::get)
                    .filter(Objects::nonNull)
                    .findFirst();
        }
        return node.filter(last -> Set.of("MatMul", "FusedMatMul").contains(last.operator()))
                .orElseThrow(() ->
                        SaveException.user(file + ": the logits must come from a linear layer (MatMul), but come from "
                                + Optional.ofNullable(producers.get(LOGITS))
                                        .map(Node::describe)
                                        .orElse("an input")));
    }

    /** The size of what a linear layer reads, by the shape of its weight. */
    private static Dimension width(Graph graph, Node layer) {
        String weight = layer.inputs().get(1);
        boolean transposed = layer.integer("transB", 0) == 1;
        Node producer = graph.producers().get(weight);
        if (producer != null && producer.operator().equals("Transpose")) {
            weight = producer.inputs().get(0);
            transposed = !transposed;
        }
        TensorType type = graph.parameters().get(weight);
        return type == null ? Dimension.UNKNOWN : type.dimension(transposed ? 1 : 0);
    }

    /** The nodes on which one value depends, back to some others. */
    private static Graph part(Graph graph, List<ValueInfo> from, ValueInfo to) {
        Set<String> needed = new HashSet<>(Set.of(to.name()));
        List<Node> nodes = new ArrayList<>();
        for (int i = graph.nodes().size() - 1; i >= 0; i--) {
            Node node = graph.nodes().get(i);
            boolean given = from.stream().anyMatch(value -> node.outputs().contains(value.name()));
            if (!given && node.outputs().stream().anyMatch(needed::contains)) {
                nodes.add(node);
                needed.addAll(node.reads());
            }
        }
        Collections.reverse(nodes);
        Map<String, Tensor> constants = new LinkedHashMap<>(graph.constants());
        constants.keySet().retainAll(needed);
        Map<String, TensorType> parameters = new LinkedHashMap<>(graph.parameters());
        parameters.keySet().retainAll(needed);
        List<ValueInfo> inputs = new ArrayList<>(from);
        graph.inputs().stream().filter(input -> needed.contains(input.name())).forEach(inputs::add);
        return new Graph(graph.name(), graph.opsets(), inputs, List.of(to), nodes, constants, parameters);
    }

    @Override
    public String family() {
        return json.path("model_type").asString("onnx");
    }

    @Override
    public int hiddenSize() {
        return hiddenSize;
    }

    @Override
    public int vocabularySize() {
        return vocabularySize;
    }

    @Override
    public int maxLength() {
        return maxLength;
    }

    @Override
    public Map<String, TensorType> parameters() {
        return whole.parameters();
    }

    @Override
    public Map<String, TensorType> trunkParameters() {
        return trunk.parameters();
    }

    @Override
    public ObjectNode config() {
        return json.deepCopy();
    }

    /** Always a USER error: the weights of a file come with it. */
    @Override
    public Initial initial(String parameter) {
        throw SaveException.user(
                "the ONNX model '" + family() + "' cannot start from new weights; its weights are in its file");
    }

    @Override
    public Value hidden(GraphBuilder graph, Value inputIds, Value attentionMask, int longest) {
        Map<String, Value> bound = new LinkedHashMap<>();
        for (ValueInfo input : trunk.inputs()) {
            Value value = switch (input.name()) {
                case "input_ids" -> inputIds;
                case "attention_mask" -> attentionMask;
                case "position_ids" -> positions(graph, attentionMask);
                case "use_cache_branch" -> graph.constant("use_cache_branch", Tensor.of(new boolean[] {false}, 1));
                default -> emptyCache(graph, input, inputIds);
            };
            ElementType element = input.type().element();
            bound.put(input.name(), value.type().element() == element ? value : value.cast(element));
        }
        return graph.include(trunk, bound).values().iterator().next();
    }

    /** From 0 for each token, {@code [batch, sequence]}; padding has that of the token before it. */
    private static Value positions(GraphBuilder graph, Value mask) {
        return graph.op("CumSum", mask, graph.scalar(1L)).sub(graph.scalar(1L));
    }

    private static Value emptyCache(GraphBuilder graph, ValueInfo past, Value ids) {
        Value shape = graph.concat(
                0,
                ids.size(0),
                graph.vector(
                        past.type().dimension(1).size(),
                        0,
                        past.type().dimension(3).size()));
        return graph.op(
                "ConstantOfShape", List.of(shape), Map.of("value", Attribute.of(Tensor.of(new float[] {0}, 1))));
    }

    @Override
    public Value logits(GraphBuilder graph, Value hidden) {
        return graph.include(head, Map.of(head.inputs().get(0).name(), hidden))
                .values()
                .iterator()
                .next();
    }

    @Override
    public DecoderGraph decoder(int maxLength) {
        if (maxLength > this.maxLength) {
            throw SaveException.user("the model has " + this.maxLength + " positions, not " + maxLength);
        }
        return ExportedDecoder.of(whole, maxLength);
    }

    /** The graph of the file, for saving. */
    Graph graph() {
        return whole;
    }
}
