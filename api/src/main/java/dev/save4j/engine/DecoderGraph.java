package dev.save4j.engine;

import dev.save4j.graph.Graph;
import dev.save4j.tensor.Tensor;

/**
 * A causal language model as a graph with a key-value cache, ready to be sampled from.
 *
 * <p>Inputs: {@code input_ids} INT64 {@code [batch, sequence]}, right-padded; {@code last_position} INT64 {@code [batch, 1]}, the index in the row of
 * the token whose logits are wanted; {@code seqlens_k} INT32 {@code [batch]}, cached tokens plus new tokens minus one;
 * {@code total_sequence_length} INT32 scalar, the largest of those plus one; {@code past_key_values.i.key} and {@code .value} FLOAT
 * {@code [batch, kvHeads, maxLength, headSize]} for each layer i. Outputs: {@code logits} FLOAT {@code [batch, vocabulary]};
 * {@code present.i.key} and {@code .value}, which may share the memory of the past.
 *
 * @param maxLength positions that the cache can hold, prompt and completion together
 */
public record DecoderGraph(Graph graph, int layers, int kvHeads, int headSize, int vocabulary, int maxLength) {
    /** The same decoder with its graph written in another way. */
    public DecoderGraph with(Graph other) {
        return new DecoderGraph(other, layers, kvHeads, headSize, vocabulary, maxLength);
    }

    /** How many sequences fit: the keys of a layer are one tensor, and so are the logits. */
    public int mostSlots() {
        long numbers = Math.max((long) kvHeads * maxLength * headSize, vocabulary);
        return (int) (Tensor.MOST_BYTES / (Float.BYTES * numbers));
    }
}
