package dev.save4j.models;

import dev.save4j.SaveException;
import dev.save4j.graph.Dimension;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.GraphNormalizer;
import dev.save4j.graph.OnnxModel;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.graph.ValueInfo;
import dev.save4j.graph.WeightAliases;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import dev.save4j.tokenizers.JsonFiles;
import dev.save4j.tokenizers.Tokenizers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/** A classifier of sequences that came as an ONNX file, as exporters of Hugging Face write it, made a giver of scores. */
final class Classifier {
    private static final String LOGITS = "logits";

    /** Families whose classifiers read prompt and answer as one text; {@code causal} in config.json says otherwise. */
    private static final Set<String> CAUSAL = Set.of(
            "llama",
            "mistral",
            "mixtral",
            "qwen2",
            "qwen3",
            "gpt2",
            "gpt_neox",
            "gemma",
            "gemma2",
            "phi",
            "phi3",
            "opt",
            "bloom",
            "falcon",
            "olmo",
            "stablelm",
            "cohere");

    private Classifier() {}

    /** Whether a file is one: it gives logits, and neither takes a cache nor has a head of save4j. */
    static boolean describes(Graph graph) {
        return graph.hasOutput(LOGITS)
                && !OnnxDecoder.describes(graph)
                && graph.outputs().stream().noneMatch(output -> output.name().equals(ScoringModel.OUTPUT));
    }

    static ScoringModel open(OnnxModel stored, ModelFolder folder, Optional<String> label) {
        Path file = folder.requireOnnx();
        JsonNode config = folder.config();
        OnnxModel model = WeightAliases.rename(stored, WeightAliases.derive(stored.graph()));
        ValueInfo logits = model.graph().outputs().stream()
                .filter(output -> output.name().equals(LOGITS))
                .findFirst()
                .orElseThrow();
        Graph whole =
                GraphNormalizer.normalize(model.with(OnnxFile.onlyOutput(model.graph(), logits), model.weights()));
        OnnxFile.checkInputs(file, whole);
        ConfigReader reader = new ConfigReader(config, config.path("model_type").asString("onnx"));
        boolean causal =
                reader.flag("causal", CAUSAL.contains(config.path("model_type").asString("")));
        long positions = reader.integer(reader.has("n_positions") ? "n_positions" : "max_position_embeddings");
        reader.finish();
        Map<Integer, String> names = labels(config);
        int labels = count(file, whole.outputs().get(0).type(), names.size());
        int chosen = label.isPresent() ? find(label.get(), names, labels, folder) : second(labels, names, folder);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        whole.parameters().keySet().forEach(name -> weights.put(name, model.weight(name)));
        return new ScoringModel(
                config.path("model_type").asString("onnx"),
                graph(whole, labels, chosen),
                Optional.empty(),
                new WeightStore(weights),
                causal,
                (int) Math.min(positions, tokenizerLimit(folder)),
                Math.max(0, config.path("pad_token_id").asInt(0)),
                labels == 1
                        ? "the logit"
                        : "the log-odds of label " + chosen
                                + Optional.ofNullable(names.get(chosen))
                                        .map(name -> " (" + name + ")")
                                        .orElse(""));
    }

    private static Map<Integer, String> labels(JsonNode config) {
        Map<Integer, String> names = new TreeMap<>();
        config.path("id2label").properties().forEach(entry -> {
            if (entry.getKey().matches("\\d{1,6}")) {
                names.put(Integer.parseInt(entry.getKey()), entry.getValue().asString(""));
            }
        });
        return names;
    }

    private static int count(Path file, TensorType logits, int named) {
        boolean fits = logits.element() == ElementType.FLOAT && logits.rank() == 2;
        Dimension last = fits ? logits.dimension(1) : Dimension.UNKNOWN;
        if (!fits || !last.isFixed() && named == 0) {
            throw SaveException.user(
                    file + ": the output '" + LOGITS + "' is " + logits
                            + ", expected FLOAT[batch, labels] with a fixed number of labels, or their names as id2label in config.json");
        }
        return last.isFixed() ? (int) last.size() : named;
    }

    private static int second(int labels, Map<Integer, String> names, ModelFolder folder) {
        if (labels > 2) {
            throw SaveException.user("the classifier " + folder.path() + " has " + labels
                    + " labels; say which one is good, by name or number, as in " + folder.path() + "?label="
                    + names.getOrDefault(labels - 1, String.valueOf(labels - 1)) + ". Its labels: " + names);
        }
        return labels - 1;
    }

    private static int find(String label, Map<Integer, String> names, int labels, ModelFolder folder) {
        for (int i = 0; i < labels; i++) {
            if (label.equals(names.get(i)) || label.equals(String.valueOf(i))) {
                return i;
            }
        }
        throw SaveException.user(
                "the classifier " + folder.path() + " has no label '" + label + "'; it has " + labels + ": " + names);
    }

    static SaveException noLabels(ModelFolder folder, String label) {
        return SaveException.user("the model " + folder.path() + " is no classifier with logits, so that the label '"
                + label + "' cannot be chosen");
    }

    /** Some families count positions from behind the padding, and say how long a text may be in the settings of the tokenizer alone. */
    private static long tokenizerLimit(ModelFolder folder) {
        Path settings = folder.path().resolve(Tokenizers.CONFIG);
        JsonNode limit = Files.isRegularFile(settings)
                ? JsonFiles.readObject(settings).path("model_max_length")
                : folder.config().path("");
        return limit.isNumber() && limit.doubleValue() >= 1 && limit.doubleValue() <= Integer.MAX_VALUE
                ? limit.longValue()
                : Integer.MAX_VALUE;
    }

    private static Graph graph(Graph whole, int labels, int chosen) {
        GraphBuilder graph = new GraphBuilder(whole.name() + "-score");
        Map<String, Value> inputs = new LinkedHashMap<>();
        for (ValueInfo input : whole.inputs()) {
            Value value = graph.input(input.name(), ElementType.INT64, "batch", "sequence");
            ElementType element = input.type().element();
            inputs.put(input.name(), element == ElementType.INT64 ? value : value.cast(element));
        }
        Value logits = Objects.requireNonNull(graph.include(whole, inputs).get(LOGITS));
        Value score = logits.slice(1, chosen, chosen + 1);
        if (labels > 1) {
            List<Value> others = new ArrayList<>();
            IntStream.range(0, labels)
                    .filter(other -> other != chosen)
                    .forEach(other -> others.add(logits.slice(1, other, other + 1)));
            Value rest = others.size() == 1 ? others.get(0) : graph.concat(1, others);
            Value largest = rest.max(1, true);
            // The logarithm of the sum of exponentials, without overflow.
            score = score.sub(rest.sub(largest).exp().sum(1, true).log().add(largest));
        }
        graph.output(ScoringModel.OUTPUT, score.squeeze(1));
        return graph.build();
    }
}
