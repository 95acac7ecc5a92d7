package dev.save4j.objectives;

import dev.save4j.SaveException;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The policy loss Σ_i w_i Σ_t m_t (−surrogate + β · KL − entropy bonus). How answers and tokens are averaged lies in the weights w_i alone (see
 * {@link Normaliser}), which {@link #feed} counts over the whole batch. TRL's {@code _compute_loss} in {@code trl/trainer/grpo_trainer.py} is
 * the nearest relative.
 *
 * <p>Inputs: {@code log_prob [batch, tokens]} of the policy; {@code old_log_prob [batch, tokens]}, when the answers were sampled;
 * {@code mask [batch, tokens]}, 1 on answer tokens and 0 elsewhere, where the log-probs may be anything, even infinite;
 * {@code advantage [batch]}, or {@code [batch, tokens]}; {@code sequence_weight [batch]}, w_i; {@code metric_weight [batch]}, the weight of each
 * token of an answer in the metrics; {@code reference_log_prob [batch, tokens]} with β above 0; {@code entropy [batch, tokens]} on request.
 *
 * <p>Metrics: {@code policy_loss} without KL and entropy, {@code ratio_mean}, {@code approx_kl} (k3 of the old policy against the new),
 * {@code clip_ratio/region_mean}, {@code clip_ratio/low_mean}, {@code clip_ratio/high_mean} when CLIPPED, {@code cispo_clip_ratio} when CISPO,
 * {@code kl} and {@code entropy_mean} when their inputs are there. They are means over answer tokens, or over answers for a sequence ratio.
 *
 * @param epsilonLow the ratio is clipped below 1 − this
 * @param epsilonHigh the ratio is clipped above 1 + this
 * @param delta the unclipped ratio is held below this (two-sided GRPO of TRL, cap of CISPO); infinite for no bound
 * @param dualClip with a negative advantage the loss is at most −dualClip · A (arXiv 1912.09729); infinite for no bound
 * @param logRatioLimit the logarithm of the ratio is held in ± this; infinite for no limit but {@link KlPenalty#LARGEST_EXPONENT}, beyond which a
 *     ratio over a long answer would be infinite and its gradient NaN
 * @param entropyCoefficient weight of the entropy bonus
 * @param withEntropy whether {@code entropy} is an input; needed with an entropy coefficient
 * @param tokenAdvantage whether each token has its own advantage
 * @param longestAnswer L of CONSTANT, the limit of answer tokens
 */
public record PolicyObjective(
        String name,
        Surrogate surrogate,
        Ratio ratio,
        double epsilonLow,
        double epsilonHigh,
        double delta,
        double dualClip,
        double logRatioLimit,
        KlPenalty kl,
        double entropyCoefficient,
        boolean withEntropy,
        boolean tokenAdvantage,
        Normaliser normaliser,
        int longestAnswer)
        implements Objective {
    /** What is maximised, per token. */
    public enum Surrogate {
        /** min(ρA, clip(ρ)A), Schulman et al., arXiv 1707.06347. */
        CLIPPED,
        /** sg[min(ρ, delta)] · A · log π, arXiv 2506.13585. */
        CISPO,
        /** A · log π without a ratio. */
        REINFORCE
    }

    /** How the probability under the policy is compared with the probability at sampling. */
    public enum Ratio {
        /** ρ_t = exp(logp_t − old_t). */
        TOKEN,
        /** ρ = exp(Σ (logp − old)), not normalised by length (RLOO). */
        SEQUENCE_SUM,
        /** ρ = exp(Σ (logp − old) / |y|) (GSPO, arXiv 2507.18071). */
        SEQUENCE_MEAN,
        /** The value of SEQUENCE_MEAN with a gradient through each token of its own (GSPO-token). */
        SEQUENCE_MEAN_TOKEN;

        /** Whether there is one ratio for each answer. */
        public boolean isPerSequence() {
            return this == SEQUENCE_SUM || this == SEQUENCE_MEAN;
        }
    }

    /** The weight w_i of each token of answer i; answers without tokens count nowhere but in CONSTANT. */
    public enum Normaliser {
        /** 1 / (answers · |y_i|): the mean over answers of the mean over tokens (the original GRPO). */
        SEQUENCE_MEAN,
        /** 1 / Σ|y|: the mean over all tokens (DAPO, BNPO). */
        TOKEN_MEAN,
        /** 1 / (answers · L): no dependence on length (Dr. GRPO, arXiv 2503.20783). */
        CONSTANT
    }

    public PolicyObjective {
        if (!(epsilonLow >= 0 && epsilonLow <= 1) || !(epsilonHigh >= 0) || Double.isInfinite(epsilonHigh)) {
            throw SaveException.user("epsilon_low must lie in [0, 1] and epsilon_high must be 0 or more, but they are "
                    + epsilonLow + " and " + epsilonHigh);
        }
        if (!(delta > 1) || !(dualClip > 1) || !(logRatioLimit > 0)) {
            throw SaveException.user("delta and dual_clip must be above 1 and the limit of the log-ratio above 0,"
                    + " but they are " + delta + ", " + dualClip + " and " + logRatioLimit);
        }
        if (!Double.isFinite(entropyCoefficient) || entropyCoefficient != 0 && !withEntropy) {
            throw SaveException.user("an entropy coefficient of " + entropyCoefficient + " needs the entropy");
        }
        if (normaliser == Normaliser.CONSTANT && longestAnswer < 1) {
            throw SaveException.user(
                    "the constant normaliser needs the largest number of answer tokens, not " + longestAnswer);
        }
    }

    /** The same with {@code entropy} as an input and {@code entropy_mean} as a metric; the model must have it as an output. */
    public PolicyObjective watchingEntropy() {
        return new PolicyObjective(
                name,
                surrogate,
                ratio,
                epsilonLow,
                epsilonHigh,
                delta,
                dualClip,
                logRatioLimit,
                kl,
                entropyCoefficient,
                true,
                tokenAdvantage,
                normaliser,
                longestAnswer);
    }

    @Override
    public Graph graph() {
        GraphBuilder g = new GraphBuilder(name);
        Value mask = tokens(g, "mask");
        Value isAnswer = mask.greaterThan(g.scalar(0.0));
        // Chosen, not multiplied: a padded position may hold an infinite log-prob.
        Value logProb = isAnswer.choose(tokens(g, "log_prob"), g.scalar(0.0));
        Value oldLogProb = isAnswer.choose(tokens(g, "old_log_prob"), g.scalar(0.0));
        Value advantage = tokenAdvantage
                ? tokens(g, "advantage")
                : g.input("advantage", ElementType.FLOAT, "batch").unsqueeze(1);
        Value weight = g.input("sequence_weight", ElementType.FLOAT, "batch").unsqueeze(1);
        Value metricWeight = g.input("metric_weight", ElementType.FLOAT, "batch")
                .unsqueeze(1)
                .mul(mask);

        Value logRatio = KlPenalty.limited(
                logRatio(g, logProb, oldLogProb, mask), Math.min(logRatioLimit, KlPenalty.LARGEST_EXPONENT));
        Value ratio = logRatio.exp();
        Value policyLoss = surrogate(g, ratio, advantage, logProb)
                .neg()
                .mul(mask)
                .mul(weight)
                .sum();
        Value loss = policyLoss;

        Map<String, Value> metrics = new LinkedHashMap<>();
        metrics.put("policy_loss", policyLoss);
        metrics.put("ratio_mean", ratio.mul(metricWeight).sum());
        Value change = KlPenalty.limited(logProb.sub(oldLogProb), KlPenalty.LARGEST_EXPONENT);
        metrics.put(
                "approx_kl", change.exp().sub(change).sub(1).mul(metricWeight).sum());
        clipMetrics(g, ratio, advantage, metricWeight, metrics);
        if (kl.beta() > 0) {
            Value reference = isAnswer.choose(tokens(g, "reference_log_prob"), g.scalar(0.0));
            Value penalty = kl.of(logProb, reference);
            loss = loss.add(penalty.mul(kl.beta()).mul(mask).mul(weight).sum());
            metrics.put("kl", penalty.mul(metricWeight).sum());
        }
        if (withEntropy) {
            Value entropy = isAnswer.choose(tokens(g, "entropy"), g.scalar(0.0));
            if (entropyCoefficient != 0) {
                loss = loss.sub(
                        entropy.mul(entropyCoefficient).mul(mask).mul(weight).sum());
            }
            metrics.put("entropy_mean", entropy.mul(metricWeight).sum());
        }
        g.output(LOSS, loss);
        metrics.forEach(g::output);
        return g.build();
    }

    private static Value tokens(GraphBuilder g, String input) {
        return g.input(input, ElementType.FLOAT, "batch", "tokens");
    }

    /** {@code [batch, tokens]}, or {@code [batch, 1]} for one ratio per answer. */
    private Value logRatio(GraphBuilder g, Value logProb, Value oldLogProb, Value mask) {
        Value change = logProb.sub(oldLogProb);
        return switch (ratio) {
            case TOKEN -> change;
            case SEQUENCE_SUM -> change.sum(1, true);
            case SEQUENCE_MEAN -> meanOverTokens(g, change, mask);
            case SEQUENCE_MEAN_TOKEN ->
                logProb.sub(logProb.stopGradient())
                        .add(meanOverTokens(g, change, mask).stopGradient());
        };
    }

    private static Value meanOverTokens(GraphBuilder g, Value change, Value mask) {
        return change.sum(1, true).div(mask.sum(1, true).max(g.scalar(1.0)));
    }

    private Value surrogate(GraphBuilder g, Value ratio, Value advantage, Value logProb) {
        return switch (surrogate) {
            case CLIPPED -> {
                Value unclipped = capped(g, ratio).mul(advantage);
                Value clipped = ratio.clip(1 - epsilonLow, 1 + epsilonHigh).mul(advantage);
                Value pessimistic = unclipped.min(clipped);
                yield Double.isInfinite(dualClip)
                        ? pessimistic
                        : advantage
                                .lessThan(g.scalar(0.0))
                                .choose(pessimistic.max(advantage.mul(dualClip)), pessimistic);
            }
            case CISPO -> capped(g, ratio).stopGradient().mul(advantage).mul(logProb);
            case REINFORCE -> advantage.mul(logProb);
        };
    }

    private Value capped(GraphBuilder g, Value ratio) {
        return Double.isInfinite(delta) ? ratio : ratio.min(g.scalar(delta));
    }

    private void clipMetrics(
            GraphBuilder g, Value ratio, Value advantage, Value metricWeight, Map<String, Value> metrics) {
        Value worse = advantage.lessThan(g.scalar(0.0));
        Value better = advantage.greaterThan(g.scalar(0.0));
        if (surrogate == Surrogate.CLIPPED) {
            Value low = ratio.lessThan(g.scalar(1 - epsilonLow)).and(worse);
            Value high = ratio.greaterThan(g.scalar(1 + epsilonHigh)).and(better);
            Value lowMean = low.cast(ElementType.FLOAT).mul(metricWeight).sum();
            Value highMean = high.cast(ElementType.FLOAT).mul(metricWeight).sum();
            metrics.put("clip_ratio/region_mean", lowMean.add(highMean));
            metrics.put("clip_ratio/low_mean", lowMean);
            metrics.put("clip_ratio/high_mean", highMean);
        } else if (surrogate == Surrogate.CISPO && !Double.isInfinite(delta)) {
            Value over = ratio.greaterThan(g.scalar(delta)).and(better);
            metrics.put(
                    "cispo_clip_ratio",
                    over.cast(ElementType.FLOAT).mul(metricWeight).sum());
        }
    }

    /** The data of one batch; an INTERNAL error when advantages or reference log-probs do not fit this objective. */
    public Feed feed(AnswerTokens answers) {
        int rows = answers.size();
        int[] starts = answers.start();
        TokenRows mask = new TokenRows(rows, answers.tokens());
        TokenRows old = new TokenRows(rows, answers.tokens());
        TokenRows reference = new TokenRows(rows, answers.tokens());
        TokenRows tokenAdvantages = new TokenRows(rows, answers.tokens());
        double[] advantages = new double[rows];
        if (kl.beta() > 0 && answers.referenceLogProb().isEmpty()) {
            throw SaveException.internal("objective '" + name + "' has beta " + kl.beta()
                    + " in the loss but is given no log-probs of the reference model");
        }
        for (int row = 0; row < rows; row++) {
            int start = starts[row];
            int length = answers.length(row);
            float[] ones = new float[length];
            Arrays.fill(ones, 1);
            mask.put(row, start, ones);
            old.put(row, start, answers.oldLogProb().get(row));
            if (kl.beta() > 0) {
                reference.put(row, start, answers.referenceLogProb().get(row));
            }
            double[] advantage = answers.advantage().get(row);
            if (advantage.length != (tokenAdvantage ? length : 1)) {
                throw SaveException.internal("answer " + row + " of " + length + " tokens has " + advantage.length
                        + " advantages, but objective '" + name + "' wants one per "
                        + (tokenAdvantage ? "token" : "answer"));
            }
            if (tokenAdvantage) {
                tokenAdvantages.put(row, start, floats(advantage));
            } else {
                advantages[row] = advantage[0];
            }
        }
        Map<String, Tensor> data = new LinkedHashMap<>();
        data.put("mask", mask.tensor());
        data.put("old_log_prob", old.tensor());
        data.put("advantage", tokenAdvantage ? tokenAdvantages.tensor() : Feed.vector(advantages));
        data.put("sequence_weight", Feed.vector(weights(answers, normaliser)));
        data.put(
                "metric_weight",
                Feed.vector(
                        weights(answers, ratio.isPerSequence() ? Normaliser.SEQUENCE_MEAN : Normaliser.TOKEN_MEAN)));
        if (kl.beta() > 0) {
            data.put("reference_log_prob", reference.tensor());
        }
        return new Feed(data, Map.of(), 1);
    }

    private double[] weights(AnswerTokens answers, Normaliser how) {
        int rows = answers.size();
        long tokens = 0;
        int counted = 0;
        for (int row = 0; row < rows; row++) {
            tokens += answers.length(row);
            counted += answers.length(row) > 0 ? 1 : 0;
        }
        double[] weights = new double[rows];
        for (int row = 0; row < rows; row++) {
            int length = answers.length(row);
            if (length > 0) {
                weights[row] = switch (how) {
                    case SEQUENCE_MEAN -> 1.0 / ((double) counted * length);
                    case TOKEN_MEAN -> 1.0 / tokens;
                    case CONSTANT -> 1.0 / ((double) rows * longestAnswer);
                };
            }
        }
        return weights;
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}
