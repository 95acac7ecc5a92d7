package dev.save4j.loop;

import dev.save4j.engine.Sampling;
import java.util.List;
import java.util.Optional;

/**
 * Measures the policy and the proxy reward model on answers to evaluation prompts, which are the same in every evaluation.
 *
 * @param initial the reward model as it was at the start, so that both are compared on the same answers
 * @param reference the policy as it was at the start, for the KL divergence
 */
record PolicyEvaluation(
        AnswerSource source,
        Scoring proxy,
        Scoring initial,
        AnswerLogProbs reference,
        List<String> prompts,
        int completions,
        Sampling sampling,
        Optional<Judge> judge) {
    /**
     * Metrics: {@code eval/reward}, {@code eval/length} in tokens, {@code eval/kl}, the mean over answers of Σ (log π − log π_start) in nats; with a
     * judge also {@code eval/gold}, {@code eval/accuracy}, the share of pairs of answers to one prompt that the proxy orders as gold does,
     * {@code eval/accuracy_initial} for the reward model of the start on the same pairs, and {@code eval/accuracy_error},
     * {@code eval/gold_error} and, for the difference of the two accuracies, {@code eval/accuracy_gain_error}: standard errors over prompts.
     */
    Metrics evaluate(long seed) {
        List<List<Answer>> groups = source.sample(prompts, completions, sampling, seed);
        List<Answer> answers = groups.stream().flatMap(List::stream).toList();
        double[] rewards = proxy.rewards(answers);
        List<float[]> start = reference.of(answers);
        Metrics metrics = new Metrics();
        for (int i = 0; i < rewards.length; i++) {
            metrics.put("eval/reward", rewards[i]);
            metrics.put("eval/length", answers.get(i).completion().tokens().length);
            metrics.put("eval/kl", sum(answers.get(i).completion().logProbs()) - sum(start.get(i)));
        }
        judge.ifPresent(gold -> compare(gold, answers, rewards, metrics));
        return metrics;
    }

    private void compare(Judge gold, List<Answer> answers, double[] rewards, Metrics metrics) {
        double[] golds = answers.stream()
                .mapToDouble(answer -> gold.score(answer.prompt(), answer.text()))
                .toArray();
        double[] before = initial.rewards(answers);
        Spread goldPerPrompt = new Spread();
        Spread now = new Spread();
        Spread atStart = new Spread();
        Spread gain = new Spread();
        for (int from = 0; from < golds.length; from += completions) {
            double total = 0;
            int pairs = 0;
            int right = 0;
            int rightAtStart = 0;
            for (int i = from; i < from + completions; i++) {
                total += golds[i];
                for (int j = from; j < i; j++) {
                    double difference = Math.signum(golds[i] - golds[j]);
                    if (difference != 0) {
                        pairs++;
                        right += Math.signum(rewards[i] - rewards[j]) == difference ? 1 : 0;
                        rightAtStart += Math.signum(before[i] - before[j]) == difference ? 1 : 0;
                    }
                }
            }
            goldPerPrompt.add(total / completions);
            if (pairs > 0) {
                now.add(right / (double) pairs);
                atStart.add(rightAtStart / (double) pairs);
                gain.add((right - rightAtStart) / (double) pairs);
            }
        }
        metrics.put("eval/gold", goldPerPrompt.mean());
        metrics.put("eval/gold_error", goldPerPrompt.error());
        // When every group has one gold reward there is nothing to order.
        if (now.count() > 0) {
            metrics.put("eval/accuracy", now.mean());
            metrics.put("eval/accuracy_error", now.error());
            metrics.put("eval/accuracy_initial", atStart.mean());
            metrics.put("eval/accuracy_gain_error", gain.error());
        }
    }

    private static double sum(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum;
    }
}
