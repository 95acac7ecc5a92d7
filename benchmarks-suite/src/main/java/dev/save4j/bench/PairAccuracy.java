package dev.save4j.bench;

import dev.save4j.SaveException;
import dev.save4j.data.Preference;
import dev.save4j.report.Proportion;
import java.util.List;
import java.util.Locale;

/**
 * How often a scorer puts the chosen answer strictly above the rejected one. A tie counts as wrong and is reported.
 *
 * @param scorer for people
 * @param correct chosen strictly above rejected
 * @param ties equal scores
 * @param pairs in all, at least one
 */
public record PairAccuracy(String scorer, int correct, int ties, int pairs) {
    public PairAccuracy {
        if (pairs < 1 || correct < 0 || ties < 0 || correct + ties > pairs) {
            throw SaveException.internal(correct + " correct and " + ties + " ties of " + pairs + " pairs");
        }
    }

    /** A range of accuracies. */
    public record Interval(double low, double high) {}

    /** From scores, chosen before rejected. */
    public static PairAccuracy of(String scorer, List<double[]> scores) {
        if (scores.isEmpty()) {
            throw SaveException.user("there are no pairs to measure " + scorer + " on; give a set of held-out pairs");
        }
        int correct = 0;
        int ties = 0;
        for (double[] score : scores) {
            correct += score[0] > score[1] ? 1 : 0;
            ties += score[0] == score[1] ? 1 : 0;
        }
        return new PairAccuracy(scorer, correct, ties, scores.size());
    }

    /** The baseline that prefers the answer with more code points, by which every reward model should be measured. */
    public static PairAccuracy ofLength(List<Preference> pairs) {
        return of(
                "length",
                pairs.stream()
                        .map(pair -> new double[] {length(pair.chosenText()), length(pair.rejectedText())})
                        .toList());
    }

    private static double length(String text) {
        return text.codePointCount(0, text.length());
    }

    public double accuracy() {
        return correct / (double) pairs;
    }

    /** The 95 % interval of Wilson (1927), which holds for few pairs and extreme accuracies too. */
    public Interval interval() {
        Proportion share = new Proportion(correct, pairs);
        return new Interval(share.low(), share.high());
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s: %.1f %% [%.1f, %.1f] (%d of %d, %d ties)",
                scorer,
                100 * accuracy(),
                100 * interval().low(),
                100 * interval().high(),
                correct,
                pairs,
                ties);
    }
}
