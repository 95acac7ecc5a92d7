package dev.save4j.algorithms;

import dev.save4j.SaveException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Tells when the rewards leave the band in which they started. A reward model that labels its own answers drifts to larger scores, which feed back
 * into the policy's step.
 *
 * @param spread the standard deviation may grow and shrink by this factor
 * @param shift the mean may move by this many standard deviations of the start
 */
public record ScaleAlarm(double spread, double shift) {
    public ScaleAlarm {
        if (!(spread > 1) || !(shift > 0)) {
            throw SaveException.user("the scale alarm needs a spread factor above 1 and a shift above 0, but has "
                    + spread + " and " + shift);
        }
    }

    /** What is out of its band, for people; empty when all is well. */
    public List<String> check(ScoreScale start, ScoreScale now) {
        List<String> alarms = new ArrayList<>();
        if (now.spread() > spread * start.spread()) {
            alarms.add("the spread of the rewards has grown from " + rounded(start.spread()) + " to "
                    + rounded(now.spread()) + ", more than " + Knobs.shown(spread)
                    + " times: raise save.centre or replay, or lower the reward model's learning rate");
        }
        if (now.spread() < start.spread() / spread) {
            alarms.add("the spread of the rewards has fallen from " + rounded(start.spread()) + " to "
                    + rounded(now.spread()) + ", by more than " + Knobs.shown(spread)
                    + " times: the reward model or the policy no longer tells answers apart");
        }
        double moved = Math.abs(now.mean() - start.mean());
        if (moved > shift * start.spread()) {
            alarms.add("the mean of the rewards has moved from " + rounded(start.mean()) + " to "
                    + rounded(now.mean()) + ", more than " + Knobs.shown(shift)
                    + " spreads of the start: check answers for over-optimisation, raise beta or save.centre");
        }
        return alarms;
    }

    /** Three decimals: these are measurements, not settings. */
    private static String rounded(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }
}
