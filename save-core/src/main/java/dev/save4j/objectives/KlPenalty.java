package dev.save4j.objectives;

import dev.save4j.SaveException;
import dev.save4j.graph.Value;

/**
 * An estimate, per sampled token, of KL(π ‖ π_ref), in nats; Schulman, http://joschu.net/blog/kl-approx.html. With x = log π_ref − log π:
 * k1 = −x, k2 = x²/2, k3 = eˣ − x − 1.
 *
 * @param inputLimit x is held in ± this before anything else; infinite for no limit but that of FLOAT, {@link #LARGEST_EXPONENT}
 * @param outputLimit the estimate is held in ± this; infinite for no limit
 */
public record KlPenalty(double beta, Estimator estimator, double inputLimit, double outputLimit) {
    /** No penalty; the reference model is not needed. */
    public static final KlPenalty NONE = new KlPenalty(0, Estimator.K3);

    /** The three estimators. */
    public enum Estimator {
        /** Unbiased and signed; its gradient has expectation zero, so it belongs into the reward, not into the loss. */
        K1,
        /** Biased, never negative, with the gradient of the KL. */
        K2,
        /** Unbiased and never negative. */
        K3
    }

    /** e to this power is the largest that FLOAT holds with room for a factor; every exponent of a log-ratio is held in ± this. */
    public static final double LARGEST_EXPONENT = 80;

    public KlPenalty {
        if (!(beta >= 0) || Double.isInfinite(beta)) {
            throw SaveException.user("beta must be 0 or more, but is " + beta);
        }
        if (!(inputLimit > 0) || !(outputLimit > 0)) {
            throw SaveException.user(
                    "the limits of the KL must be positive, but are " + inputLimit + " and " + outputLimit);
        }
    }

    /** Without limits. */
    public KlPenalty(double beta, Estimator estimator) {
        this(beta, estimator, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
    }

    /** The estimate in a graph, without β. */
    public Value of(Value logProb, Value referenceLogProb) {
        Value x = limited(referenceLogProb.sub(logProb), Math.min(inputLimit, LARGEST_EXPONENT));
        Value kl = switch (estimator) {
            case K1 -> x.neg();
            case K2 -> x.square().mul(0.5);
            case K3 -> x.exp().sub(x).sub(1);
        };
        return limited(kl, outputLimit);
    }

    /** The estimate in double precision, without β. */
    public double of(double logProb, double referenceLogProb) {
        double limit = Math.min(inputLimit, LARGEST_EXPONENT);
        double x = Math.max(-limit, Math.min(limit, referenceLogProb - logProb));
        double kl = switch (estimator) {
            case K1 -> -x;
            case K2 -> x * x / 2;
            case K3 -> Math.expm1(x) - x;
        };
        return Math.max(-outputLimit, Math.min(outputLimit, kl));
    }

    static Value limited(Value value, double limit) {
        return Double.isInfinite(limit) ? value : value.clip(-limit, limit);
    }
}
