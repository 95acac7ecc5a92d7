package dev.save4j.algorithms;

import dev.save4j.SaveException;

/** Where the rewards of a batch lie: their mean and standard deviation (divisor n − 1), in units of reward. */
public record ScoreScale(double mean, double spread) {
    public ScoreScale {
        if (!Double.isFinite(mean) || !(spread >= 0) || Double.isInfinite(spread)) {
            throw SaveException.internal("rewards with mean " + mean + " and spread " + spread);
        }
    }

    /** Of all rewards that are numbers; an INTERNAL error when none is. */
    public static ScoreScale of(double[] reward) {
        return new ScoreScale(Statistics.mean(reward), Statistics.deviation(reward, 1));
    }
}
