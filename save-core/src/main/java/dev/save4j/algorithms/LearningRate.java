package dev.save4j.algorithms;

import dev.save4j.SaveException;

/**
 * The learning rate of each step: a rise over {@code warmUp} steps, then {@code schedule}.
 *
 * @param peak reached at step {@code warmUp}
 * @param warmUp steps below the peak; the first has peak / (warmUp + 1), so that no step is wasted
 * @param steps after which LINEAR and COSINE are at 0; the last step itself is not
 */
public record LearningRate(Schedule schedule, double peak, int warmUp, int steps) {
    /** The course after the rise, with p the share of the steps after the rise that are done. */
    public enum Schedule {
        CONSTANT,
        /** peak · (1 − p). */
        LINEAR,
        /** peak · (1 + cos πp)/2. */
        COSINE
    }

    public LearningRate {
        if (!(peak >= 0) || Double.isInfinite(peak)) {
            throw SaveException.user("the learning rate must be 0 or more, but is " + peak);
        }
        if (warmUp < 0 || steps < 1 || schedule != Schedule.CONSTANT && warmUp >= steps) {
            throw SaveException.user("a learning rate that falls needs fewer steps of warm-up than steps, but has "
                    + warmUp + " of " + steps);
        }
    }

    /** With the warm-up cut to what a run of so few steps can have. */
    public static LearningRate fitting(Schedule schedule, double peak, int warmUp, int steps) {
        return new LearningRate(schedule, peak, Math.min(warmUp, steps - 1), steps);
    }

    /** The same in every step. */
    public static LearningRate constant(double rate) {
        return new LearningRate(Schedule.CONSTANT, rate, 0, 1);
    }

    /** The rate of a step, counted from 0. */
    public double at(int step) {
        if (step < 0) {
            throw SaveException.internal("there is no step " + step);
        }
        if (step < warmUp) {
            return peak * (step + 1) / (warmUp + 1);
        }
        double done = Math.min(1, (step - warmUp) / (double) Math.max(1, steps - warmUp));
        return switch (schedule) {
            case CONSTANT -> peak;
            case LINEAR -> peak * (1 - done);
            case COSINE -> peak * (1 + Math.cos(Math.PI * done)) / 2;
        };
    }
}
