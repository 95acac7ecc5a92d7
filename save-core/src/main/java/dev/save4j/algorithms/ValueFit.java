package dev.save4j.algorithms;

import java.util.OptionalDouble;

/**
 * How well V(x) follows the rewards.
 *
 * @param lag mean over prompts of r̄ − V, in units of reward: {@code save/anchor_lag}; positive when V is behind rising rewards
 * @param explainedVariance 1 − Var(r̄ − V)/Var(r̄) over prompts: 1 is a perfect fit, 0 no better than a constant, negative worse; empty when all
 *     r̄ are equal
 * @param prompts with at least one score, over which both are taken
 */
public record ValueFit(double lag, OptionalDouble explainedVariance, int prompts) {
    /**
     * @param reward per answer; NaN when it could not be scored
     * @param value V per prompt
     */
    public static ValueFit of(double[] reward, double[] value, Groups groups) {
        groups.requireRows(reward.length, "rewards");
        groups.requirePrompts(value.length, "values");
        double[] mean = new double[value.length];
        double[] residual = new double[value.length];
        groups.forEach((prompt, from, to) -> {
            mean[prompt] = Statistics.mean(reward, from, to);
            residual[prompt] = mean[prompt] - value[prompt];
        });
        double variance = Statistics.variance(mean, 0, mean.length, 0);
        int prompts = Statistics.count(mean, 0, mean.length);
        return new ValueFit(
                prompts == 0 ? 0 : Statistics.mean(residual),
                variance > 0
                        ? OptionalDouble.of(1 - Statistics.variance(residual, 0, residual.length, 0) / variance)
                        : OptionalDouble.empty(),
                prompts);
    }
}
