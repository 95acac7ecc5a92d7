package dev.save4j.algorithms;

import dev.save4j.SaveException;
import java.util.List;

/**
 * The answers of one step, prompt by prompt.
 *
 * @param reward per answer; NaN when it could not be scored
 * @param oldLogProb per answer, the log-prob of each of its tokens when it was sampled
 * @param referenceLogProb the same under the reference model; an empty list when none is loaded
 */
public record ScoredAnswers(Groups groups, double[] reward, List<float[]> oldLogProb, List<float[]> referenceLogProb) {
    public ScoredAnswers {
        reward = reward.clone();
        oldLogProb = List.copyOf(oldLogProb);
        referenceLogProb = List.copyOf(referenceLogProb);
        groups.requireRows(reward.length, "rewards");
        groups.requireRows(oldLogProb.size(), "rows of log-probs");
        if (!referenceLogProb.isEmpty()) {
            groups.requireRows(referenceLogProb.size(), "rows of reference log-probs");
        }
        for (int row = 0; row < reward.length; row++) {
            if (Double.isInfinite(reward[row])) {
                throw SaveException.internal("the reward of answer " + row + " is " + reward[row]);
            }
            if (!referenceLogProb.isEmpty() && referenceLogProb.get(row).length != oldLogProb.get(row).length) {
                throw SaveException.internal("answer " + row + " has " + oldLogProb.get(row).length + " tokens but "
                        + referenceLogProb.get(row).length + " reference log-probs");
            }
        }
    }

    /** Without a reference model. */
    public ScoredAnswers(Groups groups, double[] reward, List<float[]> oldLogProb) {
        this(groups, reward, oldLogProb, List.of());
    }

    /** A copy. */
    @Override
    public double[] reward() {
        return reward.clone();
    }

    public int size() {
        return reward.length;
    }

    boolean isScorable(int row) {
        return !Double.isNaN(reward[row]);
    }
}
