package dev.save4j.wiring;

import dev.save4j.engine.Checkpointing;
import dev.save4j.graph.TensorType;
import dev.save4j.models.Backbone;
import dev.save4j.models.LogitParts;
import dev.save4j.models.OnnxDecoder;
import dev.save4j.models.OnnxFile;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * How many numbers a model makes, from its sizes alone: the outputs of its products and its attention weights. Attention and log-probs of more than 512
 * positions are made in parts where the backbone is built here, not where it is a file.
 *
 * @param weights of the model
 * @param perToken outputs of products for each token, in all layers
 */
record LayerNumbers(
        long weights, double perToken, long hidden, long layers, long heads, boolean causal, boolean inParts) {
    private static final Pattern EMBEDDING = Pattern.compile("embed_tokens|wte|lm_head");

    /** @param parameters those that are read */
    static LayerNumbers of(Backbone backbone, Map<String, TensorType> parameters) {
        boolean inParts = !(backbone instanceof OnnxFile || backbone instanceof OnnxDecoder);
        long weights = 0;
        double perToken = 0;
        long products = 0;
        for (Map.Entry<String, TensorType> parameter : parameters.entrySet()) {
            long[] shape = parameter.getValue().fixedShape();
            weights += LongStream.of(shape).reduce(1, Math::multiplyExact);
            // A linear layer may have as many outputs as there are words; files name their weights as they please.
            boolean embedding = shape.length == 2
                    && shape[0] == backbone.vocabularySize()
                    && (!inParts || EMBEDDING.matcher(parameter.getKey()).find());
            if (shape.length == 2 && !embedding) {
                // What goes in and what comes out, whichever axis is which.
                perToken += (shape[0] + shape[1]) / 2.0;
                products++;
            }
        }
        JsonNode config = backbone.config();
        // Files that do not say it: heads of 64, and six products in a layer.
        long heads = number(config, Math.max(1, backbone.hiddenSize() / 64), "num_attention_heads", "n_head");
        long layers = number(config, Math.max(1, products / 6), "num_hidden_layers", "n_layer");
        return new LayerNumbers(weights, perToken, backbone.hiddenSize(), layers, heads, backbone.causal(), inParts);
    }

    private static long number(JsonNode config, long otherwise, String... names) {
        return Stream.of(names)
                .map(config::path)
                .filter(JsonNode::isIntegralNumber)
                .map(JsonNode::longValue)
                .filter(value -> value > 0)
                .findFirst()
                .orElse(otherwise);
    }

    /** Those that are in memory at once when a batch is scored: of one layer and one part. */
    double scored(long sequences, int length) {
        return sequences * (length * perToken / layers + heads * (double) part(length) * length);
    }

    /** Those that are in memory at once when gradients are computed, logits not among them. */
    double trained(long sequences, int length, Checkpointing kept) {
        return switch (kept) {
            case NONE -> sequences * (length * perToken + layers * heads * attended(length));
            case BLOCKS -> (double) sequences * length * layers * hidden + scored(sequences, length);
        };
    }

    /** Logits that are in memory at once when log-probabilities are computed, and with {@code all} those that stay for the gradient. */
    static double logits(long sequences, int length, int vocabulary, boolean all) {
        int positions = all ? length : Math.min(length, new LogitParts(vocabulary).positions());
        return (double) sequences * positions * vocabulary;
    }

    private int part(int length) {
        return inParts ? Math.min(length, Backbone.PART) : length;
    }

    /** Pairs of positions whose attention is computed: a causal part sees nothing behind it. */
    private double attended(int length) {
        double pairs = (double) length * length;
        return causal && inParts && length > Backbone.PART ? (pairs + (double) length * Backbone.PART) / 2 : pairs;
    }
}
