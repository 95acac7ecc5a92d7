package dev.save4j.objectives;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.algorithms.Advantages;
import dev.save4j.algorithms.Groups;
import dev.save4j.algorithms.PolicyAlgorithm;
import dev.save4j.algorithms.PolicyAlgorithms;
import dev.save4j.algorithms.Presets;
import dev.save4j.algorithms.ScoredAnswers;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.models.Backbones;
import dev.save4j.models.Head;
import dev.save4j.models.Llama;
import dev.save4j.models.LlamaConfig;
import dev.save4j.models.PolicyModel;
import dev.save4j.models.Pooling;
import dev.save4j.models.RewardModel;
import dev.save4j.objectives.ContrastObjective.Variant;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Objectives on small transformers, trained by PyTorch: the losses do what they are for. */
class ModelObjectivesTest {
    private static final Llama BACKBONE = new Llama(LlamaConfig.small(32, 16, 2, 2, 24));

    /** Two prompts of three tokens with four answers of one to four tokens each. */
    private static final long[][] ROWS = {
        {1, 5, 9, 30}, {1, 5, 9, 2, 7}, {1, 5, 9, 7, 7, 8}, {1, 5, 9, 20, 21, 22, 23},
        {3, 4, 8, 31}, {3, 4, 8, 12, 13}, {3, 4, 8, 2, 2, 2}, {3, 4, 8, 9, 10, 11, 12}
    };

    private static final int PROMPT = 3;
    private static final int WIDTH = 7;

    private static Map<String, Tensor> tokens() {
        long[] ids = new long[ROWS.length * WIDTH];
        long[] mask = new long[ids.length];
        for (int row = 0; row < ROWS.length; row++) {
            for (int t = 0; t < ROWS[row].length; t++) {
                ids[row * WIDTH + t] = ROWS[row][t];
                mask[row * WIDTH + t] = 1;
            }
        }
        Map<String, Tensor> inputs = new HashMap<>();
        inputs.put("input_ids", Tensor.of(ids, ROWS.length, WIDTH));
        inputs.put("attention_mask", Tensor.of(mask, ROWS.length, WIDTH));
        return inputs;
    }

    private static Trainer open(WeightStore weights, Graph loss) {
        return Engines.gradient()
                .named("djl-pytorch")
                .open(weights, List.of(loss), Optimization.DEFAULT, EngineSettings.singleThreaded());
    }

    private static RewardModel rewardModel() {
        WeightStore weights =
                Head.create(Set.of(Head.REWARD, Head.VALUE), Backbones.initialize(BACKBONE, 1), 16, 7, 0.25);
        return new RewardModel(BACKBONE, Pooling.LAST_TOKEN, weights);
    }

    @Test
    void bradleyTerryLearnsItsPairsAndLeavesTheValueHeadAlone() {
        RewardModel model = rewardModel();
        BradleyTerry objective = new BradleyTerry(0.01);
        Graph graph = Composition.of(model.gradeGraph(), objective);
        Map<String, Tensor> inputs = tokens();
        inputs.putAll(objective.feed(new double[4]).whole());
        Tensor value = model.weights().get("value.weight").copy();
        try (Trainer trainer = open(model.weights(), graph)) {
            double first = trainer.evaluate(graph, inputs).get("loss").item();
            for (int step = 0; step < 40; step++) {
                trainer.accumulate(graph, inputs, 1);
                assertThat(trainer.gradients()).doesNotContainKey("value.weight");
                trainer.step(1e-2);
            }
            Map<String, Tensor> last = trainer.evaluate(graph, inputs);
            assertThat(last.get("loss").item()).isLessThan((float) (first / 4));
            assertThat(last.get("accuracy").item()).isEqualTo(1);
        }
        assertThat(model.weights().get("value.weight").contentEquals(value)).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void theContrastSeparatesAnswersAndTheValueFollowsItsTarget(Variant variant) {
        RewardModel model = rewardModel();
        ContrastObjective contrast = new ContrastObjective(variant, 4, 1, 1, 0.001);
        ValueRegression value = new ValueRegression();
        Objective save = new WeightedSum(
                "save",
                List.of(new WeightedSum.Term("contrast", contrast, 1), new WeightedSum.Term("value", value, 0.5)));
        Graph graph = Composition.of(model.gradeGraph(), save);
        Map<String, Tensor> inputs = tokens();
        long[] prompts = new long[ROWS.length];
        Arrays.fill(prompts, PROMPT);
        inputs.put("prompt_length", Tensor.of(prompts, ROWS.length, 1));
        inputs.putAll(contrast.feed(new double[8], new int[] {1, -1, 0, 1, -1, 0, 1, -1})
                .whole());
        inputs.putAll(value.feed(new double[] {1, 1, 1, 1, -1, -1, -1, -1}, 4).whole());
        try (Trainer trainer = open(model.weights(), graph)) {
            Map<String, Tensor> first = trainer.evaluate(graph, inputs);
            for (int step = 0; step < 60; step++) {
                trainer.accumulate(graph, inputs, 1);
                trainer.step(1e-2);
            }
            Map<String, Tensor> last = trainer.evaluate(graph, inputs);
            assertThat(last.get("contrast_loss").item())
                    .isLessThan(first.get("contrast_loss").item() / 2);
            assertThat(last.get("value_loss").item())
                    .isLessThan(first.get("value_loss").item() / 10);
            assertThat(last.get("positive_reward").item())
                    .isGreaterThan(last.get("negative_reward").item() + 1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpo", "dr-grpo", "rloo", "gspo", "gspo-token", "reinforce++"})
    void everyAlgorithmMakesRewardedAnswersMoreLikely(String name) {
        PolicyAlgorithm algorithm =
                PolicyAlgorithms.builtIn().create(Presets.of("paper", name).with(Map.of("longest_answer", 4)));
        PolicyModel model = new PolicyModel(BACKBONE, Backbones.initialize(BACKBONE, 3));
        PolicyObjective objective = algorithm.objective().watchingEntropy();
        Graph graph = Composition.of(model.logProbGraph(1, true), objective);
        int[] start = new int[ROWS.length];
        Arrays.fill(start, PROMPT - 1);
        double[] reward = {1, 0, 0, 0, 0, 0, 0, 1};
        List<float[]> before = logProbs(model);
        ScoredAnswers answers = new ScoredAnswers(
                Groups.uniform(2, 4), reward, before, algorithm.needsReference() ? before : List.of());
        Advantages advantages = algorithm.advantages(answers);
        Map<String, Tensor> inputs = tokens();
        inputs.putAll(algorithm.feed(answers, advantages, WIDTH - 1, start).whole());
        try (Trainer trainer = open(model.weights(), graph)) {
            Map<String, Tensor> first = trainer.evaluate(graph, inputs);
            assertThat(first.get("ratio_mean").item()).isBetween(0.9999f, 1.0001f);
            assertThat(first.get("clip_ratio/region_mean").item()).isZero();
            assertThat(first.get("entropy_mean").item()).isBetween(0.1f, (float) Math.log(32));
            for (int step = 0; step < 3; step++) {
                trainer.accumulate(graph, inputs, 1);
                trainer.step(1e-3);
            }
        }
        List<float[]> after = logProbs(model);
        for (int row = 0; row < ROWS.length; row++) {
            if (reward[row] > 0) {
                assertThat(sum(after.get(row))).as("answer %d", row).isGreaterThan(sum(before.get(row)));
            }
        }
    }

    @Test
    void fineTuningMakesItsTextMoreLikely() {
        PolicyModel model = new PolicyModel(BACKBONE, Backbones.initialize(BACKBONE, 3));
        LanguageModelling objective = new LanguageModelling();
        Graph graph = Composition.of(model.logProbGraph(1), objective);
        int[] start = new int[ROWS.length];
        int[] end = new int[ROWS.length];
        Arrays.fill(start, PROMPT - 1);
        Arrays.setAll(end, row -> ROWS[row].length - 1);
        Map<String, Tensor> inputs = tokens();
        inputs.putAll(objective.feed(WIDTH - 1, start, end).whole());
        try (Trainer trainer = open(model.weights(), graph)) {
            double first = trainer.evaluate(graph, inputs).get("loss").item();
            assertThat(first).isBetween(0.8 * Math.log(32), 1.2 * Math.log(32));
            for (int step = 0; step < 30; step++) {
                trainer.accumulate(graph, inputs, 1);
                trainer.step(1e-2);
            }
            assertThat(trainer.evaluate(graph, inputs).get("loss").item()).isLessThan((float) (first / 2));
        }
    }

    /** Log-probs of the answers' tokens. */
    private static List<float[]> logProbs(PolicyModel model) {
        Graph graph = Composition.of(model.logProbGraph(1), new Rows());
        List<float[]> rows = new ArrayList<>();
        try (Trainer trainer = open(model.weights(), graph)) {
            float[] all = trainer.evaluate(graph, tokens()).get("rows").toFloats();
            for (int row = 0; row < ROWS.length; row++) {
                int from = row * (WIDTH - 1) + PROMPT - 1;
                rows.add(Arrays.copyOfRange(all, from, from + ROWS[row].length - PROMPT));
            }
        }
        return rows;
    }

    /** Shows the log-probs themselves. */
    private record Rows() implements Objective {
        @Override
        public String name() {
            return "rows";
        }

        @Override
        public Graph graph() {
            var g = new dev.save4j.graph.GraphBuilder("rows");
            var logProb = g.input("log_prob", dev.save4j.tensor.ElementType.FLOAT, "batch", "tokens");
            g.output(LOSS, logProb.sum());
            g.output("rows", logProb.identity());
            return g.build();
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
