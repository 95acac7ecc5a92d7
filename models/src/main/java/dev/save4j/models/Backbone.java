package dev.save4j.models;

import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/**
 * A transformer without its heads, as a maker of graph nodes. It holds no weights: those are named by {@link #parameters()} and live in a {@link
 * dev.save4j.tensor.WeightStore}. Implementations are immutable and thread-safe.
 */
public interface Backbone {
    /** Positions whose attention is computed at once by backbones that are built here, see {@link #hidden(GraphBuilder, Value, Value, int)}. */
    int PART = 512;

    /** The architecture, as {@code model_type} in a Hugging Face {@code config.json}. */
    String family();

    int hiddenSize();

    int vocabularySize();

    /** The longest sequence, in tokens. */
    int maxLength();

    /** Whether a position sees only itself and the ones before it. */
    boolean causal();

    /** The weights by Hugging Face name, linear weights {@code [out, in]}; with those of a language-model head, if there is one. */
    Map<String, TensorType> parameters();

    /** The weights that {@link #hidden} reads: all but those of a language-model head. */
    default Map<String, TensorType> trunkParameters() {
        return parameters();
    }

    /**
     * Adds the nodes of a forward pass in the form that scoring and training share: no cache, positions from 0, any batch and sequence size up to
     * {@link #maxLength()}.
     *
     * @param inputIds INT64 {@code [batch, sequence]}, padded on the right
     * @param attentionMask INT64 {@code [batch, sequence]}, 1 for tokens and 0 for padding
     * @return FLOAT {@code [batch, sequence, hidden]} after the final normalisation; undefined at padding
     */
    default Value hidden(GraphBuilder graph, Value inputIds, Value attentionMask) {
        return hidden(graph, inputIds, attentionMask, PART);
    }

    /**
     * The same for long sequences.
     *
     * @param longest how long sequences get. Backbones that are built here compute the attention of each {@link #PART} positions after the other, so that what
     *     it takes grows in proportion to the length; beyond {@code longest} it grows faster. Fewer are cheaper to open
     */
    Value hidden(GraphBuilder graph, Value inputIds, Value attentionMask, int longest);

    /** The {@code config.json} from which {@link Backbones#fromConfig} makes an equal backbone. */
    ObjectNode config();

    /** How a new weight of that name is drawn; see {@link Backbones#initialize}. */
    Initial initial(String parameter);
}
