package dev.save4j.algorithms;

import dev.save4j.SaveException;
import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * Which answers the reward model is to raise and which to lower.
 *
 * @param label per answer: 1 positive, −1 negative, 0 dropped
 * @param advantage by which they were labelled; NaN for an answer that could not be scored
 * @param threshold τ, when the rule has one
 */
public record Labels(int[] label, double[] advantage, OptionalDouble threshold) {
    /** Lower edge of the first closed bin of {@link #histogram()}. */
    public static final double FIRST_EDGE = -4;

    /** Width of a bin, in units of reward. */
    public static final double BIN_WIDTH = 0.5;

    private static final int BINS = 18;

    public Labels {
        label = label.clone();
        advantage = advantage.clone();
        if (label.length != advantage.length) {
            throw SaveException.internal(label.length + " labels for " + advantage.length + " advantages");
        }
    }

    /** A copy. */
    @Override
    public int[] label() {
        return label.clone();
    }

    /** A copy. */
    @Override
    public double[] advantage() {
        return advantage.clone();
    }

    public int positives() {
        return count(1);
    }

    public int negatives() {
        return count(-1);
    }

    /** Answers that could not be scored. */
    public int unscorable() {
        return advantage.length - Statistics.count(advantage, 0, advantage.length);
    }

    /** Labelled answers as a share of those that could be scored; 0 when there are none. */
    public double keptFraction() {
        int scorable = advantage.length - unscorable();
        return scorable == 0 ? 0 : (positives() + negatives()) / (double) scorable;
    }

    /** Positive answers as a share of the labelled ones; 0 when there are none. At 0 or 1 the anchor has lost touch with the rewards. */
    public double positiveFraction() {
        int kept = positives() + negatives();
        return kept == 0 ? 0 : positives() / (double) kept;
    }

    /** Standard deviation of the advantage, divisor n − 1. */
    public double advantageDeviation() {
        return Statistics.deviation(advantage, 1);
    }

    /**
     * How many advantages lie below −4, in each half unit from there up to 4, and at 4 or above: 18 counts whose edges are the same in every step
     * and run.
     */
    public int[] histogram() {
        int[] counts = new int[BINS];
        for (double value : advantage) {
            if (!Double.isNaN(value)) {
                int bin = (int) Math.floor((value - FIRST_EDGE) / BIN_WIDTH) + 1;
                counts[Math.max(0, Math.min(BINS - 1, bin))]++;
            }
        }
        return counts;
    }

    /** The same without the labels of the prompts that are not trusted. */
    public Labels only(boolean[] trusted, Groups groups) {
        groups.requireRows(label.length, "labels");
        groups.requirePrompts(trusted.length, "verdicts");
        int[] kept = label.clone();
        groups.forEach((prompt, from, to) -> {
            if (!trusted[prompt]) {
                Arrays.fill(kept, from, to, 0);
            }
        });
        return new Labels(kept, advantage, threshold);
    }

    private int count(int wanted) {
        return (int) Arrays.stream(label).filter(value -> value == wanted).count();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Labels labels
                && Arrays.equals(label, labels.label)
                && Arrays.equals(advantage, labels.advantage)
                && threshold.equals(labels.threshold);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(label) * 31 + Arrays.hashCode(advantage);
    }

    @Override
    public String toString() {
        return "Labels[" + positives() + " positive, " + negatives() + " negative of " + label.length + "]";
    }
}
