package dev.save4j.models;

import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;

/**
 * The inputs of a graph in which answers share prompts: all tokens in one line, without padding, of which each is computed once, and where they are.
 * All are INT64; those that are not named here have the names of the components.
 *
 * @param inputIds the input {@code input_ids}, {@code [1, tokens]}
 * @param positions {@code position_ids}, of each token in its sequence, {@code [tokens]}
 * @param promptMask {@code prompt_mask}, {@code [prompts, prompt]}, 1 for tokens and 0 for padding
 * @param prompts the place of each token of a prompt in the line, {@code [prompts, prompt]}; any place at padding
 * @param answers the place of each token of an answer, {@code [batch, answer]}; any place at padding
 * @param sequences the place of each token of a prompt with its answer, {@code [batch, sequence]}; any place at padding
 * @param order the place of each token among those of {@code prompts} followed by those of {@code answers}, {@code [tokens]}
 */
public record SharedPrompts(
        Value inputIds, Value positions, Value promptMask, Value prompts, Value answers, Value sequences, Value order) {
    static SharedPrompts inputs(GraphBuilder graph) {
        return new SharedPrompts(
                graph.input("input_ids", ElementType.INT64, 1, "tokens"),
                graph.input("position_ids", ElementType.INT64, "tokens"),
                graph.input("prompt_mask", ElementType.INT64, "prompts", "prompt"),
                graph.input("prompts", ElementType.INT64, "prompts", "prompt"),
                graph.input("answers", ElementType.INT64, "batch", "answer"),
                graph.input("sequences", ElementType.INT64, "batch", "sequence"),
                graph.input("order", ElementType.INT64, "tokens"));
    }
}
