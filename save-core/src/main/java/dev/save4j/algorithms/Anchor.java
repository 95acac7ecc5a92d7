package dev.save4j.algorithms;

import dev.save4j.SaveException;

/**
 * What a reward is compared with to tell whether an answer is good. SAVE (arXiv 2605.30888) publishes the prompt's value V(x); the other kinds are
 * ours, because a V that lags behind the rewards makes all answers positive or all negative.
 *
 * @param alpha weight of V in BLEND
 * @param trust a prompt whose mean reward differs from V by more than this many standard deviations of its own rewards loses its labels; infinite
 *     to trust V always
 */
public record Anchor(Kind kind, double alpha, double trust) {
    /** The kinds of anchor. */
    public enum Kind {
        /** V(x), as published. */
        VALUE,
        /** The mean reward of the answers to the prompt. */
        GROUP_MEAN,
        /** The mean reward of the other answers to the prompt. */
        LEAVE_ONE_OUT,
        /** α · V(x) + (1 − α) · mean reward. */
        BLEND
    }

    public Anchor {
        if (!(alpha >= 0 && alpha <= 1)) {
            throw SaveException.user("the weight of the value in a blended anchor must lie in [0, 1], but is " + alpha);
        }
        if (!(trust > 0)) {
            throw SaveException.user("the trust in the value must be above 0 standard deviations, but is " + trust);
        }
    }

    /** V(x), trusted within one standard deviation. */
    public static final Anchor DEFAULT = new Anchor(Kind.VALUE, 0.5, 1);

    /**
     * The anchor of every answer; NaN where there is nothing to compare with.
     *
     * @param reward per answer; NaN when it could not be scored
     * @param value V per prompt; not read by GROUP_MEAN and LEAVE_ONE_OUT
     */
    public double[] of(double[] reward, double[] value, Groups groups) {
        groups.requireRows(reward.length, "rewards");
        groups.requirePrompts(value.length, "values");
        double[] anchor = new double[reward.length];
        groups.forEach((prompt, from, to) -> {
            double mean = Statistics.mean(reward, from, to);
            for (int row = from; row < to; row++) {
                anchor[row] = switch (kind) {
                    case VALUE -> value[prompt];
                    case GROUP_MEAN -> mean;
                    case LEAVE_ONE_OUT -> Statistics.meanOfOthers(reward, from, to, row);
                    case BLEND -> alpha * value[prompt] + (1 - alpha) * mean;
                };
            }
        });
        return anchor;
    }

    /** A_i = r_i − anchor_i; NaN where either is. */
    public double[] advantage(double[] reward, double[] value, Groups groups) {
        double[] advantage = of(reward, value, groups);
        for (int row = 0; row < advantage.length; row++) {
            advantage[row] = reward[row] - advantage[row];
        }
        return advantage;
    }

    /** Per prompt, whether its labels may be used: always for anchors that do not read V. A prompt without any score is not trusted. */
    public boolean[] trusted(double[] reward, double[] value, Groups groups) {
        groups.requireRows(reward.length, "rewards");
        groups.requirePrompts(value.length, "values");
        boolean[] trusted = new boolean[groups.prompts()];
        groups.forEach((prompt, from, to) -> {
            double lag = Math.abs(Statistics.mean(reward, from, to) - value[prompt]);
            double spread = Statistics.deviation(reward, from, to, 1);
            boolean readsValue = kind == Kind.VALUE || kind == Kind.BLEND;
            trusted[prompt] = Statistics.count(reward, from, to) > 0
                    && (!readsValue || Double.isInfinite(trust) || lag <= trust * spread);
        });
        return trusted;
    }
}
