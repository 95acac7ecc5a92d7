package dev.save4j.objectives;

import dev.save4j.objectives.PolicyObjective.Normaliser;
import dev.save4j.objectives.PolicyObjective.Ratio;
import dev.save4j.objectives.PolicyObjective.Surrogate;

/** Policy objectives that differ from plain GRPO in a few settings. */
record Policies(
        Surrogate surrogate,
        Ratio ratio,
        double low,
        double high,
        double delta,
        double dualClip,
        KlPenalty kl,
        boolean tokenAdvantage,
        Normaliser normaliser) {
    static final double NONE = Double.POSITIVE_INFINITY;

    static final Policies GRPO = new Policies(
            Surrogate.CLIPPED, Ratio.TOKEN, 0.2, 0.2, NONE, NONE, KlPenalty.NONE, false, Normaliser.SEQUENCE_MEAN);

    PolicyObjective objective() {
        return objective(4);
    }

    PolicyObjective objective(int longestAnswer) {
        return new PolicyObjective(
                "policy",
                surrogate,
                ratio,
                low,
                high,
                delta,
                dualClip,
                NONE,
                kl,
                0,
                false,
                tokenAdvantage,
                normaliser,
                longestAnswer);
    }

    Policies surrogate(Surrogate other) {
        return new Policies(other, ratio, low, high, delta, dualClip, kl, tokenAdvantage, normaliser);
    }

    Policies ratio(Ratio other) {
        return new Policies(surrogate, other, low, high, delta, dualClip, kl, tokenAdvantage, normaliser);
    }

    Policies clip(double lower, double upper) {
        return new Policies(surrogate, ratio, lower, upper, delta, dualClip, kl, tokenAdvantage, normaliser);
    }

    Policies delta(double other) {
        return new Policies(surrogate, ratio, low, high, other, dualClip, kl, tokenAdvantage, normaliser);
    }

    Policies dualClip(double other) {
        return new Policies(surrogate, ratio, low, high, delta, other, kl, tokenAdvantage, normaliser);
    }

    Policies kl(KlPenalty other) {
        return new Policies(surrogate, ratio, low, high, delta, dualClip, other, tokenAdvantage, normaliser);
    }

    Policies perToken() {
        return new Policies(surrogate, ratio, low, high, delta, dualClip, kl, true, normaliser);
    }

    Policies normaliser(Normaliser other) {
        return new Policies(surrogate, ratio, low, high, delta, dualClip, kl, tokenAdvantage, other);
    }
}
