package dev.save4j.objectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.objectives.KlPenalty.Estimator;
import dev.save4j.objectives.PolicyObjective.Normaliser;
import dev.save4j.objectives.PolicyObjective.Ratio;
import dev.save4j.objectives.PolicyObjective.Surrogate;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class PolicyObjectiveTest {
    /** Every combination that changes the graph. */
    static List<PolicyObjective> combinations() {
        List<PolicyObjective> objectives = new ArrayList<>();
        for (Surrogate surrogate : Surrogate.values()) {
            for (Ratio ratio : Ratio.values()) {
                for (Normaliser normaliser : Normaliser.values()) {
                    Policies policy = Policies.GRPO
                            .surrogate(surrogate)
                            .ratio(ratio)
                            .normaliser(normaliser)
                            .delta(1.6);
                    objectives.add(policy.objective());
                    objectives.add(policy.perToken().dualClip(1.3).objective());
                }
            }
        }
        for (Estimator estimator : Estimator.values()) {
            objectives.add(Policies.GRPO.kl(new KlPenalty(0.3, estimator)).objective());
            objectives.add(
                    Policies.GRPO.kl(new KlPenalty(0.3, estimator, 0.5, 0.1)).objective());
        }
        return objectives;
    }

    @ParameterizedTest
    @MethodSource("combinations")
    void agreesWithTheFormula(PolicyObjective objective) {
        for (long seed = 1; seed <= 5; seed++) {
            PolicyBatch batch = PolicyBatch.random(objective, seed, 0.8);
            assertThat(GraphCalculator.run(objective.graph(), batch.inputs())
                            .get("loss")
                            .item())
                    .isCloseTo(batch.reference(), within(1e-6));
        }
    }

    @ParameterizedTest
    @MethodSource("combinations")
    void whatStandsBesideAnswersDoesNotMatter(PolicyObjective objective) {
        PolicyBatch batch = PolicyBatch.random(objective, 3, 0.8);
        Map<String, Array> clean = GraphCalculator.run(objective.graph(), batch.inputs());
        for (double filler : new double[] {-1e30, 1e30, Double.NEGATIVE_INFINITY, Double.NaN}) {
            GraphCalculator.run(objective.graph(), batch.inputs(filler))
                    .forEach((name, output) -> assertThat(output.item())
                            .as(name)
                            .isEqualTo(clean.get(name).item()));
        }
    }

    @ParameterizedTest
    @MethodSource("combinations")
    void microBatchesAddUpToTheBatch(PolicyObjective objective) {
        PolicyBatch batch = PolicyBatch.random(objective, 11, 0.8);
        Map<String, Array> whole = GraphCalculator.run(objective.graph(), batch.inputs());
        Map<String, Double> sums = new HashMap<>();
        Array logProb = batch.logProbs(0);
        int from = 0;
        for (Map<String, Tensor> part : objective.feed(batch.answers()).microBatches(4)) {
            int rows = (int) part.get("mask").dimension(0);
            GraphCalculator.run(objective.graph(), Feeds.with(part, "log_prob", logProb.slice(0, from, from + rows)))
                    .forEach((name, output) -> sums.merge(name, output.item(), Double::sum));
            from += rows;
        }
        assertThat(from).isEqualTo(6);
        whole.forEach((name, output) -> assertThat(sums.get(name)).as(name).isCloseTo(output.item(), within(1e-9)));
    }

    @ParameterizedTest
    @EnumSource
    void onTheFirstPassNothingIsClippedAndTheGradientIsThatOfThePolicy(Ratio ratio) {
        PolicyObjective objective = Policies.GRPO.ratio(ratio).clip(3e-4, 4e-4).objective();
        PolicyBatch batch = PolicyBatch.random(objective, 5, 1e-9);
        Map<String, Array> outputs = GraphCalculator.run(objective.graph(), batch.inputs());
        assertThat(outputs.get("clip_ratio/region_mean").item()).isZero();
        assertThat(outputs.get("ratio_mean").item()).isCloseTo(1, within(1e-6));
        assertThat(outputs.get("approx_kl").item()).isCloseTo(0, within(1e-12));
        Array gradient = GraphCalculator.gradient(objective.graph(), batch.inputs(), "log_prob");
        for (int i = 0; i < batch.answers().size(); i++) {
            int length = batch.answers().length(i);
            double perToken =
                    -batch.answers().advantage().get(i)[0] / (5 * length) * (ratio == Ratio.SEQUENCE_SUM ? length : 1);
            for (int t = 0; t < length; t++) {
                int at = i * 8 + batch.answers().start()[i] + t;
                assertThat(gradient.data()[at]).isCloseTo(perToken, within(1e-6));
            }
        }
    }

    @Test
    void gspoTokenHasTheGradientOfGspoWhenTheAdvantageIsTheSameForAllTokens() {
        Policies gspo = Policies.GRPO.ratio(Ratio.SEQUENCE_MEAN).clip(0.05, 0.05);
        PolicyBatch sequence = PolicyBatch.random(gspo.objective(), 21, 0.3);
        PolicyBatch token =
                PolicyBatch.random(gspo.ratio(Ratio.SEQUENCE_MEAN_TOKEN).objective(), 21, 0.3);
        Array expected = GraphCalculator.gradient(sequence.objective().graph(), sequence.inputs(), "log_prob");
        Array actual = GraphCalculator.gradient(token.objective().graph(), token.inputs(), "log_prob");
        assertThat(java.util.Arrays.stream(expected.data()).map(Math::abs).max().orElseThrow())
                .isGreaterThan(0.01);
        assertThat(actual.data()).containsExactly(expected.data(), within(1e-8));
        assertThat(GraphCalculator.run(token.objective().graph(), token.inputs())
                        .get("loss")
                        .item())
                .isCloseTo(sequence.reference(), within(1e-6));
    }

    @Test
    void cispoKeepsTheGradientOfTokensBeyondItsCap() {
        Policies cispo = Policies.GRPO.surrogate(Surrogate.CISPO).delta(1.5);
        PolicyBatch batch = PolicyBatch.of(
                cispo.objective(),
                new double[][] {{-0.5, -1}},
                new double[][] {{-2, -1}},
                new double[][] {{1}},
                new double[0][]);
        assertThat(GraphCalculator.gradient(batch.objective().graph(), batch.inputs(), "log_prob")
                        .data())
                .containsExactly(new double[] {-0.75, -0.5}, within(1e-6));
        assertThat(GraphCalculator.run(batch.objective().graph(), batch.inputs())
                        .get("cispo_clip_ratio")
                        .item())
                .isCloseTo(0.5, within(1e-7));
    }

    @Test
    void clippedTokensAreCountedBySide() {
        PolicyBatch batch = PolicyBatch.of(
                Policies.GRPO.normaliser(Normaliser.TOKEN_MEAN).objective(),
                new double[][] {{-1, -2, -1, -1.05}, {-1, -2, -1, -1.05}},
                new double[][] {{-2, -1, -1, -1}, {-2, -1, -1, -1}},
                new double[][] {{1}, {-1}},
                new double[0][]);
        Map<String, Array> outputs = GraphCalculator.run(batch.objective().graph(), batch.inputs());
        assertThat(outputs.get("clip_ratio/high_mean").item()).isCloseTo(1 / 8.0, within(1e-7));
        assertThat(outputs.get("clip_ratio/low_mean").item()).isCloseTo(1 / 8.0, within(1e-7));
        assertThat(outputs.get("clip_ratio/region_mean").item()).isCloseTo(2 / 8.0, within(1e-7));
    }

    @Test
    void theEntropyBonusIsSubtractedAndReported() {
        PolicyObjective plain = Policies.GRPO.objective();
        PolicyObjective objective = new PolicyObjective(
                "policy",
                plain.surrogate(),
                plain.ratio(),
                0.2,
                0.2,
                Policies.NONE,
                Policies.NONE,
                Policies.NONE,
                KlPenalty.NONE,
                0.1,
                true,
                false,
                Normaliser.TOKEN_MEAN,
                4);
        PolicyBatch batch = PolicyBatch.of(
                objective, new double[][] {{-1, -1}}, new double[][] {{-1, -1}}, new double[][] {{2}}, new double[0][]);
        Map<String, Array> inputs = batch.inputs();
        inputs.put("entropy", Array.matrix(new double[][] {{1, 3}}));
        Map<String, Array> outputs = GraphCalculator.run(objective.graph(), inputs);
        assertThat(outputs.get("entropy_mean").item()).isCloseTo(2, within(1e-6));
        assertThat(outputs.get("policy_loss").item()).isCloseTo(-2, within(1e-6));
        assertThat(outputs.get("loss").item()).isCloseTo(-2.2, within(1e-6));
        assertThat(plain.watchingEntropy().graph().hasOutput("entropy_mean")).isTrue();
    }

    @Test
    void inputsThatAreNotNeededAreNotAskedFor() {
        assertThat(Policies.GRPO.objective().graph().inputs().stream().map(input -> input.name()))
                .containsExactly("mask", "log_prob", "old_log_prob", "advantage", "sequence_weight", "metric_weight");
    }

    @Test
    void aBatchWithoutAnswerTokensHasLossZero() {
        PolicyObjective objective = Policies.GRPO.objective();
        PolicyBatch batch = new PolicyBatch(
                objective,
                List.of(new double[0], new double[0]),
                new AnswerTokens(
                        3,
                        new int[2],
                        List.of(new float[0], new float[0]),
                        List.of(new double[] {1}, new double[] {2}),
                        List.of()));
        GraphCalculator.run(objective.graph(), batch.inputs())
                .values()
                .forEach(output -> assertThat(output.item()).isZero());
    }

    @Test
    void dataThatDoesNotFitIsRefused() {
        PolicyObjective objective = Policies.GRPO.objective();
        AnswerTokens answers =
                new AnswerTokens(3, new int[] {1}, List.of(new float[3]), List.of(new double[] {1}), List.of());
        assertThatThrownBy(() -> objective.feed(answers))
                .isInstanceOf(SaveException.class)
                .hasMessage("row 0: 3 tokens from position 1 do not fit into 3");
        assertThatThrownBy(() -> Policies.GRPO
                        .perToken()
                        .objective()
                        .feed(new AnswerTokens(
                                4, new int[] {1}, List.of(new float[3]), List.of(new double[] {1}), List.of())))
                .hasMessage("answer 0 of 3 tokens has 1 advantages, but objective 'policy' wants one per token");
        assertThatThrownBy(() -> Policies.GRPO
                        .kl(new KlPenalty(0.1, Estimator.K3))
                        .objective()
                        .feed(new AnswerTokens(
                                4, new int[] {1}, List.of(new float[3]), List.of(new double[] {1}), List.of())))
                .hasMessage(
                        "objective 'policy' has beta 0.1 in the loss but is given no log-probs of the reference model");
    }
}
