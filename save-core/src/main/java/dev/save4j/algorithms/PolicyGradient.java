package dev.save4j.algorithms;

import dev.save4j.SaveException;
import dev.save4j.algorithms.AlgorithmSettings.KlPlace;
import dev.save4j.objectives.KlPenalty;
import dev.save4j.objectives.PolicyObjective;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Policy gradients without a critic: GRPO, Dr. GRPO, RLOO, GSPO, REINFORCE++ and what lies between them are settings of this one class.
 *
 * <p>In order: the KL may be taken from the reward; a baseline is subtracted; a deviation divides; the result is held in its limit; the KL may become
 * a reward of tokens; advantages may be whitened over the batch. An answer whose reward is NaN takes part in none of it and has advantage 0.
 */
final class PolicyGradient implements PolicyAlgorithm {
    private final AlgorithmSettings settings;
    private final PolicyObjective objective;

    PolicyGradient(AlgorithmSettings settings) {
        this.settings = settings;
        this.objective = new PolicyObjective(
                settings.algorithm(),
                settings.surrogate(),
                settings.ratio(),
                settings.epsilonLow(),
                settings.epsilonHigh(),
                settings.delta(),
                settings.dualClip(),
                settings.logRatioLimit(),
                settings.klInLoss(),
                settings.entropyCoefficient(),
                settings.entropyCoefficient() != 0,
                perToken(),
                settings.normaliser(),
                settings.longestAnswer());
    }

    private boolean perToken() {
        return settings.klPlace() == KlPlace.TOKEN_REWARD && settings.beta() > 0;
    }

    @Override
    public AlgorithmSettings settings() {
        return settings;
    }

    @Override
    public PolicyObjective objective() {
        return objective;
    }

    @Override
    public List<String> explain() {
        return Explanation.of(settings);
    }

    @Override
    public Advantages advantages(ScoredAnswers answers) {
        if (needsReference() && answers.referenceLogProb().isEmpty()) {
            throw SaveException.internal("algorithm '" + settings.algorithm() + "' has beta " + settings.beta()
                    + " but is given no log-probs of the reference model");
        }
        double[][] kl = settings.beta() > 0 && settings.klPlace() != KlPlace.LOSS ? tokenKl(answers) : new double[0][];
        double[] reward = answers.reward();
        if (settings.klPlace() == KlPlace.REWARD && settings.beta() > 0) {
            for (int row = 0; row < reward.length; row++) {
                reward[row] -= settings.beta() * sum(kl[row]);
            }
        }
        double[] advantage = baselineAndScale(answers.groups(), reward);
        List<double[]> perAnswer = perToken() ? tokenAdvantages(advantage, kl) : singles(advantage);
        whiten(perAnswer, answers);
        int unscorable = 0;
        for (int row = 0; row < answers.size(); row++) {
            if (!answers.isScorable(row)) {
                java.util.Arrays.fill(perAnswer.get(row), 0);
                unscorable++;
            }
        }
        return new Advantages(perAnswer, unscorable, metrics(answers, kl));
    }

    private double[][] tokenKl(ScoredAnswers answers) {
        KlPenalty estimate = settings.kl();
        double[][] kl = new double[answers.size()][];
        for (int row = 0; row < kl.length; row++) {
            float[] old = answers.oldLogProb().get(row);
            float[] reference = answers.referenceLogProb().get(row);
            kl[row] = new double[old.length];
            for (int t = 0; t < old.length; t++) {
                kl[row][t] = estimate.of(old[t], reference[t]);
            }
        }
        return kl;
    }

    private double[] baselineAndScale(Groups groups, double[] reward) {
        double[] advantage = new double[reward.length];
        double batchDeviation = Statistics.deviation(reward, settings.ddof());
        groups.forEach((prompt, from, to) -> {
            double mean = Statistics.mean(reward, from, to);
            double groupDeviation = Statistics.deviation(reward, from, to, settings.ddof());
            for (int row = from; row < to; row++) {
                double baseline = switch (settings.baseline()) {
                    case GROUP_MEAN -> mean;
                    case LEAVE_ONE_OUT -> {
                        double others = Statistics.meanOfOthers(reward, from, to, row);
                        // The only answer has nothing to be compared with.
                        yield Double.isNaN(others) ? reward[row] : others;
                    }
                    case NONE -> 0;
                };
                double centred = reward[row] - baseline;
                double scaled = switch (settings.scale()) {
                    case GROUP -> centred / (groupDeviation + settings.advantageEpsilon());
                    case BATCH -> centred / (batchDeviation + settings.advantageEpsilon());
                    case LEAVE_ONE_OUT -> {
                        double others = Statistics.deviationOfOthers(reward, from, to, row, settings.ddof());
                        yield others > 0 ? centred / (others + settings.advantageEpsilon()) : centred;
                    }
                    case NONE -> centred;
                };
                double limit = settings.advantageLimit();
                advantage[row] = Math.max(-limit, Math.min(limit, scaled));
            }
        });
        return advantage;
    }

    private static List<double[]> singles(double[] advantage) {
        List<double[]> rows = new ArrayList<>();
        for (double value : advantage) {
            rows.add(new double[] {value});
        }
        return rows;
    }

    /** A_it = A_i − β Σ_{s ≥ t} kl_is. */
    private List<double[]> tokenAdvantages(double[] advantage, double[][] kl) {
        List<double[]> rows = new ArrayList<>();
        for (int row = 0; row < advantage.length; row++) {
            double[] values = new double[kl[row].length];
            double following = 0;
            for (int t = values.length - 1; t >= 0; t--) {
                following += kl[row][t];
                values[t] = advantage[row] - settings.beta() * following;
            }
            rows.add(values);
        }
        return rows;
    }

    private void whiten(List<double[]> advantages, ScoredAnswers answers) {
        if (settings.whitening() == AlgorithmSettings.Whitening.NONE) {
            return;
        }
        boolean tokens = settings.whitening() == AlgorithmSettings.Whitening.TOKENS;
        double weights = 0;
        double sum = 0;
        for (int row = 0; row < advantages.size(); row++) {
            double weight = weight(advantages, answers, row, tokens);
            weights += weight * advantages.get(row).length;
            sum += weight == 0 ? 0 : weight * sum(advantages.get(row));
        }
        double mean = sum / weights;
        double squares = 0;
        for (int row = 0; row < advantages.size(); row++) {
            double weight = weight(advantages, answers, row, tokens);
            for (double value : advantages.get(row)) {
                squares += weight == 0 ? 0 : weight * (value - mean) * (value - mean);
            }
        }
        double variance = weights > settings.ddof() ? squares / (weights - settings.ddof()) : 0;
        double deviation = Math.sqrt(variance + settings.whiteningEpsilon());
        for (double[] row : advantages) {
            for (int t = 0; t < row.length; t++) {
                row[t] = (row[t] - mean) / deviation;
            }
        }
    }

    /** How often one number of a row counts. */
    private double weight(List<double[]> advantages, ScoredAnswers answers, int row, boolean tokens) {
        if (!answers.isScorable(row) || advantages.get(row).length == 0) {
            return 0;
        }
        return tokens && !perToken() ? answers.oldLogProb().get(row).length : 1;
    }

    private Map<String, Double> metrics(ScoredAnswers answers, double[][] kl) {
        double[] reward = answers.reward();
        double[] deviation = new double[answers.groups().prompts()];
        int[] zero = new int[1];
        answers.groups().forEach((prompt, from, to) -> {
            deviation[prompt] = Statistics.deviation(reward, from, to, settings.ddof());
            zero[0] += deviation[prompt] == 0 ? 1 : 0;
        });
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("reward", Statistics.mean(reward));
        metrics.put("reward_std", Statistics.mean(deviation));
        metrics.put("frac_reward_zero_std", zero[0] / (double) deviation.length);
        if (kl.length > 0) {
            double total = 0;
            for (double[] row : kl) {
                total += sum(row);
            }
            metrics.put("kl", total / kl.length);
        }
        return metrics;
    }

    private static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }
}
