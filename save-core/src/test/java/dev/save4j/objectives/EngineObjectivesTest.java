package dev.save4j.objectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.objectives.ContrastObjective.Variant;
import dev.save4j.objectives.PolicyObjective.Normaliser;
import dev.save4j.objectives.PolicyObjective.Ratio;
import dev.save4j.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Objectives on real engines: losses and metrics of ONNX Runtime and PyTorch, and PyTorch's gradients against central differences in double
 * precision. Tolerance 2e-6 on values and 1e-5 on gradients, which are of order one.
 */
class EngineObjectivesTest {
    /** @param rows of the model's output per row of the feed: two for pairs */
    record Case(Graphed objective, Feed feed, String output, Array values, int rows) {
        Map<String, Array> inputs() {
            return Feeds.with(feed.whole(), output, values);
        }
    }

    /** One graph, because trainers know graphs by identity. */
    record Graphed(String name, dev.save4j.graph.Graph graph) {
        static Graphed of(Objective objective) {
            return new Graphed(objective.name(), objective.graph());
        }
    }

    private static Array random(long seed, int rows) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] values = new double[rows];
        Arrays.setAll(values, i -> (float) random.nextDouble(-2, 2));
        return Array.vector(values);
    }

    private static int[] labels(int rows) {
        SplittableRandom random = new SplittableRandom(5);
        int[] labels = new int[rows];
        Arrays.setAll(labels, i -> i < 4 ? 1 : random.nextInt(3) - 1);
        return labels;
    }

    static Stream<Named<Case>> cases() {
        Stream<Named<Case>> contrasts = Arrays.stream(Variant.values()).map(variant -> {
            ContrastObjective objective = new ContrastObjective(variant, 4, 0.7, 1.25, 0.2);
            Feed feed = objective.feed(random(2, 16).data(), labels(16));
            return Named.of(objective.name(), new Case(Graphed.of(objective), feed, "reward", random(3, 16), 1));
        });
        BradleyTerry preference = new BradleyTerry(0.05);
        ValueRegression value = new ValueRegression();
        LanguageModelling language = new LanguageModelling();
        Array logProb = random(8, 24).reshaped(4, 6);
        Stream<Named<Case>> others = Stream.of(
                Named.of(
                        "bradley-terry",
                        new Case(
                                Graphed.of(preference),
                                preference.feed(new double[] {0, 0.5, 1, 0}, new double[] {1, 1, 0, 2}),
                                "reward",
                                random(4, 8),
                                2)),
                Named.of(
                        "value",
                        new Case(
                                Graphed.of(value),
                                value.feed(new double[] {1, Double.NaN, -1, 0.5}, 1),
                                "value",
                                random(6, 4),
                                1)),
                Named.of(
                        "language-modelling",
                        new Case(
                                Graphed.of(language),
                                language.feed(6, new int[] {0, 2, 1, 3}, new int[] {6, 5, 1, 4}),
                                "log_prob",
                                logProb,
                                1)));
        // The normaliser is data, so one of them covers every graph.
        Stream<Named<Case>> policies = PolicyObjectiveTest.combinations().stream()
                .filter(objective -> objective.normaliser() == Normaliser.SEQUENCE_MEAN)
                .map(objective -> {
                    PolicyBatch batch = PolicyBatch.random(objective, 17, 0.8);
                    return Named.of(
                            objective.surrogate() + " " + objective.ratio() + " "
                                    + objective.kl().estimator() + (objective.tokenAdvantage() ? " per token" : ""),
                            new Case(
                                    Graphed.of(objective),
                                    objective.feed(batch.answers()),
                                    "log_prob",
                                    batch.logProbs(-1e30),
                                    1));
                });
        return Stream.of(contrasts, others, policies).flatMap(stream -> stream);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void enginesComputeTheSameLossAndMetrics(Case test) {
        Map<String, Double> expected = Executors.calculate(test.objective().graph(), test.inputs());
        assertThat(expected.get("loss")).isNotZero();
        Map<String, Double> forward = Executors.infer(test.objective().graph(), test.inputs());
        Map<String, Double> trained = Executors.evaluate(test.objective().graph(), test.inputs());
        assertThat(forward.keySet()).isEqualTo(expected.keySet());
        assertThat(trained.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, value) -> {
            double tolerance = 2e-6 * Math.max(1, Math.abs(value));
            assertThat(forward.get(name)).as("onnxruntime " + name).isCloseTo(value, within(tolerance));
            assertThat(trained.get(name)).as("djl-pytorch " + name).isCloseTo(value, within(tolerance));
        });
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsAreThoseOfCentralDifferences(Case test) {
        Array expected = GraphCalculator.gradient(test.objective().graph(), test.inputs(), test.output());
        try (Trained trained = Trained.open(test.objective().graph(), test.inputs())) {
            trained.accumulate();
            double[] gradient = trained.gradient(test.output());
            double scale = Math.max(
                    1, Arrays.stream(expected.data()).map(Math::abs).max().orElseThrow());
            assertThat(gradient).containsExactly(expected.data(), within(1e-5 * scale));
            assertThat(Arrays.stream(gradient).map(Math::abs).sum()).isGreaterThan(0.01);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void microBatchesAccumulateTheGradientOfTheBatch(Case test) {
        try (Trained whole = Trained.open(test.objective().graph(), test.inputs());
                Trained parts = Trained.open(test.objective().graph(), test.inputs())) {
            Map<String, Double> expected = whole.accumulate();
            Map<String, Double> sums = new HashMap<>();
            int from = 0;
            List<Map<String, Tensor>> microBatches = test.feed().microBatches(2);
            assertThat(microBatches).hasSizeGreaterThan(1);
            for (Map<String, Tensor> part : microBatches) {
                int to = from + Math.max(2, test.feed().unit());
                long[] rows = Trained.rows(from, to);
                if (test.rows() == 2) {
                    // Pairs lie as all chosen, then all rejected answers.
                    int pairs = test.feed().size();
                    rows = LongStream.concat(Arrays.stream(rows), LongStream.range(pairs + from, pairs + to))
                            .toArray();
                }
                parts.accumulate(part, rows).forEach((name, value) -> sums.merge(name, value, Double::sum));
                from = to;
            }
            expected.forEach((name, value) ->
                    assertThat(sums.get(name)).as(name).isCloseTo(value, within(2e-6 * Math.max(1, Math.abs(value)))));
            assertThat(parts.gradient(test.output())).containsExactly(whole.gradient(test.output()), within(1e-6));
        }
    }

    @ParameterizedTest
    @EnumSource
    void atARatioOfExactlyOneTheGradientIsThatOfThePolicy(Ratio ratio) {
        PolicyObjective objective = Policies.GRPO.ratio(ratio).clip(3e-4, 4e-4).objective();
        PolicyBatch batch = PolicyBatch.random(objective, 5, 1e-30);
        try (Trained trained = Trained.open(objective.graph(), batch.inputs(7))) {
            Map<String, Double> outputs = trained.accumulate();
            assertThat(outputs.get("clip_ratio/region_mean")).isZero();
            assertThat(outputs.get("ratio_mean")).isCloseTo(1, within(1e-6));
            double[] gradient = trained.gradient("log_prob");
            double[] expected = new double[gradient.length];
            for (int i = 0; i < batch.answers().size(); i++) {
                int length = batch.answers().length(i);
                double perToken = -batch.answers().advantage().get(i)[0]
                        / (5.0 * length)
                        * (ratio == Ratio.SEQUENCE_SUM ? length : 1);
                int start = i * 8 + batch.answers().start()[i];
                Arrays.fill(expected, start, start + length, perToken);
            }
            assertThat(gradient).containsExactly(expected, within(1e-6));
        }
    }

    @Test
    void aPolicyFarAwayGivesFiniteGradients() {
        for (Ratio ratio : Ratio.values()) {
            PolicyObjective objective = Policies.GRPO
                    .ratio(ratio)
                    .kl(new KlPenalty(0.1, KlPenalty.Estimator.K3))
                    .clip(3e-4, 4e-4)
                    .objective();
            PolicyBatch batch = PolicyBatch.of(
                    objective,
                    new double[][] {{-1, -1}, {-300, -300}},
                    new double[][] {{-300, -300}, {-1, -1}},
                    new double[][] {{1}, {1}},
                    new double[][] {{-1, -1}, {-1, -1}});
            try (Trained trained = Trained.open(objective.graph(), batch.inputs())) {
                trained.accumulate()
                        .forEach((name, value) ->
                                assertThat(value).as(ratio + " " + name).isFinite());
                for (double value : trained.gradient("log_prob")) {
                    assertThat(value).as(ratio.name()).isFinite();
                }
            }
        }
    }

    @Test
    void gspoTokenHasTheGradientOfGspoWhenTheAdvantageIsTheSameForAllTokens() {
        Policies gspo = Policies.GRPO.ratio(Ratio.SEQUENCE_MEAN).clip(0.05, 0.05);
        PolicyBatch sequence = PolicyBatch.random(gspo.objective(), 21, 0.3);
        PolicyBatch token =
                PolicyBatch.random(gspo.ratio(Ratio.SEQUENCE_MEAN_TOKEN).objective(), 21, 0.3);
        try (Trained one = Trained.open(sequence.objective().graph(), sequence.inputs());
                Trained other = Trained.open(token.objective().graph(), token.inputs())) {
            assertThat(other.accumulate().get("loss"))
                    .isCloseTo(one.accumulate().get("loss"), within(1e-6));
            assertThat(other.gradient("log_prob")).containsExactly(one.gradient("log_prob"), within(1e-7));
        }
    }

    @Test
    void theGradientOfBradleyTerryIsTheGolden() {
        var golden = LossGoldens.named("bradley_terry");
        double[] chosen = LossGoldens.vector(golden.get("chosen"));
        double[] rejected = LossGoldens.vector(golden.get("rejected"));
        double[] reward = new double[8];
        System.arraycopy(chosen, 0, reward, 0, 4);
        System.arraycopy(rejected, 0, reward, 4, 4);
        BradleyTerry objective = new BradleyTerry(0);
        try (Trained trained = Trained.open(
                objective.graph(), Feeds.with(objective.feed(new double[4]).whole(), "reward", Array.vector(reward)))) {
            trained.accumulate();
            double[] gradient = trained.gradient("reward");
            double[] expected = LossGoldens.vector(golden.get("grad_chosen"));
            for (int i = 0; i < 4; i++) {
                assertThat(gradient[i]).isCloseTo(expected[i], within(1e-7));
                assertThat(gradient[i + 4]).isCloseTo(-expected[i], within(1e-7));
            }
        }
    }
}
