package dev.save4j.algorithms;

import static dev.save4j.algorithms.Knobs.shown;

import dev.save4j.algorithms.AlgorithmSettings.KlPlace;
import dev.save4j.algorithms.AlgorithmSettings.Whitening;
import dev.save4j.objectives.KlPenalty;
import dev.save4j.objectives.PolicyObjective.Normaliser;
import dev.save4j.objectives.PolicyObjective.Ratio;
import dev.save4j.objectives.PolicyObjective.Surrogate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes out what settings compute. Every line is put together from the settings, so it cannot say anything else than what happens. */
final class Explanation {
    private final AlgorithmSettings s;
    private final List<String> lines = new ArrayList<>();

    private Explanation(AlgorithmSettings settings) {
        this.s = settings;
    }

    static List<String> of(AlgorithmSettings settings) {
        Explanation explanation = new Explanation(settings);
        explanation.rewards();
        explanation.advantages();
        explanation.loss();
        explanation.notes();
        settings.asMap()
                .forEach((key, value) -> explanation.line(
                        "setting", key + " = " + (value instanceof Double number ? shown(number) : value)));
        return List.copyOf(explanation.lines);
    }

    private void line(String topic, String text) {
        lines.add(String.format(Locale.ROOT, "%-11s %s", topic, text));
    }

    private boolean hasKl(KlPlace place) {
        return s.beta() > 0 && s.klPlace() == place;
    }

    private void rewards() {
        line("algorithm", s.algorithm());
        line(
                "unscorable",
                "an answer whose reward is not a number is left out of every mean and deviation, gets A = 0 and is counted");
        line("reward", "R_i = r_i" + (hasKl(KlPlace.REWARD) ? " - " + shown(s.beta()) + " * sum_t kl_t" : ""));
        if (s.beta() == 0) {
            line("kl", "none (beta = 0); the reference model is not loaded");
        } else {
            line("kl", klEstimate(hasKl(KlPlace.LOSS) ? "logp_t" : "old_t"));
        }
    }

    private String klEstimate(String logProb) {
        String x = "ref_t - " + logProb;
        if (!Double.isInfinite(s.klInputLimit())) {
            x = "clip(" + x + ", -" + shown(s.klInputLimit()) + ", " + shown(s.klInputLimit()) + ")";
        }
        String estimate = switch (s.klEstimator()) {
            case K1 -> "kl_t = -x";
            case K2 -> "kl_t = x^2 / 2";
            case K3 -> "kl_t = exp(x) - x - 1";
        };
        String limit = Double.isInfinite(s.klLimit())
                ? ""
                : ", held in [-" + shown(s.klLimit()) + ", " + shown(s.klLimit()) + "]";
        return estimate + " with x = " + x + limit + " (" + Knobs.label(s.klEstimator()) + ")";
    }

    private void advantages() {
        String baseline = switch (s.baseline()) {
            case GROUP_MEAN -> "R_i - mean of R over the answers to the prompt";
            case LEAVE_ONE_OUT -> "R_i - mean of R over the other answers to the prompt";
            case NONE -> "R_i";
        };
        String divisor = s.ddof() == 1 ? "n - 1" : "n";
        String epsilon = shown(s.advantageEpsilon());
        String advantage = switch (s.scale()) {
            case NONE -> "A_i = " + baseline;
            case GROUP ->
                "A_i = (" + baseline + ") / (std + " + epsilon
                        + "), std of R over the answers to the prompt with divisor " + divisor;
            case BATCH ->
                "A_i = (" + baseline + ") / (std + " + epsilon + "), std of R over the batch with divisor " + divisor;
            case LEAVE_ONE_OUT ->
                "A_i = (" + baseline + ") / (std + " + epsilon
                        + "), std of R over the other answers to the prompt with divisor " + divisor
                        + "; not divided where that is 0";
        };
        line("advantage", advantage);
        if (!Double.isInfinite(s.advantageLimit())) {
            line("advantage", "A_i is held in [-" + shown(s.advantageLimit()) + ", " + shown(s.advantageLimit()) + "]");
        }
        if (hasKl(KlPlace.TOKEN_REWARD)) {
            line("advantage", "A_it = A_i - " + shown(s.beta()) + " * sum of kl_u over the tokens u from t on");
        }
        if (s.whitening() != Whitening.NONE) {
            line(
                    "whitening",
                    "A = (A - mean) / sqrt(variance + " + shown(s.whiteningEpsilon()) + ") over all "
                            + Knobs.label(s.whitening()) + " of the batch, variance with divisor " + divisor);
        }
    }

    private void loss() {
        if (s.surrogate() != Surrogate.REINFORCE) {
            line("ratio", ratio());
            line(
                    "ratio",
                    "every exponent is held in [-" + shown(KlPenalty.LARGEST_EXPONENT) + ", "
                            + shown(KlPenalty.LARGEST_EXPONENT) + "], the range of single precision");
        }
        String capped = Double.isInfinite(s.delta()) ? "rho" : "min(rho, " + shown(s.delta()) + ")";
        String surrogate = switch (s.surrogate()) {
            case CLIPPED ->
                "min(" + capped + " A, clip(rho, " + shown(1 - s.epsilonLow()) + ", " + shown(1 + s.epsilonHigh())
                        + ") A)";
            case CISPO -> "sg[" + capped + "] A logp_t, sg: no gradient";
            case REINFORCE -> "A logp_t";
        };
        line("surrogate", "S = " + surrogate);
        if (s.surrogate() == Surrogate.CLIPPED && !Double.isInfinite(s.dualClip())) {
            line("surrogate", "where A < 0: S = max(S, " + shown(s.dualClip()) + " A)");
        }
        String terms = "-S" + (hasKl(KlPlace.LOSS) ? " + " + shown(s.beta()) + " kl_t" : "")
                + (s.entropyCoefficient() == 0 ? "" : " - " + shown(s.entropyCoefficient()) + " entropy_t");
        String mean = switch (s.normaliser()) {
            case SEQUENCE_MEAN -> "the mean over answers of the mean over their tokens of ";
            case TOKEN_MEAN -> "the mean over all answer tokens of the batch of ";
            case CONSTANT -> "the sum over all answer tokens, divided by answers * " + s.longestAnswer() + ", of ";
        };
        line("loss", mean + (terms.equals("-S") ? "-S" : "(" + terms + ")"));
    }

    private String ratio() {
        String log = switch (s.ratio()) {
            case TOKEN -> "logp_t - old_t";
            case SEQUENCE_SUM -> "sum_t (logp_t - old_t)";
            case SEQUENCE_MEAN, SEQUENCE_MEAN_TOKEN -> "sum_t (logp_t - old_t) / |y|";
        };
        if (!Double.isInfinite(s.logRatioLimit())) {
            log = "clip(" + log + ", -" + shown(s.logRatioLimit()) + ", " + shown(s.logRatioLimit()) + ")";
        }
        return "rho = exp(" + log + "), "
                + switch (s.ratio()) {
                    case TOKEN -> "one per token";
                    case SEQUENCE_SUM -> "one per answer, not normalised by length";
                    case SEQUENCE_MEAN -> "one per answer, normalised by length";
                    case SEQUENCE_MEAN_TOKEN -> "the value of an answer, the gradient of each token's logp_t";
                };
    }

    private void notes() {
        if (hasKl(KlPlace.LOSS) && s.klEstimator() == KlPenalty.Estimator.K1) {
            line("note", "k1 in the loss has a gradient of expectation 0 and does not hold the policy; use k2 or k3");
        }
        if (s.beta() > 0 && s.klPlace() != KlPlace.LOSS && s.klEstimator() != KlPenalty.Estimator.K1) {
            line("note", Knobs.label(s.klEstimator()) + " in the reward does not have the gradient of the KL; use k1");
        }
        if (s.surrogate() == Surrogate.CLIPPED
                && (s.ratio() == Ratio.SEQUENCE_MEAN || s.ratio() == Ratio.SEQUENCE_MEAN_TOKEN)
                && Math.max(s.epsilonLow(), s.epsilonHigh()) >= AlgorithmSettings.WIDE_CLIP) {
            line("note", "this clip range practically never meets a ratio normalised by length (force_clip is set)");
        }
        if (s.ratio().isPerSequence() && s.normaliser() != Normaliser.SEQUENCE_MEAN) {
            line(
                    "note",
                    "normaliser " + Knobs.label(s.normaliser())
                            + " weights the one ratio of an answer by its length; sequence-mean does not");
        }
    }
}
