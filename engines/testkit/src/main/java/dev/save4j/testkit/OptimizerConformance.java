package dev.save4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.OptimizerState;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import dev.save4j.testkit.reference.Numbers;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

/**
 * {@link Trainer#step} is AdamW as {@link Optimization} defines it, and its state can be saved, restored and repeated. Most tests use a loss
 * Σ weight · slope, whose gradients are the slopes that are fed, to the bit.
 */
public abstract class OptimizerConformance {
    private static final Map<String, int[]> SHAPES = shapes();

    private final GradientEngine engine;

    protected OptimizerConformance(GradientEngine engine) {
        this.engine = engine;
    }

    private static Map<String, int[]> shapes() {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        shapes.put("matrix", new int[] {3, 5});
        shapes.put("bias", new int[] {7});
        shapes.put("frozen", new int[] {2, 2});
        shapes.put("slow", new int[] {4});
        return shapes;
    }

    private static RandomGenerator random(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    private static Tensor numbers(RandomGenerator random, double scale, int... shape) {
        double[] values = new double[size(shape)];
        for (int i = 0; i < values.length; i++) {
            values[i] = scale * random.nextGaussian();
        }
        return Numbers.of(values, shape).toTensor();
    }

    private static int size(int... shape) {
        int size = 1;
        for (int dimension : shape) {
            size *= dimension;
        }
        return size;
    }

    private static WeightStore weights() {
        RandomGenerator random = random(1);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        SHAPES.forEach((name, shape) -> weights.put(name, numbers(random, 1, shape)));
        return new WeightStore(weights);
    }

    /** Σ weight · slope over the named weights. */
    private static Graph linear(String name, String... weights) {
        GraphBuilder g = new GraphBuilder(name);
        Value loss = g.scalar(0.0);
        for (String weight : weights) {
            int[] shape = Objects.requireNonNull(SHAPES.get(weight));
            Object[] sizes = java.util.Arrays.stream(shape).boxed().toArray();
            long[] longs = java.util.Arrays.stream(shape).asLongStream().toArray();
            Value slope = g.input("slope." + weight, ElementType.FLOAT, sizes);
            loss = loss.add(g.parameter(weight, longs).mul(slope).sum());
        }
        g.output(Losses.NAME, loss);
        return g.build();
    }

    private static Graph all() {
        return linear("linear", SHAPES.keySet().toArray(String[]::new));
    }

    private static Map<String, Tensor> slopes(RandomGenerator random, double scale) {
        Map<String, Tensor> slopes = new LinkedHashMap<>();
        SHAPES.forEach((name, shape) -> slopes.put("slope." + name, numbers(random, scale, shape)));
        return slopes;
    }

    private Trainer open(WeightStore weights, Optimization optimization, Graph... graphs) {
        return engine.open(weights, List.of(graphs), optimization, EngineSettings.singleThreaded());
    }

    private static Map<String, double[]> doubles(Map<String, Tensor> tensors, String prefix) {
        Map<String, double[]> doubles = new LinkedHashMap<>();
        tensors.forEach((name, tensor) ->
                doubles.put(name.substring(prefix.length()), Numbers.of(tensor).values()));
        return doubles;
    }

    private static Map<String, Tensor> tensors(WeightStore store) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        store.names().forEach(name -> tensors.put(name, store.get(name)));
        return tensors;
    }

    /** Steps an engine and the formulas side by side. */
    private void compare(Optimization optimization, double slopeScale) {
        WeightStore weights = weights();
        Map<String, double[]> expected = doubles(tensors(weights), "");
        DoubleAdamW reference = new DoubleAdamW(optimization, expected);
        RandomGenerator random = random(2);
        Graph graph = all();
        try (Trainer trainer = open(weights, optimization, graph)) {
            for (int step = 0; step < 50; step++) {
                Map<String, Tensor> slopes = slopes(random, slopeScale);
                double rate = 0.01 / (1 + 0.1 * step);
                trainer.accumulate(graph, slopes, 1);
                double norm = trainer.step(rate);
                double wanted = reference.step(doubles(slopes, "slope."), rate);
                assertThat(norm).as("norm of step %d", step).isCloseTo(wanted, within(1e-6 * wanted));
            }
        }
        expected.forEach((name, values) -> {
            double[] actual = Numbers.of(weights.get(name)).values();
            for (int i = 0; i < values.length; i++) {
                assertThat(actual[i])
                        .as("element %d of %s after 50 steps", i, name)
                        .isCloseTo(values[i], within(1e-6 * Math.max(1, Math.abs(values[i]))));
            }
        });
    }

    private static Optimization unclipped() {
        return Optimization.DEFAULT.withMaxGradientNorm(Double.POSITIVE_INFINITY);
    }

    @Test
    void followsTheFormulasForFiftySteps() {
        compare(unclipped(), 0.1);
    }

    @Test
    void decaysWeightsApartFromTheGradient() {
        compare(unclipped().withWeightDecay(0.3), 0.1);
    }

    @Test
    void treatsGroupsOfWeightsDifferently() {
        compare(
                new Optimization(
                        0.8,
                        0.95,
                        1e-6,
                        0.1,
                        Double.POSITIVE_INFINITY,
                        List.of(
                                new Optimization.Group(Set.of("frozen"), 0, 0.5),
                                new Optimization.Group(Set.of("slow", "bias"), 0.1, 0),
                                new Optimization.Group(Set.of("bias"), 5, 5))),
                0.1);
    }

    @Test
    void clipsByTheGlobalNormOfAllTrainedWeights() {
        compare(
                Optimization.DEFAULT
                        .withMaxGradientNorm(0.5)
                        .withGroups(List.of(new Optimization.Group(Set.of("frozen"), 0, 0))),
                10);
    }

    @Test
    void doesNotScaleSmallGradientsUp() {
        compare(Optimization.DEFAULT.withMaxGradientNorm(1e6), 1e-3);
    }

    @Test
    void leavesFrozenWeightsAsTheyAreToTheBit() {
        WeightStore weights = weights();
        Tensor before = weights.get("frozen").copy();
        Optimization frozen = Optimization.DEFAULT
                .withWeightDecay(0.5)
                .withGroups(List.of(new Optimization.Group(Set.of("frozen"), 0, 0.5)));
        Graph graph = all();
        try (Trainer trainer = open(weights, frozen, graph)) {
            trainer.accumulate(graph, slopes(random(3), 1), 1);
            trainer.step(0.1);
            assertThat(trainer.state().moments()).doesNotContainKey("frozen").containsKey("matrix");
        }
        assertThat(weights.get("frozen").contentEquals(before)).isTrue();
    }

    @Test
    void microBatchesMakeOneBatch() {
        GraphBuilder g = new GraphBuilder("regression");
        Value x = g.input("x", ElementType.FLOAT, "batch", 5);
        Value y = g.input("y", ElementType.FLOAT, "batch", 3);
        Value error = x.linear(g.parameter("matrix", 3, 5)).tanh().sub(y);
        g.output(Losses.NAME, error.square().mean());
        Graph graph = g.build();
        RandomGenerator random = random(4);
        Tensor inputs = numbers(random, 1, 6, 5);
        Tensor targets = numbers(random, 1, 6, 3);
        try (Trainer whole = open(weights(), Optimization.DEFAULT, graph);
                Trainer parts = open(weights(), Optimization.DEFAULT, graph)) {
            whole.accumulate(graph, Map.of("x", inputs, "y", targets), 1);
            for (int part = 0; part < 3; part++) {
                parts.accumulate(
                        graph, Map.of("x", rows(inputs, 2 * part, 2), "y", rows(targets, 2 * part, 2)), 1 / 3.0);
            }
            float[] wanted = gradient(whole, "matrix");
            float[] got = gradient(parts, "matrix");
            for (int i = 0; i < wanted.length; i++) {
                assertThat(got[i]).isCloseTo(wanted[i], within(1e-6f));
            }
        }
    }

    private static float[] gradient(Trainer trainer, String weight) {
        return Objects.requireNonNull(trainer.gradients().get(weight)).toFloats();
    }

    private static Tensor rows(Tensor tensor, int from, int count) {
        int width = (int) tensor.dimension(1);
        float[] values = new float[count * width];
        tensor.floats().get(from * width, values);
        return Tensor.of(values, count, width);
    }

    @Test
    void aRestoredTrainerTakesTheSameNextStepToTheBit() {
        WeightStore weights = weights();
        Graph graph = all();
        Optimization optimization = Optimization.DEFAULT.withWeightDecay(0.1);
        try (Trainer trainer = open(weights, optimization, graph)) {
            RandomGenerator random = random(5);
            for (int step = 0; step < 5; step++) {
                trainer.accumulate(graph, slopes(random, 1), 1);
                trainer.step(0.01);
            }
            OptimizerState state = trainer.state();
            WeightStore copy = weights.snapshot();
            try (Trainer restored = open(copy, optimization, graph)) {
                restored.restore(state);
                Map<String, Tensor> slopes = slopes(random, 1);
                trainer.accumulate(graph, slopes, 1);
                restored.accumulate(graph, slopes, 1);
                assertThat(restored.step(0.01)).isEqualTo(trainer.step(0.01));
                requireSame(restored.state(), trainer.state());
            }
            assertThat(copy.contentHash()).isEqualTo(weights.contentHash());
        }
    }

    private static void requireSame(OptimizerState actual, OptimizerState expected) {
        assertThat(actual.moments().keySet()).isEqualTo(expected.moments().keySet());
        expected.moments().forEach((weight, moments) -> {
            OptimizerState.Moments other =
                    Objects.requireNonNull(actual.moments().get(weight));
            assertThat(other.steps()).isEqualTo(moments.steps());
            assertThat(other.first().contentEquals(moments.first())).as(weight).isTrue();
            assertThat(other.second().contentEquals(moments.second()))
                    .as(weight)
                    .isTrue();
        });
    }

    @Test
    void aStateIsACopy() {
        Graph graph = all();
        try (Trainer trainer = open(weights(), Optimization.DEFAULT, graph)) {
            RandomGenerator random = random(6);
            trainer.accumulate(graph, slopes(random, 1), 1);
            trainer.step(0.01);
            OptimizerState before = trainer.state();
            Tensor first = Objects.requireNonNull(before.moments().get("bias")).first();
            Tensor kept = first.copy();
            trainer.accumulate(graph, slopes(random, 1), 1);
            trainer.step(0.01);
            assertThat(first.contentEquals(kept)).isTrue();
            assertThat(Objects.requireNonNull(trainer.state().moments().get("bias"))
                            .steps())
                    .isEqualTo(2);
        }
    }

    @Test
    void refusesAStateThatDoesNotFit() {
        Graph graph = all();
        Tensor wrong = Tensor.of(new float[] {1, 2}, 2);
        OptimizerState state = new OptimizerState(Map.of("bias", new OptimizerState.Moments(1, wrong, wrong)));
        OptimizerState unknown = new OptimizerState(Map.of("nowhere", new OptimizerState.Moments(1, wrong, wrong)));
        try (Trainer trainer = open(weights(), Optimization.DEFAULT, graph)) {
            assertThatThrownBy(() -> trainer.restore(state))
                    .isInstanceOf(SaveException.class)
                    .hasMessageContaining("'bias'");
            assertThatThrownBy(() -> trainer.restore(unknown))
                    .isInstanceOf(SaveException.class)
                    .hasMessageContaining("'nowhere'");
            assertThat(trainer.state().moments()).isEmpty();
        }
    }

    @Test
    void aNormThatIsNotFiniteChangesNothing() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            WeightStore weights = weights();
            Graph graph = all();
            try (Trainer trainer = open(weights, Optimization.DEFAULT.withWeightDecay(0.1), graph)) {
                RandomGenerator random = random(7);
                trainer.accumulate(graph, slopes(random, 1), 1);
                trainer.step(0.01);
                String hash = weights.contentHash();
                OptimizerState state = trainer.state();
                Map<String, Tensor> slopes = slopes(random, 1);
                Objects.requireNonNull(slopes.get("slope.bias")).floats().put(3, bad);
                trainer.accumulate(graph, slopes, 1);
                assertThat(trainer.step(0.01)).as("norm").isNotFinite();
                assertThat(weights.contentHash()).isEqualTo(hash);
                requireSame(trainer.state(), state);
                assertThat(trainer.gradients()).as("gradients are forgotten").isEmpty();
                trainer.accumulate(graph, slopes(random, 1), 1);
                assertThat(trainer.step(0.01)).isFinite();
                assertThat(weights.contentHash()).isNotEqualTo(hash);
            }
        }
    }

    @Test
    void aWeightWithoutAGradientIsLeftAlone() {
        WeightStore weights = weights();
        Graph first = linear("first", "matrix", "bias");
        Graph second = linear("second", "matrix");
        try (Trainer trainer = open(weights, Optimization.DEFAULT.withWeightDecay(0.5), first, second)) {
            RandomGenerator random = random(8);
            trainer.accumulate(first, inputs(first, slopes(random, 1)), 1);
            trainer.step(0.1);
            Tensor bias = weights.get("bias").copy();
            Tensor untouched = weights.get("slow").copy();
            OptimizerState.Moments moments =
                    Objects.requireNonNull(trainer.state().moments().get("bias"));
            trainer.accumulate(second, inputs(second, slopes(random, 1)), 1);
            trainer.step(0.1);
            assertThat(weights.get("bias").contentEquals(bias)).isTrue();
            assertThat(weights.get("slow").contentEquals(untouched)).isTrue();
            OptimizerState.Moments after =
                    Objects.requireNonNull(trainer.state().moments().get("bias"));
            assertThat(after.steps()).isEqualTo(moments.steps());
            assertThat(after.first().contentEquals(moments.first())).isTrue();
            assertThat(trainer.state().moments()).doesNotContainKey("slow");
        }
    }

    private static Map<String, Tensor> inputs(Graph graph, Map<String, Tensor> slopes) {
        Map<String, Tensor> inputs = new LinkedHashMap<>(slopes);
        inputs.keySet()
                .removeIf(name ->
                        graph.inputs().stream().noneMatch(input -> input.name().equals(name)));
        return inputs;
    }

    @Test
    void aStepWithoutGradientsChangesNothing() {
        WeightStore weights = weights();
        String hash = weights.contentHash();
        try (Trainer trainer = open(weights, Optimization.DEFAULT.withWeightDecay(0.5), all())) {
            assertThat(trainer.step(0.1)).isZero();
            assertThat(trainer.state().moments()).isEmpty();
        }
        assertThat(weights.contentHash()).isEqualTo(hash);
    }

    @Test
    void aStepRaisesTheVersionOfTheStore() {
        WeightStore weights = weights();
        Graph graph = all();
        try (Trainer trainer = open(weights, Optimization.DEFAULT, graph)) {
            long version = weights.version();
            trainer.accumulate(graph, slopes(random(9), 1), 1);
            assertThat(weights.version()).isEqualTo(version);
            trainer.step(0.1);
            assertThat(weights.version()).isGreaterThan(version);
        }
    }

    @Test
    void theNextEvaluationSeesTheStep() {
        WeightStore weights = weights();
        Graph graph = linear("seen", "bias");
        Map<String, Tensor> slopes = inputs(graph, slopes(random(10), 1));
        try (Trainer trainer = open(weights, Optimization.DEFAULT, graph)) {
            trainer.accumulate(graph, slopes, 1);
            trainer.step(0.1);
            double expected = 0;
            float[] bias = weights.get("bias").toFloats();
            float[] slope = Objects.requireNonNull(slopes.get("slope.bias")).toFloats();
            for (int i = 0; i < bias.length; i++) {
                expected += (double) bias[i] * slope[i];
            }
            float loss = Objects.requireNonNull(trainer.evaluate(graph, slopes).get(Losses.NAME))
                    .item();
            assertThat((double) loss).isCloseTo(expected, within(1e-5));
        }
    }

    @Test
    void theSameRunTwiceGivesTheSameBytes() {
        assertThat(hashAfterTraining()).isEqualTo(hashAfterTraining());
    }

    private String hashAfterTraining() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        RandomGenerator random = random(11);
        tensors.put("first", numbers(random, 0.3, 16, 8));
        tensors.put("second", numbers(random, 0.3, 4, 16));
        WeightStore weights = new WeightStore(tensors);
        GraphBuilder g = new GraphBuilder("network");
        Value x = g.input("x", ElementType.FLOAT, "batch", 8);
        Value label = g.input("label", ElementType.INT64, "batch", 1);
        Value logits = x.linear(g.parameter("first", 16, 8)).silu().linear(g.parameter("second", 4, 16));
        g.output(
                Losses.NAME,
                logits.logSoftmax(-1).gatherElements(label, 1).mean().neg());
        Graph graph = g.build();
        try (Trainer trainer = open(weights, Optimization.DEFAULT, graph)) {
            for (int step = 0; step < 10; step++) {
                long[] labels = random.longs(12, 0, 4).toArray();
                trainer.accumulate(graph, Map.of("x", numbers(random, 1, 12, 8), "label", Tensor.of(labels, 12, 1)), 1);
                trainer.step(0.05);
            }
        }
        return weights.contentHash();
    }

    @Test
    void closesTwice() {
        Trainer trainer = open(weights(), Optimization.DEFAULT, all());
        trainer.close();
        trainer.close();
    }
}
