package dev.save4j.algorithms;

import static dev.save4j.objectives.LossGoldens.named;
import static dev.save4j.objectives.LossGoldens.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class AdvantagesTest {
    private static final Offset<Double> TIGHT = within(1e-9);

    private static PolicyAlgorithm algorithm(String preset, String name, Map<String, ?> overrides) {
        return PolicyAlgorithms.builtIn().create(Presets.of(preset, name).with(overrides));
    }

    /** Advantages of answers of one token each, without a KL. */
    private static double[] advantages(PolicyAlgorithm algorithm, Groups groups, double... reward) {
        List<float[]> logProb = Collections.nCopies(reward.length, new float[] {-1});
        List<double[]> rows = algorithm
                .advantages(new ScoredAnswers(groups, reward, logProb, logProb))
                .perAnswer();
        assertThat(rows).allSatisfy(row -> assertThat(row).hasSize(1));
        return rows.stream().mapToDouble(row -> row[0]).toArray();
    }

    private static Groups groups(JsonNode group) {
        List<Integer> sizes = new ArrayList<>();
        double[] ids = vector(group);
        for (int i = 0; i < ids.length; i++) {
            if (i == 0 || ids[i] != ids[i - 1]) {
                sizes.add(0);
            }
            sizes.set(sizes.size() - 1, sizes.get(sizes.size() - 1) + 1);
        }
        return new Groups(sizes);
    }

    @Test
    void grpoDividesByDeviationAndItsEpsilon() {
        JsonNode golden = named("grpo_advantage");
        Groups groups = groups(golden.get("group"));
        double[] reward = vector(golden.get("rewards"));
        assertThat(advantages(algorithm("verl", "grpo", Map.of()), groups, reward))
                .containsExactly(vector(golden.get("verl_eps1e6")), TIGHT);
        assertThat(advantages(algorithm("trl", "grpo", Map.of()), groups, reward))
                .containsExactly(vector(golden.get("trl_eps1e4")), TIGHT);
        for (String preset : new String[] {"paper", "trl", "verl"}) {
            assertThat(advantages(algorithm(preset, "dr-grpo", Map.of()), groups, reward))
                    .containsExactly(vector(golden.get("dr_grpo")), TIGHT);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"paper", "trl", "verl"})
    void rlooSubtractsTheMeanOfTheOthers(String preset) {
        JsonNode golden = named("rloo_advantage");
        assertThat(advantages(
                        algorithm(preset, "rloo", Map.of()),
                        groups(golden.get("group")),
                        vector(golden.get("rewards"))))
                .containsExactly(vector(golden.get("expected")), TIGHT);
    }

    @Test
    void rlooIsDrGrpoTimesNOverNMinusOne() {
        SplittableRandom random = new SplittableRandom(3);
        for (int n = 2; n < 9; n++) {
            double[] reward = random.doubles(3L * n, -5, 5).toArray();
            Groups groups = Groups.uniform(3, n);
            double factor = n / (n - 1.0);
            double[] expected = Arrays.stream(advantages(algorithm("paper", "dr-grpo", Map.of()), groups, reward))
                    .map(a -> a * factor)
                    .toArray();
            assertThat(advantages(algorithm("paper", "rloo", Map.of()), groups, reward))
                    .containsExactly(expected, TIGHT);
        }
    }

    /** Baseline and deviation show in the advantage: A = (r − b) / (s + ε), or r − b where s is 0. */
    @ParameterizedTest
    @ValueSource(strings = {"basic", "single", "identical", "mixed", "masked"})
    void leaveOneOutBaselineAndDeviation(String which) {
        JsonNode golden = named("leave_one_out_baseline_std_" + which);
        double[] reward = vector(golden.get("rewards"));
        double[] valid = vector(golden.get("valid_mask"));
        for (int i = 0; i < reward.length; i++) {
            reward[i] = valid[i] == 0 ? Double.NaN : reward[i];
        }
        Groups groups = groups(golden.get("group"));
        double[] baseline = vector(golden.get("expected_baseline"));
        double[] deviation = vector(golden.get("expected_std"));
        double[] centred = advantages(
                algorithm("verl", "grpo", Map.of("baseline", "leave-one-out", "scale", "none")), groups, reward);
        double[] scaled = advantages(
                algorithm(
                        "verl",
                        "grpo",
                        Map.of("baseline", "leave-one-out", "scale", "leave-one-out", "advantage_epsilon", 1e-12)),
                groups,
                reward);
        for (int i = 0; i < reward.length; i++) {
            if (valid[i] == 0) {
                // The peer computes a baseline for the masked row as well, which nothing uses.
                assertThat(centred[i]).isZero();
                assertThat(scaled[i]).isZero();
            } else {
                assertThat(reward[i] - centred[i]).isCloseTo(baseline[i], TIGHT);
                double s = scaled[i] == centred[i] ? 0 : centred[i] / scaled[i];
                assertThat(centred[i] == 0 ? deviation[i] : s).isCloseTo(deviation[i], within(1e-6));
            }
        }
    }

    @Test
    void theSequenceKlIsTakenFromTheRewardBeforeTheBaseline() {
        JsonNode golden = named("trl_loss_types");
        double[] expected = vector(golden.get("rloo_kl_penalty_in_reward"));
        List<float[]> old = List.of(new float[] {-1, -0.9f, -1.6f, -0.2f}, new float[] {-0.6f, -1, -0.9f});
        List<float[]> reference = List.of(new float[] {-1.2f, -0.6f, -1.9f, -0.3f}, new float[] {-0.5f, -1.2f, -1});
        PolicyAlgorithm rloo = algorithm("paper", "rloo", Map.of("beta", 2));
        Advantages advantages = rloo.advantages(new ScoredAnswers(Groups.of(2), new double[] {1, 5}, old, reference));
        double first = 1 - 2 * expected[0];
        double second = 5 - 2 * expected[1];
        assertThat(advantages.perAnswer().get(0)[0]).isCloseTo(first - second, within(1e-6));
        assertThat(advantages.perAnswer().get(1)[0]).isCloseTo(second - first, within(1e-6));
        assertThat(advantages.metrics().get("kl")).isCloseTo((expected[0] + expected[1]) / 2, within(1e-6));
        assertThat(rloo.objective().kl().beta()).isZero();
        assertThat(rloo.needsReference()).isTrue();
    }

    @Test
    void theTokenKlIsARewardOfWhatFollows() {
        PolicyAlgorithm openrlhf = algorithm("openrlhf", "dr-grpo", Map.of("beta", 0.5, "kl_limit", 2));
        List<float[]> old = List.of(new float[] {-1, -1, -1}, new float[] {-1});
        List<float[]> reference = List.of(new float[] {-2, -1.5f, -9}, new float[] {-1});
        Advantages advantages =
                openrlhf.advantages(new ScoredAnswers(Groups.of(2), new double[] {30, 4}, old, reference));
        // The mean is 17, the limit 10; the estimates are 1, 0.5 and 8, held at 2.
        assertThat(advantages.perAnswer().get(0)).containsExactly(new double[] {10 - 1.75, 10 - 1.25, 10 - 1}, TIGHT);
        assertThat(advantages.perAnswer().get(1)).containsExactly(new double[] {-10}, TIGHT);
        assertThat(openrlhf.objective().tokenAdvantage()).isTrue();
    }

    @Test
    void whiteningCountsEveryToken() {
        PolicyAlgorithm plus = algorithm("verl", "reinforce++", Map.of("whitening_epsilon", 1e-15));
        List<float[]> old = List.of(new float[1], new float[3], new float[2]);
        double[] reward = {1, 2, Double.NaN};
        Advantages advantages = plus.advantages(new ScoredAnswers(Groups.of(1, 1, 1), reward, old));
        double mean = 7 / 4.0;
        double deviation = Math.sqrt(((1 - mean) * (1 - mean) + 3 * (2 - mean) * (2 - mean)) / 3);
        assertThat(advantages.perAnswer().get(0)[0]).isCloseTo((1 - mean) / deviation, TIGHT);
        assertThat(advantages.perAnswer().get(1)[0]).isCloseTo((2 - mean) / deviation, TIGHT);
        assertThat(advantages.perAnswer().get(2)[0]).isZero();
    }

    @Test
    void whiteningOfAnswersCountsEveryAnswerAndTokensOfTheirOwnCountEach() {
        double[] answers = advantages(
                algorithm("paper", "rloo", Map.of("whitening", "answers", "whitening_epsilon", 1e-15)),
                Groups.of(2, 2),
                1,
                3,
                5,
                5);
        double deviation = Math.sqrt(8 / 3.0);
        assertThat(answers).containsExactly(new double[] {-2 / deviation, 2 / deviation, 0, 0}, within(1e-8));
        PolicyAlgorithm openrlhf = algorithm("openrlhf", "reinforce++", Map.of("beta", 1));
        List<double[]> tokens = openrlhf.advantages(new ScoredAnswers(
                        Groups.of(1, 1),
                        new double[] {1, 3},
                        List.of(new float[] {0, 0}, new float[] {0}),
                        List.of(new float[] {-1, -1}, new float[] {0})))
                .perAnswer();
        // Before whitening: -1, 0 and 3, with mean 2/3 and variance 26/9.
        double spread = Math.sqrt(26 / 9.0 + 1e-8);
        assertThat(tokens.get(0)).containsExactly(new double[] {-5 / 3.0 / spread, -2 / 3.0 / spread}, TIGHT);
        assertThat(tokens.get(1)).containsExactly(new double[] {7 / 3.0 / spread}, TIGHT);
    }

    @Test
    void scaleBatchDividesByTheDeviationOfAllRewards() {
        double[] reward = {0, 2, 10, 14};
        double deviation =
                Math.sqrt(Arrays.stream(reward).map(r -> (r - 6.5) * (r - 6.5)).sum() / 3);
        assertThat(advantages(algorithm("trl", "grpo", Map.of("scale", "batch")), Groups.of(2, 2), reward))
                .containsExactly(
                        new double[] {
                            -1 / (deviation + 1e-4),
                            1 / (deviation + 1e-4),
                            -2 / (deviation + 1e-4),
                            2 / (deviation + 1e-4)
                        },
                        TIGHT);
        assertThat(advantages(algorithm("trl", "grpo", Map.of("ddof", 0)), Groups.of(2), 0, 2))
                .containsExactly(new double[] {-1 / 1.0001, 1 / 1.0001}, TIGHT);
    }

    @Test
    void answersThatCannotBeScoredAreLeftOutAndCounted() {
        List<float[]> logProb = Collections.nCopies(5, new float[] {-1});
        Advantages advantages = algorithm("paper", "rloo", Map.of("beta", 0))
                .advantages(
                        new ScoredAnswers(Groups.of(3, 2), new double[] {1, Double.NaN, 3, Double.NaN, 7}, logProb));
        assertThat(advantages.perAnswer().stream().map(row -> row[0])).containsExactly(-2.0, 0.0, 2.0, 0.0, 0.0);
        assertThat(advantages.unscorable()).isEqualTo(2);
        assertThat(advantages.metrics().get("reward")).isCloseTo(11 / 3.0, TIGHT);
        assertThat(advantages.metrics().get("frac_reward_zero_std")).isEqualTo(0.5);
        assertThat(advantages.metrics().get("reward_std")).isCloseTo(Math.sqrt(2) / 2, TIGHT);
    }

    @Test
    void theOnlyAnswerHasAdvantageZero() {
        for (String name : new String[] {"grpo", "rloo", "dr-grpo"}) {
            assertThat(advantages(algorithm("paper", name, Map.of()), Groups.of(1, 1), 5, -3))
                    .containsExactly(0, 0);
        }
    }

    @Test
    void rewardsAreNotChanged() {
        double[] reward = {1, 2};
        ScoredAnswers answers = new ScoredAnswers(
                Groups.of(2), reward, List.of(new float[] {0}, new float[] {0}), List.of(new float[] {-1}, new float[] {
                    0
                }));
        algorithm("paper", "rloo", Map.of()).advantages(answers);
        assertThat(reward).containsExactly(1, 2);
        assertThat(answers.reward()).containsExactly(1, 2);
    }

    @Test
    void aMissingReferenceIsReported() {
        assertThatThrownBy(() -> algorithm("paper", "rloo", Map.of())
                        .advantages(
                                new ScoredAnswers(Groups.of(2), new double[2], Collections.nCopies(2, new float[1]))))
                .isInstanceOf(SaveException.class)
                .hasMessage("algorithm 'rloo' has beta 0.05 but is given no log-probs of the reference model");
    }
}
