package dev.save4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
import dev.save4j.models.OnnxFile;
import dev.save4j.models.PolicyModel;
import dev.save4j.models.Pooling;
import dev.save4j.models.RewardModel;
import dev.save4j.objectives.BradleyTerry;
import dev.save4j.objectives.Composition;
import dev.save4j.objectives.ContrastObjective;
import dev.save4j.objectives.Feed;
import dev.save4j.objectives.LanguageModelling;
import dev.save4j.objectives.Objective;
import dev.save4j.objectives.ValueRegression;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same graph, weights, batch and AdamW give the same training on every gradient engine. */
class EngineParityTest {
    private static final String MEASURE = "onnxruntime";

    /** Two prompts of three tokens with four answers of one to four tokens each. */
    private static final long[][] ROWS = {
        {1, 5, 9, 30}, {1, 5, 9, 2, 7}, {1, 5, 9, 7, 7, 8}, {1, 5, 9, 20, 21, 22, 23},
        {3, 4, 8, 31}, {3, 4, 8, 12, 13}, {3, 4, 8, 2, 2, 2}, {3, 4, 8, 9, 10, 11, 12}
    };

    private static final int PROMPT = 3;
    private static final int WIDTH = 7;

    /** A training problem; every call of {@code weights} gives the same ones anew. */
    private record Problem(
            String name,
            Graph loss,
            Supplier<WeightStore> weights,
            Map<String, Tensor> inputs,
            int steps,
            double learningRate) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** What an engine made of a problem: the first gradients and the loss before every step. */
    private record Training(Map<String, Tensor> gradients, double[] losses) {}

    static Stream<Problem> problems() {
        Stream<Problem> made = Stream.of(
                        new Llama(LlamaConfig.small(32, 16, 2, 2, 24)), new Gpt2(Gpt2Config.small(32, 16, 2, 2, 24)))
                .flatMap(EngineParityTest::problems);
        return Stream.of(made, miniLm(), Stream.of(longSequences())).flatMap(problems -> problems);
    }

    /** Attention and log-probs in parts, of which the last is empty. */
    private static Problem longSequences() {
        Llama backbone = new Llama(LlamaConfig.small(32, 16, 1, 4, 2, 24, 1200));
        Supplier<WeightStore> weights = () -> Backbones.initialize(backbone, 3);
        LanguageModelling objective = new LanguageModelling();
        Graph model =
                new PolicyModel(backbone, weights.get()).forSequences(1200).logProbGraph(1);
        int rows = 2;
        int width = 530;
        long[] mask = new long[rows * width];
        Arrays.fill(mask, 0, width + 520, 1);
        Map<String, Tensor> inputs = new HashMap<>(objective
                .feed(width - 1, new int[] {0, 0}, new int[] {width - 1, 519})
                .whole());
        inputs.put(
                "input_ids",
                Tensor.of(new SplittableRandom(4).longs(mask.length, 0, 32).toArray(), rows, width));
        inputs.put("attention_mask", Tensor.of(mask, rows, width));
        return new Problem("llama, long sequences", Composition.of(model, objective), weights, inputs, 3, 1e-3);
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

    /** A real model of 22 million weights, as a bidirectional reward model: reward and value in a pass each. */
    private static Stream<Problem> miniLm() {
        OnnxFile.Opened opened = MiniLm.open();
        Supplier<WeightStore> weights = () -> Head.create(
                Set.of(Head.REWARD, Head.VALUE),
                opened.weights().snapshot(),
                opened.backbone().hiddenSize(),
                7,
                0.25);
        RewardModel model = new RewardModel(opened.backbone(), Pooling.MEAN, weights.get());
        BradleyTerry pairs = new BradleyTerry(0.01);
        ContrastObjective contrast = new ContrastObjective(ContrastObjective.Variant.ANCHORED_LOGISTIC, 4, 1, 1, 0.001);
        int[] labels = {1, -1, 0, 1, -1, 0, 1, -1};
        ValueRegression value = new ValueRegression();
        double[] targets = {1, 1, 1, 1, -1, -1, -1, -1};
        return Stream.of(
                miniLm(model.rewardGraph(), pairs, weights, pairs.feed(new double[4])),
                miniLm(model.rewardGraph(), contrast, weights, contrast.feed(new double[8], labels)),
                miniLm(model.valueGraph(), value, weights, value.feed(targets, 4)));
    }

    private static Problem miniLm(Graph model, Objective objective, Supplier<WeightStore> weights, Feed feed) {
        Map<String, Tensor> inputs = tokens();
        inputs.putAll(feed.whole());
        Problem problem = problem("MiniLM, " + objective.name(), Composition.of(model, objective), weights, inputs);
        return new Problem(problem.name(), problem.loss(), weights, problem.inputs(), 2, 1e-5);
    }

    private static Problem reward(CausalBackbone backbone, String name, Objective objective, Feed feed) {
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
        return new Problem(name, loss, weights, inputs, 50, 1e-3);
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
        double[] losses = new double[problem.steps()];
        Map<String, Tensor> gradients = Map.of();
        try (Trainer trainer = engine.open(
                problem.weights().get(),
                List.of(problem.loss()),
                Optimization.DEFAULT,
                EngineSettings.singleThreaded())) {
            for (int step = 0; step < problem.steps(); step++) {
                losses[step] = trainer.accumulate(problem.loss(), problem.inputs(), 1)
                        .get("loss")
                        .item();
                if (step == 0) {
                    gradients = trainer.gradients();
                }
                trainer.step(problem.learningRate());
            }
        }
        return new Training(gradients, losses);
    }

    /**
     * Gradients to 1e-4 of the largest entry of their weight, or of a hundredth of the largest of all where a gradient is the rest of a sum that
     * cancels; losses of all steps to 1e-4 of their scale.
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
        List<GradientEngine> others = Engines.gradient().all().stream()
                .filter(engine -> !engine.name().equals(MEASURE))
                .toList();
        for (GradientEngine engine : others) {
            Training training = train(engine, problem);
            assertThat(training.gradients().keySet())
                    .as(engine.name())
                    .isEqualTo(measure.gradients().keySet());
            training.gradients()
                    .forEach((weight, gradient) -> assertAlike(
                            engine.name() + ": gradient of '" + weight + "'",
                            gradient,
                            Objects.requireNonNull(measure.gradients().get(weight)),
                            steepest));
            assertThat(training.losses())
                    .as(engine.name())
                    .usingComparatorWithPrecision(1e-4 * scale)
                    .containsExactly(measure.losses());
        }
    }

    /** All entries to 1e-4 of the largest expected, or of a hundredth of the steepest of all gradients if that is more. */
    static void assertAlike(String what, Tensor actual, Tensor expected, double steepest) {
        assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
        double allowed = 1e-4 * Math.max(largest(expected), 0.01 * steepest);
        float[] left = actual.toFloats();
        float[] right = expected.toFloats();
        for (int i = 0; i < left.length; i++) {
            // AssertJ compares arrays in the square of the time.
            if (!(Math.abs(left[i] - right[i]) <= allowed)) {
                assertThat(left[i]).as("%s, entry %d", what, i).isCloseTo(right[i], within((float) allowed));
            }
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
