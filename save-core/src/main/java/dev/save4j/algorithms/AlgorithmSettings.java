package dev.save4j.algorithms;

import dev.save4j.SaveException;
import dev.save4j.objectives.KlPenalty;
import dev.save4j.objectives.PolicyObjective.Normaliser;
import dev.save4j.objectives.PolicyObjective.Ratio;
import dev.save4j.objectives.PolicyObjective.Surrogate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Every constant of a policy algorithm. The names of the components in snake case are the keys of a configuration, their constants are written in
 * kebab case; an infinite limit is written {@code none}. The constructor reports all problems at once, as a USER error.
 *
 * @param algorithm name of the factory
 * @param baseline what is subtracted from a reward
 * @param scale what the difference is divided by
 * @param ddof every variance divides by n − this: 1 as PyTorch, 0 as NumPy
 * @param advantageEpsilon ε_A, added to the deviation that {@code scale} divides by
 * @param advantageLimit the advantage of an answer is held in ± this after baseline and scale
 * @param whitening whether advantages are shifted and scaled over the whole batch in the end, (A − mean)/√(variance + whiteningEpsilon)
 * @param surrogate what is maximised
 * @param ratio how new and old probabilities are compared
 * @param epsilonLow the ratio is clipped below 1 − this
 * @param epsilonHigh the ratio is clipped above 1 + this
 * @param delta upper bound of the unclipped ratio
 * @param dualClip bound of the loss for negative advantages, as a multiple of |A|
 * @param logRatioLimit the logarithm of the ratio is held in ± this
 * @param normaliser how tokens and answers are averaged
 * @param longestAnswer L of the constant normaliser, in tokens
 * @param beta weight of the KL to the reference model; 0: no reference model is loaded
 * @param klPlace where the KL goes
 * @param klEstimator its estimate per token
 * @param klInputLimit log π_ref − log π is held in ± this before the estimate
 * @param klLimit the estimate is held in ± this
 * @param entropyCoefficient weight of an entropy bonus
 * @param forceClip accept a clip range that practically never acts on a ratio normalised by length
 */
public record AlgorithmSettings(
        String algorithm,
        Baseline baseline,
        Scale scale,
        int ddof,
        double advantageEpsilon,
        double advantageLimit,
        Whitening whitening,
        double whiteningEpsilon,
        Surrogate surrogate,
        Ratio ratio,
        double epsilonLow,
        double epsilonHigh,
        double delta,
        double dualClip,
        double logRatioLimit,
        Normaliser normaliser,
        int longestAnswer,
        double beta,
        KlPlace klPlace,
        KlPenalty.Estimator klEstimator,
        double klInputLimit,
        double klLimit,
        double entropyCoefficient,
        boolean forceClip) {
    /** What is subtracted from a reward. */
    public enum Baseline {
        /** The mean over all answers to the prompt. */
        GROUP_MEAN,
        /** The mean over the other answers to the prompt. */
        LEAVE_ONE_OUT,
        NONE
    }

    /** What the difference to the baseline is divided by. */
    public enum Scale {
        /** The deviation of the rewards of the prompt's answers. */
        GROUP,
        /** The deviation of the rewards of the prompt's other answers; where that is 0 nothing is divided (NeMo RL). */
        LEAVE_ONE_OUT,
        /** The deviation of all rewards of the batch. */
        BATCH,
        NONE
    }

    /** Over what advantages are whitened. */
    public enum Whitening {
        NONE,
        /** Every answer counts once. */
        ANSWERS,
        /** Every token counts once. */
        TOKENS
    }

    /** Where the KL to the reference model goes. */
    public enum KlPlace {
        /** Each token's estimate is added to its loss, with gradient. */
        LOSS,
        /** Its sum over the answer is subtracted from the reward, before the baseline (RLOO). */
        REWARD,
        /** Each token's estimate is a negative reward of that token, after the baseline; a token's advantage sums what follows. */
        TOKEN_REWARD
    }

    /** From which clip range on a ratio normalised by length practically never meets it. */
    static final double WIDE_CLIP = 0.01;

    public AlgorithmSettings {
        List<String> problems = new ArrayList<>();
        if (ddof != 0 && ddof != 1) {
            problems.add("ddof must be 0 or 1, but is " + ddof);
        }
        positive(problems, "advantage_epsilon", advantageEpsilon);
        positive(problems, "whitening_epsilon", whiteningEpsilon);
        limit(problems, "advantage_limit", advantageLimit, 0);
        limit(problems, "dual_clip", dualClip, 1);
        limit(problems, "log_ratio_limit", logRatioLimit, 0);
        limit(problems, "kl_input_limit", klInputLimit, 0);
        limit(problems, "kl_limit", klLimit, 0);
        if (!(epsilonLow >= 0 && epsilonLow <= 1)) {
            problems.add("epsilon_low must lie in [0, 1], but is " + epsilonLow);
        }
        if (!(epsilonHigh >= 0) || Double.isInfinite(epsilonHigh)) {
            problems.add("epsilon_high must be 0 or more, but is " + epsilonHigh);
        }
        if (surrogate == Surrogate.CISPO && !(delta > 1 && Double.isFinite(delta))) {
            problems.add("surrogate cispo needs delta, the cap of the ratio, above 1, but it is " + delta);
        } else if (surrogate == Surrogate.CLIPPED && !(delta > 1 + epsilonHigh)) {
            problems.add("delta must be above 1 + epsilon_high, or it acts inside the clip range, but is " + delta);
        } else if (!(delta > 1)) {
            problems.add("delta must be above 1, but is " + delta);
        }
        if (normaliser == Normaliser.CONSTANT && longestAnswer < 1) {
            problems.add(
                    "normaliser constant needs longest_answer, the limit of answer tokens, but it is " + longestAnswer);
        }
        if (!(beta >= 0) || Double.isInfinite(beta)) {
            problems.add("beta must be 0 or more, but is " + beta);
        }
        if (!Double.isFinite(entropyCoefficient)) {
            problems.add("entropy_coefficient must be finite, but is " + entropyCoefficient);
        }
        if (whitening == Whitening.ANSWERS && klPlace == KlPlace.TOKEN_REWARD && beta > 0) {
            problems.add("whitening answers needs one advantage per answer, but kl_place token-reward gives one per"
                    + " token: set whitening to tokens or none, or kl_place to loss or reward");
        }
        boolean byLength = ratio == Ratio.SEQUENCE_MEAN || ratio == Ratio.SEQUENCE_MEAN_TOKEN;
        if (surrogate == Surrogate.CLIPPED
                && byLength
                && !forceClip
                && Math.max(epsilonLow, epsilonHigh) >= WIDE_CLIP) {
            problems.add("a clip range of " + epsilonLow + "/" + epsilonHigh + " (epsilon_low/epsilon_high) practically"
                    + " never clips a ratio that is normalised by length, exp(mean of log-ratios): set 3e-4 and 4e-4 as in"
                    + " the GSPO paper, or force_clip: true if this is meant");
        }
        if (!problems.isEmpty()) {
            throw SaveException.user("algorithm '" + algorithm + "' cannot run with these settings:\n  - "
                    + String.join("\n  - ", problems));
        }
    }

    private static void positive(List<String> problems, String key, double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            problems.add(key + " must be above 0, but is " + value);
        }
    }

    private static void limit(List<String> problems, String key, double value, double above) {
        if (!(value > above)) {
            problems.add(key + " must be above " + Knobs.shown(above) + ", or none, but is " + value);
        }
    }

    /**
     * These settings with some of them replaced.
     *
     * @param overrides values by key; numbers, booleans and strings are understood. A USER error lists all unknown keys, each with the nearest
     *     known one, and all values that do not fit.
     */
    public AlgorithmSettings with(Map<String, ?> overrides) {
        return Knobs.override(this, overrides);
    }

    /** Every setting as it is written in a configuration, by key, in the order of this record. */
    public Map<String, Object> asMap() {
        return Knobs.asMap(this);
    }

    /** A USER error when so many answers per prompt leave nothing to learn from. */
    public void requireGroup(int answers) {
        if (answers < 2 && baseline != Baseline.NONE) {
            throw SaveException.user("algorithm '" + algorithm + "' compares the answers to a prompt (baseline "
                    + Knobs.label(baseline) + ") and needs at least 2 of them, but the group has " + answers
                    + ": every advantage would be 0; set rollout.group to 2 or more");
        }
        if (answers < 3 && scale == Scale.LEAVE_ONE_OUT) {
            throw SaveException.user("scale leave-one-out divides by the deviation of the other answers and needs at"
                    + " least 3 answers per prompt, but the group has " + answers
                    + ": nothing would be divided; set rollout.group to 3 or more, or scale to group or none");
        }
    }

    /** The KL term of the loss; none when β is 0 or the KL is in the reward. */
    public KlPenalty klInLoss() {
        return klPlace == KlPlace.LOSS && beta > 0 ? kl() : KlPenalty.NONE;
    }

    /** The KL estimate with its limits, wherever it goes. */
    KlPenalty kl() {
        return new KlPenalty(beta, klEstimator, klInputLimit, klLimit);
    }
}
