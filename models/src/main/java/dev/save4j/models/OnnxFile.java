package dev.save4j.models;

import dev.save4j.SaveException;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A backbone that came as an ONNX file, such as a sentence encoder that was exported from PyTorch. Its nodes are those of the file in the one
 * operator set of save4j; its weights have the names of the file, and those that the exporter left anonymous get names from the nodes that use them.
 *
 * <p>The file's inputs are {@code input_ids}, {@code attention_mask} and perhaps {@code token_type_ids}, all {@code [batch, sequence]} with dynamic
 * sizes; its output holds hidden states {@code [batch, sequence, hidden]}. In {@code config.json} {@code hidden_output} names that output, by default
 * {@code last_hidden_state}; {@code causal} says whether the model is, by default not; {@code max_position_embeddings} must be there.
 */
public final class OnnxFile implements Backbone {
    private static final String IDS = "input_ids";
    private static final String MASK = "attention_mask";
    private static final String TOKEN_TYPES = "token_type_ids";
    private static final String DEFAULT_OUTPUT = "last_hidden_state";

    private final Graph encoder;
    private final ObjectNode json;
    private final boolean tokenTypes;
    private final boolean causal;
    private final int hiddenSize;
    private final int vocabularySize;
    private final int maxLength;

    /**
     * What a file holds.
     *
     * @param weights those of the backbone, then those of the heads that a reward model was saved with
     */
    public record Opened(OnnxFile backbone, WeightStore weights) {}

    private OnnxFile(Graph encoder, ObjectNode json, Path file, boolean tokenTypes) {
        this.encoder = encoder;
        this.json = json;
        this.tokenTypes = tokenTypes;
        ConfigReader reader = new ConfigReader(json, json.path("model_type").asString("onnx"));
        this.causal = reader.flag("causal", false);
        this.maxLength = (int) reader.integer("max_position_embeddings");
        Dimension width = encoder.outputs().get(0).type().dimension(-1);
        this.hiddenSize = size(reader, "hidden_size", width, "the last dimension of its output");
        this.vocabularySize = size(reader, "vocab_size", vocabulary(encoder), "the rows of its token embedding");
        try {
            reader.finish();
        } catch (SaveException wrong) {
            throw SaveException.user(file + ": " + wrong.getMessage(), wrong);
        }
    }

    private OnnxFile(OnnxFile other, boolean tokenTypes) {
        this.encoder = other.encoder;
        this.json = other.json;
        this.causal = other.causal;
        this.hiddenSize = other.hiddenSize;
        this.vocabularySize = other.vocabularySize;
        this.maxLength = other.maxLength;
        this.tokenTypes = tokenTypes;
    }

    private static int size(ConfigReader reader, String key, Dimension found, String where) {
        if (!found.isFixed()) {
            return (int) reader.integer(key);
        }
        if (reader.integer(key, found.size()) != found.size()) {
            reader.problem("'" + key + "' is " + reader.integer(key, 0) + ", but the ONNX file has " + found.size()
                    + " as " + where);
        }
        return (int) found.size();
    }

    /** The rows of the table in which the token ids are looked up, if that can be seen. */
    private static Dimension vocabulary(Graph graph) {
        for (Node node : graph.nodes()) {
            if (node.operator().equals("Gather") && node.inputs().get(1).equals(IDS)) {
                TensorType table = graph.parameters().get(node.inputs().get(0));
                return table == null ? Dimension.UNKNOWN : table.dimension(0);
            }
        }
        return Dimension.UNKNOWN;
    }

    /**
     * Reads a file.
     *
     * @param config the {@code config.json} beside it
     * @throws SaveException USER when the file cannot be read, lacks the output, or has inputs that save4j does not know
     */
    public static Opened open(Path file, JsonNode config) {
        return open(OnnxCodec.read(file), file, config);
    }

    static Opened open(OnnxModel stored, Path file, JsonNode config) {
        OnnxModel model = WeightAliases.rename(stored, WeightAliases.derive(stored.graph()));
        ValueInfo output =
                hiddenOutput(file, model.graph(), config.path("hidden_output").asString(DEFAULT_OUTPUT));
        Graph encoder = GraphNormalizer.normalize(model.with(onlyOutput(model.graph(), output), model.weights()));
        checkInputs(file, encoder);
        OnnxFile backbone = new OnnxFile(encoder, (ObjectNode) config.deepCopy(), file, false);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        encoder.parameters()
                .keySet()
                .forEach(name -> weights.put(name, model.weights().get(name)));
        for (Head head : Head.values()) {
            for (String name : head.parameters(backbone.hiddenSize).keySet()) {
                Optional.ofNullable(model.weights().get(name)).ifPresent(tensor -> weights.put(name, tensor));
            }
        }
        return new Opened(backbone, new WeightStore(weights));
    }

    private static ValueInfo hiddenOutput(Path file, Graph graph, String name) {
        ValueInfo output = graph.outputs().stream()
                .filter(candidate -> candidate.name().equals(name))
                .findFirst()
                .orElseThrow(
                        () -> SaveException.user(file + ": there is no output '" + name + "' with the hidden states;"
                                + " the outputs are "
                                + graph.outputs().stream().map(ValueInfo::name).toList()
                                + ". Name the right one as 'hidden_output' in config.json"));
        if (output.type().rank() != 3 || output.type().element() != ElementType.FLOAT) {
            throw SaveException.user(file + ": the output '" + name + "' is " + output.type()
                    + ", expected hidden states FLOAT[batch, sequence, hidden]");
        }
        return output;
    }

    static Graph onlyOutput(Graph graph, ValueInfo output) {
        return new Graph(
                graph.name(),
                graph.opsets(),
                graph.inputs(),
                List.of(output),
                graph.nodes(),
                graph.constants(),
                graph.parameters(),
                graph.preserved());
    }

    static void checkInputs(Path file, Graph graph) {
        List<String> known = List.of(IDS, MASK, TOKEN_TYPES);
        List<String> names = graph.inputs().stream().map(ValueInfo::name).toList();
        if (!names.containsAll(List.of(IDS, MASK)) || !known.containsAll(names)) {
            throw SaveException.user(file + ": the inputs are " + names + ", expected " + IDS + ", " + MASK
                    + " and perhaps " + TOKEN_TYPES);
        }
        for (ValueInfo input : graph.inputs()) {
            TensorType type = input.type();
            boolean integers = type.element() == ElementType.INT64 || type.element() == ElementType.INT32;
            if (!integers || type.rank() != 2 || type.shape().stream().anyMatch(Dimension::isFixed)) {
                throw SaveException.user(file + ": the input '" + input.name() + "' is " + type
                        + ", expected INT64[batch, sequence] with dynamic sizes; export the model with dynamic axes");
            }
        }
    }

    /** The same backbone with {@code token_type_ids} as an input of every graph; without it they are 0. */
    public OnnxFile withTokenTypes() {
        if (!hasTokenTypes()) {
            throw SaveException.user("the ONNX model '" + family() + "' has no input " + TOKEN_TYPES);
        }
        return new OnnxFile(this, true);
    }

    /** Whether the file tells the two texts of a pair apart. */
    public boolean hasTokenTypes() {
        return encoder.inputs().stream().anyMatch(input -> input.name().equals(TOKEN_TYPES));
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
    public boolean causal() {
        return causal;
    }

    @Override
    public Map<String, TensorType> parameters() {
        return encoder.parameters();
    }

    @Override
    public ObjectNode config() {
        return json.deepCopy();
    }

    /** The name of the output with the hidden states in the file. */
    String hiddenOutput() {
        return encoder.outputs().get(0).name();
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
        for (ValueInfo input : encoder.inputs()) {
            Value value = switch (input.name()) {
                case IDS -> inputIds;
                case MASK -> attentionMask;
                default ->
                    tokenTypes
                            ? graph.inputOnce(TOKEN_TYPES, ElementType.INT64, "batch", "sequence")
                            : zeros(graph, inputIds);
            };
            ElementType element = input.type().element();
            bound.put(input.name(), value.type().element() == element ? value : value.cast(element));
        }
        return Objects.requireNonNull(graph.include(encoder, bound).get(hiddenOutput()));
    }

    private static Value zeros(GraphBuilder graph, Value like) {
        return graph.op("ConstantOfShape", List.of(like.shape()), Map.of("value", Attribute.of(Tensor.vector(0))));
    }
}
