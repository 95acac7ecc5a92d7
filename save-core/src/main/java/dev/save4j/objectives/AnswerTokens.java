package dev.save4j.objectives;

import dev.save4j.SaveException;
import java.util.List;

/**
 * What the policy loss needs to know of each answer of a batch, beside the current log-probs that the model computes.
 *
 * @param tokens width of {@code log_prob}, the second axis of the model's output
 * @param start column of each answer's first token
 * @param oldLogProb per answer, one log-prob per token at the time of sampling; an empty array leaves the answer out of the loss
 * @param advantage per answer, one number, or one per token when the objective wants that
 * @param referenceLogProb as {@code oldLogProb} by the reference model; an empty list when there is none
 */
public record AnswerTokens(
        int tokens, int[] start, List<float[]> oldLogProb, List<double[]> advantage, List<float[]> referenceLogProb) {
    public AnswerTokens {
        start = start.clone();
        oldLogProb = List.copyOf(oldLogProb);
        advantage = List.copyOf(advantage);
        referenceLogProb = List.copyOf(referenceLogProb);
        int rows = oldLogProb.size();
        if (start.length != rows
                || advantage.size() != rows
                || !referenceLogProb.isEmpty() && referenceLogProb.size() != rows) {
            throw SaveException.internal(rows + " answers come with " + start.length + " starts, " + advantage.size()
                    + " advantages and " + referenceLogProb.size() + " rows of reference log-probs");
        }
        for (int i = 0; i < referenceLogProb.size(); i++) {
            if (referenceLogProb.get(i).length != oldLogProb.get(i).length) {
                throw SaveException.internal("answer " + i + " has " + oldLogProb.get(i).length + " tokens but "
                        + referenceLogProb.get(i).length + " reference log-probs");
            }
        }
    }

    /** A copy. */
    @Override
    public int[] start() {
        return start.clone();
    }

    /** Number of answers. */
    public int size() {
        return start.length;
    }

    /** Tokens of one answer, |y|. */
    public int length(int row) {
        return oldLogProb.get(row).length;
    }
}
