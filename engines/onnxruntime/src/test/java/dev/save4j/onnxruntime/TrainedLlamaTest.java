package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.engine.Checkpointing;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.OptimizerState;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** A Llama as a policy under a clipped loss, and as a reward model of pairs that shares its trunk. */
class TrainedLlamaTest {
    private static final TinyLlama LLAMA = new TinyLlama(23, 16, 2, 4, 2, 4, 24, 32);

    /** Inputs {@code input_ids} INT64 {@code [batch, sequence]}, {@code advantage} FLOAT {@code [batch, 1]}. */
    private static Graph policy() {
        GraphBuilder g = new GraphBuilder("policy");
        Value advantage = g.input("advantage", ElementType.FLOAT, "batch", 1);
        Value ids = g.input("input_ids", ElementType.INT64, "batch", "sequence");
        Value logProbs = g.include(LLAMA.scorer(), Map.of("input_ids", ids))
                .values()
                .iterator()
                .next();
        Value next = ids.slice(1, 1, Long.MAX_VALUE).unsqueeze(-1);
        Value logProb = logProbs.slice(1, 0, -1).gatherElements(next, 2).squeeze(-1);
        Value ratio = logProb.sub(g.scalar(-3.0)).exp();
        Value surrogate = ratio.mul(advantage).min(ratio.clip(0.8, 1.2).mul(advantage));
        g.output("loss", surrogate.mean().neg());
        g.output("log_prob", logProb);
        return g.build();
    }

    /** Chosen and rejected rows take turns; the score is the log-probability of the last token. */
    private static Graph pairs() {
        GraphBuilder g = new GraphBuilder("pairs");
        Value ids = g.input("input_ids", ElementType.INT64, "batch", "sequence");
        Value logProbs = g.include(LLAMA.scorer(), Map.of("input_ids", ids))
                .values()
                .iterator()
                .next();
        Value score = logProbs.slice(1, -1, Long.MAX_VALUE)
                .mul(g.parameter("score.weight", LLAMA.vocabulary()))
                .sum(-1, false);
        Value paired = score.reshape(-1, 2);
        g.output(
                "loss",
                paired.slice(1, 1, 2).sub(paired.slice(1, 0, 1)).softplus().mean());
        return g.build();
    }

    private static WeightStore weights(long seed) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        WeightStore trunk = LLAMA.weights(seed);
        trunk.names().forEach(name -> all.put(name, trunk.get(name)));
        all.put("score.weight", numbers(new SplittableRandom(seed), LLAMA.vocabulary()));
        return new WeightStore(all);
    }

    private static Tensor numbers(SplittableRandom random, long... shape) {
        Tensor tensor = Tensor.allocate(ElementType.FLOAT, shape);
        for (int i = 0; i < tensor.size(); i++) {
            tensor.floats().put(i, (float) (2 * random.nextDouble() - 1));
        }
        return tensor;
    }

    private static Tensor ids(long seed, int rows, int length) {
        long[] ids = new SplittableRandom(seed)
                .longs((long) rows * length, 0, LLAMA.vocabulary())
                .toArray();
        return Tensor.of(ids, rows, length);
    }

    private static Map<String, Tensor> batch(long seed, int rows, int length) {
        return Map.of(
                "input_ids", ids(seed, rows, length), "advantage", numbers(new SplittableRandom(seed + 1), rows, 1));
    }

    private static Trainer open(WeightStore weights, int threads, Graph... losses) {
        return new OnnxRuntimeGradients()
                .open(
                        weights,
                        List.of(losses),
                        Optimization.DEFAULT.withWeightDecay(0.01),
                        new EngineSettings(threads, Path.of(System.getProperty("java.io.tmpdir"))));
    }

    private static Map<String, Tensor> tensors(WeightStore weights, Graph graph) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        graph.parameters().keySet().forEach(name -> tensors.put(name, weights.get(name)));
        return tensors;
    }

    private static void requireReference(Graph graph, Map<String, Tensor> inputs) {
        WeightStore weights = weights(1);
        try (Trainer trainer = open(weights, 1, graph)) {
            float loss = Objects.requireNonNull(
                            trainer.accumulate(graph, inputs, 1).get("loss"))
                    .item();
            ReferenceDerivative reference = new ReferenceDerivative(graph, inputs, tensors(weights, graph));
            assertThat((double) loss).isCloseTo(reference.loss(), within(1e-5));
            Map<String, Tensor> gradients = trainer.gradients();
            assertThat(gradients.keySet())
                    .containsExactlyInAnyOrderElementsOf(graph.parameters().keySet());
            SplittableRandom random = new SplittableRandom(9);
            gradients.forEach((name, gradient) -> {
                Map<String, Tensor> direction = Map.of(name, numbers(random, gradient.shape()));
                double expected = reference.along(direction, 1e-5);
                double length = Math.sqrt(ReferenceDerivative.product(Map.of(name, gradient), Map.of(name, gradient)));
                assertThat(ReferenceDerivative.product(direction, gradients))
                        .as(name)
                        .isCloseTo(expected, within(1e-6 + 1e-5 * length * Math.sqrt(gradient.size())));
            });
        }
    }

    @Test
    void gradientsOfThePolicyAgreeWithDifferencesInDoublePrecision() {
        requireReference(policy(), batch(3, 3, 7));
    }

    @Test
    void gradientsOfTheRewardModelAgreeWithDifferencesInDoublePrecision() {
        requireReference(pairs(), Map.of("input_ids", ids(3, 4, 6)));
    }

    @Test
    void oneSessionServesBatchesOfAnyShape() {
        Graph graph = policy();
        WeightStore weights = weights(1);
        try (Trainer trainer = open(weights, 1, graph)) {
            for (int[] shape : new int[][] {{3, 7}, {1, 2}, {5, 20}, {2, 3}}) {
                Map<String, Tensor> batch = batch(5, shape[0], shape[1]);
                Map<String, Tensor> outputs = trainer.accumulate(graph, batch, 1);
                assertThat(Objects.requireNonNull(outputs.get("log_prob")).shape())
                        .containsExactly(shape[0], shape[1] - 1);
                Map<String, Tensor> gradients = trainer.gradients();
                trainer.step(0);
                ReferenceDerivative reference = new ReferenceDerivative(graph, batch, tensors(weights, graph));
                double square = ReferenceDerivative.product(gradients, gradients);
                assertThat(reference.along(gradients, 1e-6)).isCloseTo(square, within(1e-4 * square));
            }
        }
    }

    @Test
    void trainsUntilThePairsAreInOrder() {
        Graph graph = pairs();
        WeightStore weights = weights(2);
        Map<String, Tensor> batch = Map.of("input_ids", ids(4, 8, 6));
        try (Trainer trainer = open(weights, 1, graph)) {
            float before = loss(trainer.evaluate(graph, batch));
            for (int step = 0; step < 30; step++) {
                trainer.accumulate(graph, batch, 1);
                assertThat(trainer.step(3e-3)).isPositive();
            }
            assertThat(loss(trainer.evaluate(graph, batch))).isLessThan(before * 0.5f);
        }
        assertThat(weights.version()).isEqualTo(30);
    }

    private static float loss(Map<String, Tensor> outputs) {
        return Objects.requireNonNull(outputs.get("loss")).item();
    }

    @Test
    void theNumberOfThreadsDoesNotChangeAByte() {
        String one = trained(1);
        assertThat(trained(2)).isEqualTo(one);
        assertThat(trained(2)).isEqualTo(one);
        assertThat(trained(3)).isEqualTo(one);
    }

    @Test
    void twoTrainersTrainInTwoThreads() throws Exception {
        String alone = trained(1);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Callable<String>> work = List.of(() -> trained(1), () -> trained(1));
            for (Future<String> hash : threads.invokeAll(work)) {
                assertThat(hash.get()).isEqualTo(alone);
            }
        } finally {
            threads.shutdown();
        }
    }

    private static String trained(int threads) {
        // Large enough for the library to share the work among its threads.
        TinyLlama llama = new TinyLlama(64, 64, 2, 4, 2, 16, 160, 64);
        GraphBuilder g = new GraphBuilder("next");
        Value ids = g.input("input_ids", ElementType.INT64, "batch", "sequence");
        Value logProbs = g.include(llama.scorer(), Map.of("input_ids", ids))
                .values()
                .iterator()
                .next();
        Value next = ids.slice(1, 1, Long.MAX_VALUE).unsqueeze(-1);
        g.output("loss", logProbs.slice(1, 0, -1).gatherElements(next, 2).mean().neg());
        Graph graph = g.build();
        WeightStore weights = llama.weights(3);
        try (Trainer trainer = open(weights, threads, graph)) {
            for (int step = 0; step < 3; step++) {
                for (int part = 0; part < 2; part++) {
                    long[] tokens = new SplittableRandom(step * 2L + part)
                            .longs(16 * 33, 0, 8)
                            .toArray();
                    trainer.accumulate(graph, Map.of("input_ids", Tensor.of(tokens, 16, 33)), 0.5);
                }
                trainer.step(1e-3);
            }
        }
        return weights.contentHash();
    }

    @Test
    void microBatchesOfTwoLossesAddUp() {
        Graph policy = policy();
        Graph pairs = pairs();
        Map<String, Tensor> first = batch(3, 3, 7);
        Map<String, Tensor> second = Map.of("input_ids", ids(3, 4, 6));
        WeightStore weights = weights(1);
        try (Trainer trainer = open(weights, 1, policy, pairs)) {
            trainer.accumulate(policy, first, 0.5);
            Map<String, Tensor> ofPolicy = trainer.gradients();
            assertThat(ofPolicy).doesNotContainKey("score.weight");
            trainer.step(0);
            trainer.accumulate(pairs, second, 2);
            Map<String, Tensor> ofPairs = trainer.gradients();
            trainer.step(0);
            trainer.accumulate(policy, first, 0.5);
            trainer.accumulate(pairs, second, 2);
            Map<String, Tensor> both = trainer.gradients();
            assertThat(both.keySet()).isEqualTo(ofPairs.keySet());
            both.forEach((name, sum) -> {
                float[] expected = Objects.requireNonNull(ofPairs.get(name)).toFloats();
                Tensor other = ofPolicy.get(name);
                for (int i = 0; i < expected.length; i++) {
                    expected[i] += other == null ? 0 : other.toFloats()[i];
                }
                assertThat(sum.toFloats()).as(name).containsExactly(expected, within(1e-6f));
            });
        }
    }

    @Test
    void aRestoredStateContinuesToTheSameBytes() {
        Graph graph = policy();
        WeightStore first = weights(1);
        WeightStore second;
        OptimizerState state;
        try (Trainer trainer = open(first, 1, graph)) {
            for (int step = 0; step < 3; step++) {
                trainer.accumulate(graph, batch(step, 2, 5), 1);
                trainer.step(1e-3);
            }
            state = trainer.state();
            second = first.snapshot();
            trainer.accumulate(graph, batch(7, 2, 5), 1);
            trainer.step(1e-3);
        }
        try (Trainer trainer = open(second, 1, graph)) {
            trainer.restore(state);
            trainer.accumulate(graph, batch(7, 2, 5), 1);
            trainer.step(1e-3);
        }
        assertThat(second.contentHash()).isEqualTo(first.contentHash());
    }

    @Test
    void frozenWeightsAreNeitherDifferentiatedNorChanged() {
        Graph graph = policy();
        WeightStore weights = weights(1);
        Tensor embedding = weights.get("embed").copy();
        Optimization frozen = Optimization.DEFAULT.withGroups(
                List.of(new Optimization.Group(java.util.Set.of("embed", "layers.0.q"), 0, 0)));
        try (Trainer trainer =
                new OnnxRuntimeGradients().open(weights, List.of(graph), frozen, EngineSettings.singleThreaded())) {
            trainer.accumulate(graph, batch(3, 2, 5), 1);
            assertThat(trainer.gradients())
                    .doesNotContainKeys("embed", "layers.0.q")
                    .containsKey("layers.0.k");
            trainer.step(0.1);
        }
        assertThat(weights.get("embed").contentEquals(embedding)).isTrue();
    }

    /** Gradients of two batches, added up. */
    private static Map<String, Tensor> gradients(
            Graph graph, Checkpointing checkpointing, List<Map<String, Tensor>> batches) {
        WeightStore weights = weights(1);
        try (Trainer trainer = new OnnxRuntimeGradients()
                .open(
                        weights,
                        List.of(graph),
                        Optimization.DEFAULT,
                        EngineSettings.singleThreaded().with(checkpointing))) {
            batches.forEach(batch -> trainer.accumulate(graph, batch, 0.5));
            return trainer.gradients();
        }
    }

    private static void requireSame(Map<String, Tensor> actual, Map<String, Tensor> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        actual.forEach((name, gradient) -> {
            float[] wanted = Objects.requireNonNull(expected.get(name)).toFloats();
            float largest = 0;
            for (float entry : wanted) {
                largest = Math.max(largest, Math.abs(entry));
            }
            assertThat(gradient.toFloats()).as(name).containsExactly(wanted, within(1e-6f * largest));
        });
    }

    @Test
    void blocksThatAreComputedAgainGiveTheSameGradients() {
        List<Map<String, Tensor>> batches = List.of(batch(3, 3, 7), batch(4, 2, 19));
        requireSame(
                gradients(policy(), Checkpointing.BLOCKS, batches), gradients(policy(), Checkpointing.NONE, batches));
        List<Map<String, Tensor>> pairs = List.of(Map.of("input_ids", ids(3, 4, 6)));
        requireSame(gradients(pairs(), Checkpointing.BLOCKS, pairs), gradients(pairs(), Checkpointing.NONE, pairs));
    }

    /** Attention over {@code x [batch, sequence, 4]} with a query matrix, whole or in parts of three positions of up to nine. */
    private static Graph attention(boolean parts) {
        GraphBuilder g = new GraphBuilder("attention");
        Value x = g.input("x", ElementType.FLOAT, "batch", "sequence", 4).mul(g.parameter("gain", 4));
        Value query = x.linear(g.parameter("query", 4, 4));
        Value keys = x.linear(g.parameter("key", 4, 4)).transpose(0, 2, 1);
        List<Value> all = new ArrayList<>();
        for (int from = 0; from < (parts ? 9 : 1); from += 3) {
            Value rows = parts ? query.slice(1, from, from + 3) : query;
            all.add(rows.matmul(keys).softmax(-1).matmul(x));
        }
        Value mixed = parts ? g.concat(1, all).reshape(x.shape()) : all.get(0);
        g.output("loss", x.add(mixed).square().mean());
        return g.build();
    }

    @Test
    void partsBehindTheEndOfTheSequenceAddNothing() {
        WeightStore weights = new WeightStore(Map.of(
                "gain", numbers(new SplittableRandom(1), 4),
                "query", numbers(new SplittableRandom(2), 4, 4),
                "key", numbers(new SplittableRandom(3), 4, 4)));
        for (int length : new int[] {2, 3, 5, 9}) {
            Map<String, Tensor> batch = Map.of("x", numbers(new SplittableRandom(length), 3, length, 4));
            List<Map<String, Tensor>> found = new ArrayList<>();
            for (boolean parts : new boolean[] {false, true}) {
                for (Checkpointing checkpointing : Checkpointing.values()) {
                    Graph graph = attention(parts);
                    try (Trainer trainer = new OnnxRuntimeGradients()
                            .open(
                                    weights,
                                    List.of(graph),
                                    Optimization.DEFAULT,
                                    EngineSettings.singleThreaded().with(checkpointing))) {
                        // The second run finds the memory of the first, which is not zero.
                        trainer.accumulate(graph, batch, 1);
                        trainer.step(0);
                        trainer.accumulate(graph, batch, 1);
                        found.add(trainer.gradients());
                    }
                }
            }
            found.forEach(gradients -> requireSame(gradients, found.get(0)));
        }
    }
}
