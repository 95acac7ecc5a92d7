package dev.save4j.algorithms;

import dev.save4j.SaveException;
import java.util.Locale;
import java.util.Optional;

/**
 * Guards the reward model: its accuracy on held-out labelled pairs must not fall below the best seen. Both accuracies come from the same pairs, so
 * their difference has the standard error of paired observations, which is smaller than that of two independent accuracies; a fall within it is
 * noise. Immutable; the caller keeps the {@link Best} and puts it into checkpoints.
 *
 * @param delta tolerated fall, as a share of pairs
 * @param errors a fall must also exceed this many standard errors of the difference
 */
public record Gate(double delta, double errors) {
    /** Below this many pairs the standard error is about as large as what there is to be seen. */
    public static final int ENOUGH_PAIRS = 1000;

    public Gate {
        if (!(delta >= 0 && delta < 1) || !(errors >= 0) || Double.isInfinite(errors)) {
            throw SaveException.user("the gate needs a tolerated fall in [0, 1) and 0 or more standard errors, but has "
                    + delta + " and " + errors);
        }
    }

    /** One standard error. */
    public Gate(double delta) {
        this(delta, 1);
    }

    /** Which held-out pairs the best reward model so far orders correctly. */
    public record Best(boolean[] correct) {
        public Best {
            correct = correct.clone();
            if (correct.length == 0) {
                throw SaveException.user("the gate needs held-out pairs; set data.held_out or save.gate.every to 0");
            }
        }

        /** A copy. */
        @Override
        public boolean[] correct() {
            return correct.clone();
        }

        public int pairs() {
            return correct.length;
        }

        public double accuracy() {
            int right = 0;
            for (boolean one : correct) {
                right += one ? 1 : 0;
            }
            return right / (double) correct.length;
        }

        /** Of the accuracy: √(p(1 − p)/n). */
        public double standardError() {
            double accuracy = accuracy();
            return Math.sqrt(accuracy * (1 - accuracy) / correct.length);
        }
    }

    /** What is to be done with the reward model. */
    public enum Verdict {
        /** At least as good as any before: keep it, it is the new mark. */
        BEST,
        /** Not beyond the tolerance or the noise: keep it, the mark stays. */
        KEEP,
        /** Restore the last reward model that passed. */
        ROLLBACK
    }

    /**
     * @param fall best accuracy minus this one; negative for a rise
     * @param standardError of the fall
     * @param best the mark after this decision
     * @param summary for people
     */
    public record Decision(
            Verdict verdict, double accuracy, double fall, double standardError, Best best, String summary) {}

    /**
     * Decides about a reward model.
     *
     * @param best the mark so far; empty at the first check
     * @param correct for every held-out pair, in the same order each time, whether chosen scores strictly above rejected
     */
    public Decision decide(Optional<Best> best, boolean[] correct) {
        Best now = new Best(correct);
        if (best.isEmpty()) {
            return new Decision(Verdict.BEST, now.accuracy(), 0, 0, now, summary(now, "is the first mark"));
        }
        boolean[] before = best.get().correct();
        if (before.length != correct.length) {
            throw SaveException.user("the gate was set on " + before.length + " held-out pairs but is now given "
                    + correct.length + "; a run must be resumed with the same data.held_out and save.gate.pairs");
        }
        int lost = 0;
        int won = 0;
        for (int i = 0; i < before.length; i++) {
            lost += before[i] && !correct[i] ? 1 : 0;
            won += !before[i] && correct[i] ? 1 : 0;
        }
        int pairs = before.length;
        double fall = (lost - won) / (double) pairs;
        double variance = pairs > 1 ? (lost + won - pairs * fall * fall) / (pairs - 1) : 0;
        double error = Math.sqrt(Math.max(0, variance) / pairs);
        Verdict verdict =
                fall <= 0 ? Verdict.BEST : fall > delta && fall > errors * error ? Verdict.ROLLBACK : Verdict.KEEP;
        String change = String.format(
                Locale.ROOT,
                "%s the best %.4f by %.4f ± %.4f (%d lost, %d won): %s",
                fall > 0 ? "is below" : "reaches or exceeds",
                best.get().accuracy(),
                Math.abs(fall),
                error,
                lost,
                won,
                switch (verdict) {
                    case BEST -> "new mark";
                    case KEEP -> "kept";
                    case ROLLBACK -> "rolled back";
                });
        return new Decision(
                verdict, now.accuracy(), fall, error, verdict == Verdict.BEST ? now : best.get(), summary(now, change));
    }

    private static String summary(Best now, String change) {
        return String.format(
                Locale.ROOT,
                "held-out accuracy %.4f ± %.4f on %d pairs%s %s",
                now.accuracy(),
                now.standardError(),
                now.pairs(),
                now.pairs() < ENOUGH_PAIRS ? " (few; about " + ENOUGH_PAIRS + " are needed)" : "",
                change);
    }
}
