package dev.save4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.algorithms.Groups;
import dev.save4j.algorithms.PolicyAlgorithm;
import dev.save4j.algorithms.PolicyAlgorithms;
import dev.save4j.algorithms.Presets;
import dev.save4j.algorithms.ScoredAnswers;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.models.Backbones;
import dev.save4j.models.CausalBackbone;
import dev.save4j.models.Gpt2;
import dev.save4j.models.Gpt2Config;
import dev.save4j.models.Head;
import dev.save4j.models.Llama;
import dev.save4j.models.LlamaConfig;
import dev.save4j.models.PolicyModel;
import dev.save4j.models.Pooling;
import dev.save4j.models.RewardModel;
import dev.save4j.objectives.BradleyTerry;
import dev.save4j.objectives.Composition;
import dev.save4j.objectives.ContrastObjective;
import dev.save4j.objectives.Feed;
import dev.save4j.objectives.ValueRegression;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same graph, weights, batch and AdamW give the same training on every gradient engine. */
class EngineParityTest {
    private static final String MEASURE = "onnxruntime";
    private static final int STEPS = 50;
    private static final double LEARNING_RATE = 1e-3;

    /** Two prompts of three tokens with four answers of one to four tokens each. */
    private static final long[][] ROWS = {
        {1, 5, 9, 30}, {1, 5, 9, 2, 7}, {1, 5, 9, 7, 7, 8}, {1, 5, 9, 20, 21, 22, 23},
        {3, 4, 8, 31}, {3, 4, 8, 12, 13}, {3, 4, 8, 2, 2, 2}, {3, 4, 8, 9, 10, 11, 12}
    };

    private static final int PROMPT = 3;
    private static final int WIDTH = 7;

    /** A training problem; every call of {@code weights} gives the same ones anew. */
    private record Problem(String name, Graph loss, Supplier<WeightStore> weights, Map<String, Tensor> inputs) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** What an engine made of a problem: the first gradients and the loss before every step. */
    private record Training(Map<String, Tensor> gradients, double[] losses) {}

    static Stream<Problem> problems() {
        return Stream.of(new Llama(LlamaConfig.small(32, 16, 2, 2, 24)), new Gpt2(Gpt2Config.small(32, 16, 2, 2, 24)))
                .flatMap(EngineParityTest::problems);
    }

    private static Stream<Problem> problems(CausalBackbone backbone) {
        List<Problem> problems = new ArrayList<>();
        BradleyTerry pairs = new BradleyTerry(0.01);
        problems.add(reward(backbone, "bradley-terry", pairs, pairs.feed(new double[4])));
        for (ContrastObjective.Variant variant : ContrastObjective.Variant.values()) {
            ContrastObjective contrast = new ContrastObjective(variant, 4, 1, 1, 0.001);
            problems.add(reward(backbone, "contrast " + variant, contrast, contrast.feed(new double[8], new int[] {
                1, -1, 0, 1, -1, 0, 1, -1
            })));
        }
        ValueRegression value = new ValueRegression();
        problems.add(reward(backbone, "value", value, value.feed(new double[] {1, 1, 1, 1, -1, -1, -1, -1}, 4)));
        for (String algorithm : List.of("grpo", "rloo", "gspo", "gspo-token")) {
            problems.add(policy(backbone, algorithm));
        }
        return problems.stream();
    }

    private static Problem reward(
            CausalBackbone backbone, String name, dev.save4j.objectives.Objective objective, Feed feed) {
        Supplier<WeightStore> weights = () -> Head.create(
                Set.of(Head.REWARD, Head.VALUE), Backbones.initialize(backbone, 1), backbone.hiddenSize(), 7, 0.25);
        Graph model = new RewardModel(backbone, Pooling.LAST_TOKEN, weights.get()).gradeGraph();
        Map<String, Tensor> inputs = tokens();
        long[] prompts = new long[ROWS.length];
        Arrays.fill(prompts, PROMPT);
        inputs.put("prompt_length", Tensor.of(prompts, ROWS.length, 1));
        inputs.putAll(feed.whole());
        return problem(backbone.family() + ", " + name, Composition.of(model, objective), weights, inputs);
    }

    private static Problem policy(CausalBackbone backbone, String name) {
        PolicyAlgorithm algorithm =
                PolicyAlgorithms.builtIn().create(Presets.of("paper", name).with(Map.of("longest_answer", 4)));
        Supplier<WeightStore> weights = () -> Backbones.initialize(backbone, 3);
        Graph model = new PolicyModel(backbone, weights.get()).logProbGraph(1);
        // As if another policy had answered: ratios away from 1, some of them clipped.
        List<float[]> sampled = Arrays.stream(ROWS)
                .map(row -> {
                    float[] logProb = new float[row.length - PROMPT];
                    Arrays.fill(logProb, -3.4f - 0.02f * row[PROMPT]);
                    return logProb;
                })
                .toList();
        ScoredAnswers answers = new ScoredAnswers(
                Groups.uniform(2, 4),
                new double[] {1, 0, 0.5, 0, 0, 0.2, 0, 1},
                sampled,
                algorithm.needsReference() ? sampled : List.of());
        int[] start = new int[ROWS.length];
        Arrays.fill(start, PROMPT - 1);
        Map<String, Tensor> inputs = tokens();
        inputs.putAll(algorithm
                .feed(answers, algorithm.advantages(answers), WIDTH - 1, start)
                .whole());
        return problem(backbone.family() + ", " + name, Composition.of(model, algorithm.objective()), weights, inputs);
    }

    /** A graph takes no more than the inputs it declares. */
    private static Problem problem(String name, Graph loss, Supplier<WeightStore> weights, Map<String, Tensor> inputs) {
        inputs.keySet()
                .retainAll(loss.inputs().stream()
                        .map(dev.save4j.graph.ValueInfo::name)
                        .toList());
        return new Problem(name, loss, weights, inputs);
    }

    private static Map<String, Tensor> tokens() {
        long[] ids = new long[ROWS.length * WIDTH];
        long[] mask = new long[ids.length];
        for (int row = 0; row < ROWS.length; row++) {
            System.arraycopy(ROWS[row], 0, ids, row * WIDTH, ROWS[row].length);
            Arrays.fill(mask, row * WIDTH, row * WIDTH + ROWS[row].length, 1);
        }
        Map<String, Tensor> inputs = new HashMap<>();
        inputs.put("input_ids", Tensor.of(ids, ROWS.length, WIDTH));
        inputs.put("attention_mask", Tensor.of(mask, ROWS.length, WIDTH));
        return inputs;
    }

    private static Training train(GradientEngine engine, Problem problem) {
        double[] losses = new double[STEPS];
        Map<String, Tensor> gradients = Map.of();
        try (Trainer trainer = engine.open(
                problem.weights().get(),
                List.of(problem.loss()),
                Optimization.DEFAULT,
                EngineSettings.singleThreaded())) {
            for (int step = 0; step < STEPS; step++) {
                losses[step] = trainer.accumulate(problem.loss(), problem.inputs(), 1)
                        .get("loss")
                        .item();
                if (step == 0) {
                    gradients = trainer.gradients();
                }
                trainer.step(LEARNING_RATE);
            }
        }
        return new Training(gradients, losses);
    }

    /**
     * Gradients to 1e-4 of the largest entry of their weight, or of a hundredth of the largest of all where a gradient is the rest of a sum that
     * cancels; losses of fifty steps to 1e-4 of their scale.
     */
    @ParameterizedTest
    @MethodSource("problems")
    void everyEngineTrainsAlike(Problem problem) {
        Training measure = train(Engines.gradient().named(MEASURE), problem);
        double scale = Arrays.stream(measure.losses()).map(Math::abs).max().orElseThrow();
        double steepest = measure.gradients().values().stream()
                .mapToDouble(EngineParityTest::largest)
                .max()
                .orElseThrow();
        assertThat(scale).isPositive();
        assertThat(steepest).isPositive();
        for (GradientEngine engine : Engines.gradient().all()) {
            Training training = train(engine, problem);
            assertThat(training.gradients().keySet())
                    .as(engine.name())
                    .isEqualTo(measure.gradients().keySet());
            training.gradients().forEach((weight, gradient) -> {
                Tensor expected = measure.gradients().get(weight);
                assertThat(gradient.toFloats())
                        .as("%s: gradient of '%s'", engine.name(), weight)
                        .usingComparatorWithPrecision((float) (1e-4 * Math.max(largest(expected), 0.01 * steepest)))
                        .containsExactly(expected.toFloats());
            });
            assertThat(training.losses())
                    .as(engine.name())
                    .usingComparatorWithPrecision(1e-4 * scale)
                    .containsExactly(measure.losses());
        }
    }

    static double largest(Tensor tensor) {
        double largest = 0;
        for (float entry : tensor.toFloats()) {
            largest = Math.max(largest, Math.abs(entry));
        }
        return largest;
    }
}
