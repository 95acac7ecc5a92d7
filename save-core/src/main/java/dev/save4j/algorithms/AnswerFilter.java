package dev.save4j.algorithms;

import dev.save4j.SaveException;
import java.util.OptionalDouble;

/**
 * Separates positive from negative answers by their advantage A_i = r_i − anchor and drops the ambiguous ones. Our reading of the adaptive
 * feedback filtering of SAVE (arXiv 2605.30888), whose rule is not published.
 *
 * @param strength κ of STD, τ of FIXED (in units of reward), ρ of QUANTILE (a share)
 */
public record AnswerFilter(Rule rule, double strength) {
    /** How ambiguous answers are told. */
    public enum Rule {
        /** τ = κ · standard deviation of A over the batch (divisor n − 1). */
        STD,
        /** τ is given. */
        FIXED,
        /**
         * The round(ρ · n) answers with the highest advantage of each prompt are positive, as many with the lowest are negative. Answers that tie
         * across the boundary are dropped, so the order of rows does not matter.
         */
        QUANTILE
    }

    public AnswerFilter {
        if (rule == Rule.QUANTILE && !(strength > 0 && strength <= 0.5)) {
            throw SaveException.user("the share kept at each end of a group must lie in (0, 0.5], but is " + strength);
        }
        if (!(strength >= 0) || Double.isInfinite(strength)) {
            throw SaveException.user("the threshold of the answer filter must be 0 or more, but is " + strength);
        }
    }

    /** The rule STD with κ 0.5. */
    public static final AnswerFilter DEFAULT = new AnswerFilter(Rule.STD, 0.5);

    /**
     * Labels every answer.
     *
     * @param advantage per answer; NaN for one that could not be scored, which is dropped
     */
    public Labels label(double[] advantage, Groups groups) {
        groups.requireRows(advantage.length, "advantages");
        return switch (rule) {
            case STD -> threshold(advantage, strength * Statistics.deviation(advantage, 1));
            case FIXED -> threshold(advantage, strength);
            case QUANTILE -> quantile(advantage, groups);
        };
    }

    private static Labels threshold(double[] advantage, double threshold) {
        int[] labels = new int[advantage.length];
        for (int row = 0; row < labels.length; row++) {
            labels[row] = advantage[row] > threshold ? 1 : advantage[row] < -threshold ? -1 : 0;
        }
        return new Labels(labels, advantage, OptionalDouble.of(threshold));
    }

    private Labels quantile(double[] advantage, Groups groups) {
        int[] labels = new int[advantage.length];
        groups.forEach((prompt, from, to) -> {
            int scorable = Statistics.count(advantage, from, to);
            long kept = Math.min(scorable / 2, Math.round(strength * scorable));
            for (int row = from; row < to; row++) {
                int asHigh = 0;
                int asLow = 0;
                for (int other = from; other < to; other++) {
                    asHigh += advantage[other] >= advantage[row] ? 1 : 0;
                    asLow += advantage[other] <= advantage[row] ? 1 : 0;
                }
                boolean scored = !Double.isNaN(advantage[row]);
                labels[row] = scored && asHigh <= kept ? 1 : scored && asLow <= kept ? -1 : 0;
            }
        });
        return new Labels(labels, advantage, OptionalDouble.empty());
    }
}
