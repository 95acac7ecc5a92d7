package dev.save4j.models;

import dev.save4j.engine.DecoderGraph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;

/** A backbone that can also predict the next token. */
public interface CausalBackbone extends Backbone {
    @Override
    default boolean causal() {
        return true;
    }

    /**
     * Adds the language-model head.
     *
     * @param hidden FLOAT {@code [..., hidden]} as {@link #hidden} returns it, or some of its positions
     * @return FLOAT {@code [..., vocabulary]}
     */
    Value logits(GraphBuilder graph, Value hidden);

    /**
     * The form with a key-value cache, for sampling. It computes what {@link #hidden} and {@link #logits} do, with fused operators of ONNX
     * Runtime.
     *
     * @param maxLength positions that the cache holds; a USER error when the model has fewer
     */
    DecoderGraph decoder(int maxLength);
}
