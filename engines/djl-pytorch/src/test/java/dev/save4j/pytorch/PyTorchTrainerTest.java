package dev.save4j.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.OptimizerState;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PyTorchTrainerTest {
    private static final TinyLlama LLAMA = new TinyLlama(17, 8, 2, 2, 1, 12, 16);
    private static final Optimization FREE = Optimization.DEFAULT.withMaxGradientNorm(Double.POSITIVE_INFINITY);

    private static Trainer open(WeightStore weights, Optimization optimization, Graph... losses) {
        return new PyTorchEngine().open(weights, List.of(losses), optimization, EngineSettings.singleThreaded());
    }

    @Test
    void isFoundByName() {
        assertThat(Engines.gradient().named("djl-pytorch")).isInstanceOf(PyTorchEngine.class);
        assertThat(new PyTorchEngine().capabilities().version()).startsWith("2.7.1");
    }

    @Test
    void differentiatesALlamaEndToEnd() {
        GradientCheck.check(LLAMA.graph(), LLAMA.weights(ElementType.DOUBLE, 1), LLAMA.batch(4, 6, 2), 1e-6, 7);
    }

    @Test
    void trainsALlama() {
        Graph graph = LLAMA.graph();
        WeightStore weights = LLAMA.weights(ElementType.FLOAT, 1);
        Map<String, Tensor> batch = LLAMA.batch(4, 6, 2);
        long version = weights.version();
        try (Trainer trainer = open(weights, Optimization.DEFAULT, graph)) {
            float before = trainer.evaluate(graph, batch).get("loss").item();
            for (int step = 0; step < 20; step++) {
                Map<String, Tensor> outputs = trainer.accumulate(graph, batch, 1);
                assertThat(outputs.keySet()).containsExactly("loss", "clipped", "log_prob");
                assertThat(outputs.get("log_prob").shape()).containsExactly(4, 5);
                assertThat(trainer.step(1e-3)).isPositive();
            }
            assertThat(trainer.evaluate(graph, batch).get("loss").item()).isLessThan(before - 0.01f);
        }
        assertThat(weights.version()).isEqualTo(version + 20);
    }

    @Test
    void microBatchesAddUpToTheWholeBatch() {
        GraphBuilder g = new GraphBuilder("mean");
        Value x = g.input("x", ElementType.FLOAT, "batch", 3);
        g.output("loss", x.linear(g.parameter("w", 2, 3)).tanh().mean());
        Graph graph = g.build();
        WeightStore weights = store("w", new float[] {.1f, .2f, .3f, -.4f, .5f, .6f}, 2, 3);
        Tensor whole = Tensor.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, -1, 2, -3}, 4, 3);
        float[] expected;
        try (Trainer trainer = open(weights, FREE, graph)) {
            trainer.accumulate(graph, Map.of("x", whole), 1);
            expected = trainer.gradients().get("w").toFloats();
        }
        try (Trainer trainer = open(weights, FREE, graph)) {
            float[] values = whole.toFloats();
            for (int part = 0; part < 2; part++) {
                float[] half = java.util.Arrays.copyOfRange(values, part * 6, part * 6 + 6);
                trainer.accumulate(graph, Map.of("x", Tensor.of(half, 2, 3)), 0.5);
            }
            assertThat(trainer.gradients().get("w").toFloats()).containsExactly(expected, within(1e-7f));
        }
    }

    @Test
    void agreesWithAdamWInDoublePrecision() {
        GraphBuilder g = new GraphBuilder("quadratic");
        Value target = g.input("target", ElementType.FLOAT, 3);
        g.output("loss", g.parameter("w", 3).sub(target).square().sum());
        Graph graph = g.build();
        float[] start = {0.5f, -1, 2};
        WeightStore weights = store("w", start, 3);
        Optimization optimization = new Optimization(0.9, 0.999, 1e-8, 0.1, 0.7, List.of());
        double[] w = {0.5, -1, 2};
        double[] m = new double[3];
        double[] v = new double[3];
        try (Trainer trainer = open(weights, optimization, graph)) {
            for (int t = 1; t <= 50; t++) {
                double rate = 0.05 / (1 + 0.1 * t);
                float[] goal = {(float) Math.sin(t), (float) Math.cos(t), 1};
                trainer.accumulate(graph, Map.of("target", Tensor.of(goal, 3)), 1);
                double norm = 0;
                double[] slope = new double[3];
                for (int i = 0; i < 3; i++) {
                    slope[i] = 2 * (w[i] - goal[i]);
                    norm += slope[i] * slope[i];
                }
                norm = Math.sqrt(norm);
                assertThat(trainer.step(rate)).isCloseTo(norm, within(1e-5));
                for (int i = 0; i < 3; i++) {
                    double clipped = slope[i] * Math.min(1, 0.7 / norm);
                    m[i] = 0.9 * m[i] + 0.1 * clipped;
                    v[i] = 0.999 * v[i] + 0.001 * clipped * clipped;
                    w[i] = w[i] * (1 - rate * 0.1)
                            - rate
                                    / (1 - Math.pow(0.9, t))
                                    * m[i]
                                    / (Math.sqrt(v[i]) / Math.sqrt(1 - Math.pow(0.999, t)) + 1e-8);
                    assertThat((double) weights.get("w").floats().get(i)).isCloseTo(w[i], within(2e-6));
                }
            }
        }
    }

    @Test
    void aWeightWithoutGradientKeepsItsValueAndMoments() {
        GraphBuilder g = new GraphBuilder("one");
        Value a = g.parameter("a", 1);
        Value b = g.parameter("b", 1);
        g.output("loss", a.square().add(b.stopGradient()).sum());
        Graph one = g.build();
        g = new GraphBuilder("both");
        g.output("loss", g.parameter("a", 1).mul(g.parameter("b", 1)).sum());
        Graph both = g.build();
        WeightStore weights = new WeightStore(
                new LinkedHashMap<>(Map.of("a", Tensor.of(new float[] {1}, 1), "b", Tensor.of(new float[] {2}, 1))));
        try (Trainer trainer = open(weights, Optimization.DEFAULT.withWeightDecay(0.1), one, both)) {
            trainer.accumulate(one, Map.of(), 1);
            assertThat(trainer.gradients().keySet()).containsExactly("a");
            trainer.step(0.1);
            assertThat(weights.get("b").item()).isEqualTo(2);
            trainer.accumulate(both, Map.of(), 1);
            trainer.step(0.1);
            assertThat(trainer.state().moments().get("a").steps()).isEqualTo(2);
            assertThat(trainer.state().moments().get("b").steps()).isEqualTo(1);
            float kept = weights.get("b").item();
            trainer.accumulate(one, Map.of(), 1);
            trainer.step(0.1);
            assertThat(weights.get("b").item()).isEqualTo(kept);
        }
    }

    @Test
    void frozenWeightsHaveNoGradient() {
        GraphBuilder g = new GraphBuilder("pair");
        g.output("loss", g.parameter("a", 1).mul(g.parameter("b", 1)).sum());
        Graph graph = g.build();
        WeightStore weights = new WeightStore(
                new LinkedHashMap<>(Map.of("a", Tensor.of(new float[] {1}, 1), "b", Tensor.of(new float[] {2}, 1))));
        Optimization frozen = Optimization.DEFAULT.withGroups(List.of(new Optimization.Group(Set.of("b"), 0, 0)));
        try (Trainer trainer = open(weights, frozen, graph)) {
            trainer.accumulate(graph, Map.of(), 1);
            assertThat(trainer.gradients().keySet()).containsExactly("a");
            assertThat(trainer.step(0.1)).isEqualTo(2);
            assertThat(weights.get("b").item()).isEqualTo(2);
        }
    }

    @Test
    void aNormThatIsNotFiniteChangesNothing() {
        GraphBuilder g = new GraphBuilder("log");
        Value x = g.input("x", ElementType.FLOAT, 1);
        g.output("loss", g.parameter("a", 1).mul(x).log().sum());
        Graph graph = g.build();
        WeightStore weights = store("a", new float[] {1}, 1);
        try (Trainer trainer = open(weights, Optimization.DEFAULT, graph)) {
            trainer.accumulate(graph, Map.of("x", Tensor.of(new float[] {Float.NaN}, 1)), 1);
            assertThat(trainer.step(0.1)).isNaN();
            assertThat(weights.get("a").item()).isEqualTo(1);
            assertThat(weights.version()).isZero();
            assertThat(trainer.state().moments()).isEmpty();
            assertThat(trainer.gradients()).isEmpty();
            trainer.accumulate(graph, Map.of("x", Tensor.of(new float[] {2}, 1)), 1);
            assertThat(trainer.step(0.1)).isEqualTo(1);
        }
    }

    @Test
    void aRestoredStateContinuesToTheSameBytes() {
        Graph graph = LLAMA.graph();
        Map<String, Tensor> batch = LLAMA.batch(4, 6, 2);
        WeightStore first = LLAMA.weights(ElementType.FLOAT, 1);
        WeightStore second;
        OptimizerState state;
        try (Trainer trainer = open(first, Optimization.DEFAULT, graph)) {
            for (int i = 0; i < 3; i++) {
                trainer.accumulate(graph, batch, 1);
                trainer.step(1e-3);
            }
            state = trainer.state();
            second = first.snapshot();
            trainer.accumulate(graph, batch, 1);
            trainer.step(1e-3);
        }
        try (Trainer trainer = open(second, Optimization.DEFAULT, graph)) {
            trainer.restore(state);
            trainer.accumulate(graph, batch, 1);
            trainer.step(1e-3);
        }
        assertThat(second.contentHash()).isEqualTo(first.contentHash());
    }

    @Test
    void aStateOfAnotherModelIsRefused() {
        Graph graph = LLAMA.graph();
        Tensor wrong = Tensor.of(new float[] {1}, 1);
        OptimizerState foreign = new OptimizerState(Map.of("nobody", new OptimizerState.Moments(1, wrong, wrong)));
        OptimizerState misshapen = new OptimizerState(Map.of("embed", new OptimizerState.Moments(1, wrong, wrong)));
        try (Trainer trainer = open(LLAMA.weights(ElementType.FLOAT, 1), Optimization.DEFAULT, graph)) {
            assertThatThrownBy(() -> trainer.restore(foreign))
                    .isInstanceOf(SaveException.class)
                    .hasMessageContaining("'nobody'");
            assertThatThrownBy(() -> trainer.restore(misshapen))
                    .isInstanceOf(SaveException.class)
                    .hasMessageContaining("the first moment of weight 'embed' is FLOAT[1] but FLOAT[17, 8]");
        }
    }

    private static WeightStore store(String name, float[] values, long... shape) {
        return new WeightStore(Map.of(name, Tensor.of(values, shape)));
    }
}
