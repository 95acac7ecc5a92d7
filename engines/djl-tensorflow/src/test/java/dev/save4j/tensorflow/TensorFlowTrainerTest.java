package dev.save4j.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.types.DataType;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class TensorFlowTrainerTest {
    private static TensorFlowTrainer open(WeightStore weights, Graph... losses) {
        return new TensorFlowTrainer(
                weights, List.of(losses), Optimization.DEFAULT, EngineSettings.singleThreaded(), DataType.FLOAT32);
    }

    private static float output(Map<String, Tensor> outputs, String name) {
        return Objects.requireNonNull(outputs.get(name)).item();
    }

    @Test
    void gradientsOfARewardModelAgreeWithDifferences() {
        Differences.check(TinyJudge.graph(), TinyJudge.weights(1), TinyJudge.batch(4, 9, 2), 1, 1e-6, 1e-6);
    }

    @Test
    void aRewardModelLearnsItsPairs() {
        Graph graph = TinyJudge.graph();
        Map<String, Tensor> batch = TinyJudge.batch(8, 9, 3);
        try (Trainer trainer = open(TinyJudge.weights(1), graph)) {
            Map<String, Tensor> first = trainer.evaluate(graph, batch);
            for (int step = 0; step < 60; step++) {
                trainer.accumulate(graph, batch, 1);
                trainer.step(1e-2);
            }
            Map<String, Tensor> last = trainer.evaluate(graph, batch);
            assertThat(output(last, "loss")).isLessThan(0.1f * output(first, "loss"));
            assertThat(output(last, "accuracy")).isEqualTo(1);
        }
    }

    private static String train(long seed, int threads) {
        Graph graph = TinyJudge.graph();
        WeightStore weights = TinyJudge.weights(seed);
        try (Trainer trainer = new TensorFlowEngine()
                .open(
                        weights,
                        List.of(graph),
                        Optimization.DEFAULT,
                        new EngineSettings(threads, Path.of(System.getProperty("java.io.tmpdir"))))) {
            for (int step = 0; step < 20; step++) {
                trainer.accumulate(graph, TinyJudge.batch(4, 7 + step % 3, seed + step), 0.5);
                trainer.accumulate(graph, TinyJudge.batch(6, 8, seed - step), 0.5);
                trainer.step(1e-3);
            }
        }
        return weights.contentHash();
    }

    @Test
    void twoRunsGiveTheSameBytes() {
        assertThat(train(1, 2)).isEqualTo(train(1, 2));
    }

    @Test
    void twoTrainersTrainInTwoThreads() throws Exception {
        String alone = train(1, 1);
        String other = train(5, 1);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Callable<String>> work = List.of(() -> train(1, 1), () -> train(5, 1));
            List<Future<String>> hashes = threads.invokeAll(work);
            assertThat(hashes.get(0).get()).isEqualTo(alone);
            assertThat(hashes.get(1).get()).isEqualTo(other);
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void aGraphIsTranslatedOnceForEachShape() {
        Graph graph = TinyJudge.graph();
        try (TensorFlowTrainer trainer = open(TinyJudge.weights(1), graph)) {
            for (int round = 0; round < 2; round++) {
                for (int length = 5; length < 8; length++) {
                    trainer.accumulate(graph, TinyJudge.batch(2, length, round), 1);
                }
            }
            assertThat(trainer.translations()).isEqualTo(3);
        }
    }

    @Test
    void translationsThatAreNotUsedAreDropped() {
        GraphBuilder g = new GraphBuilder("sum");
        Value x = g.input("x", ElementType.FLOAT, "n");
        g.output("loss", g.parameter("w", 1).mul(x).sum());
        Graph graph = g.build();
        try (TensorFlowTrainer trainer = open(new WeightStore(Map.of("w", Tensor.of(new float[] {2}, 1))), graph)) {
            for (int size = 1; size < 2 * TracedGraphs.KEPT; size++) {
                float loss = output(trainer.evaluate(graph, Map.of("x", ones(size))), "loss");
                assertThat(loss).isEqualTo(2 * size);
            }
            assertThat(trainer.translations()).isEqualTo(TracedGraphs.KEPT);
            assertThat(output(trainer.evaluate(graph, Map.of("x", ones(1))), "loss"))
                    .isEqualTo(2);
        }
    }

    private static Tensor ones(int size) {
        float[] values = new float[size];
        Arrays.fill(values, 1);
        return Tensor.of(values, size);
    }

    private static Graph squares() {
        GraphBuilder g = new GraphBuilder("squares");
        g.output("loss", g.parameter("w", 3).square().sum());
        return g.build();
    }

    @Test
    void weightsThatOthersChangeAreSeen() {
        Graph graph = squares();
        WeightStore weights = new WeightStore(Map.of("w", Tensor.of(new float[] {1, 2, 3}, 3)));
        WeightStore snapshot = weights.snapshot();
        try (Trainer trainer = open(weights, graph)) {
            trainer.accumulate(graph, Map.of(), 1);
            trainer.step(0.1);
            assertThat(output(trainer.evaluate(graph, Map.of()), "loss")).isLessThan(14);
            weights.copyFrom(snapshot);
            assertThat(output(trainer.evaluate(graph, Map.of()), "loss")).isEqualTo(14);
        }
    }

    /** TensorFlow wants tensors aligned and copies those that are not. */
    @Test
    void weightsThatAreNotAlignedAreSeenToo() {
        Graph graph = squares();
        ByteBuffer memory = ByteBuffer.allocateDirect(256).order(ByteOrder.nativeOrder());
        int odd = 64 + 4 - memory.alignmentOffset(0, 64);
        Tensor weight = Tensor.wrap(ElementType.FLOAT, memory.slice(odd, 12).order(ByteOrder.nativeOrder()), 3);
        weight.floats().put(new float[] {1, 2, 3});
        WeightStore weights = new WeightStore(Map.of("w", weight));
        WeightStore snapshot = weights.snapshot();
        try (Trainer trainer = open(weights, graph)) {
            try (NativeTensor view = NativeTensor.viewOf(weight)) {
                assertThat(view.isAlias()).isFalse();
            }
            trainer.accumulate(graph, Map.of(), 1);
            trainer.step(0.5);
            float moved = output(trainer.evaluate(graph, Map.of()), "loss");
            assertThat(moved).isEqualTo(0.25f + 2.25f + 6.25f);
            weights.copyFrom(snapshot);
            assertThat(output(trainer.evaluate(graph, Map.of()), "loss")).isEqualTo(14);
        }
    }

    @Test
    void alignedWeightsAreNotCopied() {
        TensorFlowLibrary.load(1);
        try (NativeTensor view = NativeTensor.viewOf(Tensor.of(new float[] {1, 2, 3}, 3))) {
            assertThat(view.isAlias()).isTrue();
        }
    }

    @Test
    void whatIsHandedOutIsACopy() {
        GraphBuilder g = new GraphBuilder("same");
        Value w = g.parameter("w", 3);
        Value x = g.input("x", ElementType.FLOAT, 3);
        g.output("loss", w.mul(x).sum());
        g.output("weight", w.identity());
        Graph graph = g.build();
        WeightStore weights = new WeightStore(Map.of("w", Tensor.of(new float[] {1, 2, 3}, 3)));
        Tensor input = Tensor.of(new float[] {4, 5, 6}, 3);
        try (Trainer trainer = open(weights, graph)) {
            Tensor output = Objects.requireNonNull(
                    trainer.accumulate(graph, Map.of("x", input), 1).get("weight"));
            Tensor gradient = Objects.requireNonNull(trainer.gradients().get("w"));
            output.floats().put(0, 42);
            gradient.floats().put(0, 43);
            assertThat(weights.get("w").toFloats()).containsExactly(1, 2, 3);
            assertThat(input.toFloats()).containsExactly(4, 5, 6);
            input.floats().put(0, 44);
            assertThat(Objects.requireNonNull(trainer.gradients().get("w")).toFloats())
                    .containsExactly(4, 5, 6);
        }
    }
}
