package dev.save4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Native memory is freed, but not too early: memory stays flat over hundreds of steps and runs, results are the same while garbage is collected and
 * native memory overwritten, and runs from several threads do not disturb each other. Give the kinds of engine that there are.
 */
public abstract class LeakSoak {
    private static final int WIDTH = 64;
    private static final int ROWS = 512;
    private static final int WARM_UP = 140;
    private static final int WINDOWS = 3;
    private static final int STEPS_PER_WINDOW = 120;

    /** One activation of {@code [256, 64]} floats kept in every step adds 8 MB to every window. */
    private static final long ALLOWED_GROWTH = 4L << 20;

    private final Optional<GradientEngine> gradients;
    private final Optional<InferenceEngine> inference;

    protected LeakSoak(GradientEngine engine) {
        this(Optional.of(engine), Optional.empty());
    }

    protected LeakSoak(InferenceEngine engine) {
        this(Optional.empty(), Optional.of(engine));
    }

    protected LeakSoak(GradientEngine gradients, InferenceEngine inference) {
        this(Optional.of(gradients), Optional.of(inference));
    }

    private LeakSoak(Optional<GradientEngine> gradients, Optional<InferenceEngine> inference) {
        this.gradients = gradients;
        this.inference = inference;
    }

    private GradientEngine gradientEngine() {
        return gradients.orElseGet(() -> Assumptions.abort("the engine does not differentiate"));
    }

    private InferenceEngine inferenceEngine() {
        return inference.orElseGet(() -> Assumptions.abort("the engine does not infer"));
    }

    private static RandomGenerator random(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    private static Tensor numbers(RandomGenerator random, double scale, long... shape) {
        Tensor tensor = Tensor.allocate(ElementType.FLOAT, shape);
        for (int i = 0; i < tensor.size(); i++) {
            tensor.floats().put(i, (float) (scale * random.nextGaussian()));
        }
        return tensor;
    }

    private static WeightStore weights() {
        RandomGenerator random = random(1);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        weights.put("embedding", numbers(random, 0.5, 50, WIDTH));
        weights.put("hidden", numbers(random, 0.1, WIDTH, WIDTH));
        weights.put("norm", numbers(random, 0.5, WIDTH));
        return new WeightStore(weights);
    }

    /** Has what engines hold on to: indices, shapes, numbers beside tensors, masks, slices and intermediate results. */
    private static Graph graph() {
        GraphBuilder g = new GraphBuilder("soak");
        Value ids = g.input("ids", ElementType.INT64, "rows");
        Value table = g.parameter("embedding", 50, WIDTH);
        Value x = table.gather(ids, 0);
        Value scale = x.square().mean(-1, true).add(1e-5).sqrt().reciprocal();
        Value hidden = x.mul(scale)
                .mul(g.parameter("norm", WIDTH))
                .linear(g.parameter("hidden", WIDTH, WIDTH))
                .mul(1.5)
                .silu();
        Value kept = hidden.greaterThan(g.scalar(-0.1)).choose(hidden, hidden.mul(0.5));
        Value joined = g.concat(1, kept.slice(1, 0, WIDTH / 2), kept.slice(1, WIDTH / 2, WIDTH))
                .reshape(x.shape());
        Value logProbs = joined.linear(table).logSoftmax(-1);
        g.output(
                Losses.NAME,
                logProbs.gatherElements(ids.unsqueeze(1), 1).clip(-20, 0).mean().neg());
        return g.build();
    }

    private static Map<String, Tensor> inputs(RandomGenerator random, int rows) {
        return Map.of("ids", Tensor.of(random.longs(rows, 0, 50).toArray(), rows));
    }

    /** What leaks grows in every window; a heap that is resized, or code that is compiled, in some. */
    static void requireFlat(Runnable step) {
        Assumptions.assumeTrue(Memory.resident().isPresent(), "this system does not tell how much memory is resident");
        for (int i = 0; i < WARM_UP; i++) {
            step.run();
        }
        long least = Long.MAX_VALUE;
        for (int window = 0; window < WINDOWS; window++) {
            long before = Memory.resident().orElseThrow();
            for (int i = 0; i < STEPS_PER_WINDOW; i++) {
                step.run();
            }
            least = Math.min(least, Memory.resident().orElseThrow() - before);
        }
        assertThat(least)
                .as("growth of resident memory in bytes over %d steps", STEPS_PER_WINDOW)
                .isLessThan(ALLOWED_GROWTH);
    }

    @Test
    void trainingKeepsMemoryFlat() {
        RandomGenerator random = random(2);
        Graph graph = graph();
        try (Trainer trainer = gradientEngine()
                .open(weights(), List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded())) {
            requireFlat(() -> {
                trainer.accumulate(graph, inputs(random, ROWS), 1);
                trainer.step(1e-4);
            });
        }
    }

    @Test
    void openingAndClosingTrainersKeepsMemoryFlat() {
        Graph graph = graph();
        GradientEngine engine = gradientEngine();
        RandomGenerator random = random(3);
        requireFlat(() -> {
            try (Trainer trainer =
                    engine.open(weights(), List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded())) {
                trainer.accumulate(graph, inputs(random, ROWS / 2), 1);
            }
        });
    }

    @Test
    void gradientsAreTheSameWhileGarbageIsCollected() {
        GradientEngine engine = gradientEngine();
        List<Map<String, Tensor>> quiet = trainingRun(engine);
        List<Map<String, Tensor>> disturbed = Memory.disturbed(() -> trainingRun(engine));
        for (int step = 0; step < quiet.size(); step++) {
            requireSame(disturbed.get(step), quiet.get(step));
        }
    }

    private static List<Map<String, Tensor>> trainingRun(GradientEngine engine) {
        RandomGenerator random = random(4);
        Graph graph = graph();
        List<Map<String, Tensor>> steps = new ArrayList<>();
        try (Trainer trainer =
                engine.open(weights(), List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded())) {
            for (int step = 0; step < 40; step++) {
                trainer.accumulate(graph, inputs(random, 16), 1);
                steps.add(trainer.gradients());
                trainer.step(1e-3);
            }
        }
        return steps;
    }

    private static void requireSame(Map<String, Tensor> actual, Map<String, Tensor> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, tensor) -> assertThat(
                        Objects.requireNonNull(actual.get(name)).contentEquals(tensor))
                .as("%s is the same to the bit", name)
                .isTrue());
    }

    @Test
    void inferenceKeepsMemoryFlat() {
        RandomGenerator random = random(5);
        try (InferenceSession session =
                inferenceEngine().open(graph(), weights(), WeightBinding.LIVE, EngineSettings.singleThreaded())) {
            requireFlat(() -> session.run(inputs(random, ROWS)));
        }
    }

    @Test
    void refreshingKeepsMemoryFlat() {
        RandomGenerator random = random(6);
        try (InferenceSession session =
                inferenceEngine().open(graph(), weights(), WeightBinding.PREPACKED, EngineSettings.singleThreaded())) {
            requireFlat(() -> {
                session.refresh();
                session.run(inputs(random, ROWS / 8));
            });
        }
    }

    @Test
    void resultsAreTheSameWhileGarbageIsCollected() {
        InferenceEngine engine = inferenceEngine();
        for (WeightBinding binding : WeightBinding.values()) {
            List<Map<String, Tensor>> quiet = inferenceRun(engine, binding);
            List<Map<String, Tensor>> disturbed = Memory.disturbed(() -> inferenceRun(engine, binding));
            for (int run = 0; run < quiet.size(); run++) {
                requireSame(disturbed.get(run), quiet.get(run));
            }
        }
    }

    private static List<Map<String, Tensor>> inferenceRun(InferenceEngine engine, WeightBinding binding) {
        RandomGenerator random = random(7);
        List<Map<String, Tensor>> runs = new ArrayList<>();
        try (InferenceSession session = engine.open(graph(), weights(), binding, EngineSettings.singleThreaded())) {
            for (int run = 0; run < 30; run++) {
                runs.add(session.run(inputs(random, 16)));
            }
        }
        return runs;
    }

    @Test
    void runsFromFourThreadsGiveTheSameResults() throws Exception {
        try (InferenceSession session =
                inferenceEngine().open(graph(), weights(), WeightBinding.LIVE, EngineSettings.singleThreaded())) {
            List<Map<String, Tensor>> inputs = new ArrayList<>();
            List<Map<String, Tensor>> expected = new ArrayList<>();
            RandomGenerator random = random(8);
            for (int i = 0; i < 40; i++) {
                inputs.add(inputs(random, 1 + i));
                expected.add(session.run(inputs.get(i)));
            }
            ExecutorService threads = Executors.newFixedThreadPool(4);
            try {
                List<Callable<Boolean>> work = new ArrayList<>();
                for (int thread = 0; thread < 4; thread++) {
                    int offset = 10 * thread;
                    work.add(() -> {
                        for (int i = 0; i < 40; i++) {
                            int at = (i + offset) % 40;
                            requireSame(session.run(inputs.get(at)), expected.get(at));
                        }
                        return true;
                    });
                }
                for (Future<Boolean> done : threads.invokeAll(work)) {
                    assertThat(done.get()).isTrue();
                }
            } finally {
                threads.shutdown();
            }
        }
    }
}
