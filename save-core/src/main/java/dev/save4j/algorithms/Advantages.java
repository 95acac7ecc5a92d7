package dev.save4j.algorithms;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The advantages of the answers of one step.
 *
 * @param perAnswer per answer, one number, or one per token when the KL is a reward of each token
 * @param unscorable answers without a reward; their advantage is 0
 * @param metrics by TRL's names: {@code reward}, {@code reward_std} (mean of the groups' deviations), {@code frac_reward_zero_std}, and
 *     {@code kl} (mean over answers of the sum over tokens) when the KL is in the reward
 */
public record Advantages(List<double[]> perAnswer, int unscorable, Map<String, Double> metrics) {
    public Advantages {
        perAnswer = List.copyOf(perAnswer);
        metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
    }
}
