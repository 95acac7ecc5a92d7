package dev.save4j.models;

import dev.save4j.graph.Graph;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.OnnxModel;
import dev.save4j.tensor.WeightStore;
import java.util.Optional;

/**
 * Whatever gives texts a score: a reward model of save4j, or a classifier of sequences that came as an ONNX file. Immutable but for the weights.
 *
 * @param family the architecture, as {@code model_type} in {@code config.json}
 * @param graph {@code input_ids}, {@code attention_mask} and perhaps {@code token_type_ids}, INT64 {@code [batch, sequence]}, padded on the right, to {@code
 *     reward} FLOAT {@code [batch]}
 * @param groupGraph see {@link RewardModel#groupGraph}
 * @param causal whether prompt and answer are one text; otherwise they are a pair
 * @param maxLength the longest sequence, in tokens
 * @param padding the token for places without text, which some exported models look for
 * @param rule what the score is, for people
 */
public record ScoringModel(
        String family,
        Graph graph,
        Optional<Graph> groupGraph,
        WeightStore weights,
        boolean causal,
        int maxLength,
        int padding,
        String rule) {
    /** The output with the scores. */
    public static final String OUTPUT = "reward";

    static final String TOKEN_TYPES = "token_type_ids";

    /** The head of a reward model. */
    public static ScoringModel of(RewardModel model) {
        return new ScoringModel(
                model.backbone().family(),
                model.rewardGraph(),
                model.groupGraph(),
                model.weights(),
                model.backbone().causal(),
                model.backbone().maxLength(),
                0,
                "the reward head");
    }

    /**
     * Loads a model with a reward head, or a classifier: an ONNX file with the output {@code logits}, {@code [batch, labels]}. Of one label the score is the
     * logit; of several it is the log-odds of one label against the others.
     *
     * @param label of a classifier, by name or number; without it the second of two
     * @throws dev.save4j.SaveException USER when the folder holds neither, the reward head is missing, or a label is to be chosen
     */
    public static ScoringModel load(ModelFolder folder, Optional<String> label) {
        return load(folder, label, Attention.PART);
    }

    /**
     * The same for long texts.
     *
     * @param longest tokens of a text, see {@link RewardModel#forSequences}
     */
    public static ScoringModel load(ModelFolder folder, Optional<String> label, int longest) {
        if (!folder.hasCheckpoint() && folder.onnx().isPresent()) {
            OnnxModel stored = OnnxCodec.read(folder.requireOnnx());
            if (Classifier.describes(stored.graph())) {
                return Classifier.open(stored, folder, label);
            }
        }
        label.ifPresent(name -> {
            throw Classifier.noLabels(folder, name);
        });
        return of(RewardModel.load(folder).forSequences(longest));
    }

    /** Whether the graph tells the two texts of a pair apart. */
    public boolean hasTokenTypes() {
        return graph.inputs().stream().anyMatch(input -> input.name().equals(TOKEN_TYPES));
    }
}
