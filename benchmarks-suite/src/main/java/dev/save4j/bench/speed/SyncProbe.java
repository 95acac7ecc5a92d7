package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import dev.save4j.engine.Completion;
import dev.save4j.engine.Engine;
import dev.save4j.engine.Engines;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.RolloutEngine;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.engine.WeightBinding;
import dev.save4j.models.PolicyModel;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;

/** Measures what it costs to make an update of the weights visible. A program to run by itself. */
final class SyncProbe {
    /** Beside the names of {@link WeightBinding} in lower case. */
    static final String ROLLOUT = "rollout";

    private static final int ROWS = 8;
    private static final int LENGTH = 32;

    private SyncProbe() {}

    /**
     * Reports {@code run}, a run with unchanged weights; {@code refresh}; and {@code cycle}, a small update, a refresh and a run, as whatever a session
     * puts off until it runs counts as well. An ENGINE error when a run does not see the update.
     */
    public static void main(String[] arguments) {
        Assignment task = Assignment.parse(arguments);
        PolicyModel policy = task.policy();
        if (task.shape().equals(ROLLOUT)) {
            RolloutEngine engine = Engines.rollout().named(task.engine());
            RolloutRequest request = new RolloutRequest(prompt(task.size()), ROWS, 1);
            Sampling one = Sampling.unbiased(1, Set.of());
            try (RolloutSession session =
                    engine.open(policy.decoder(2 * LENGTH), policy.weights(), ROWS, task.settings())) {
                measure(
                        task,
                        engine,
                        policy.weights(),
                        session::refresh,
                        () -> logProbs(session.generate(List.of(request), one).get(0)));
            }
        } else {
            InferenceEngine engine = Engines.inference().named(task.engine());
            Map<String, Tensor> inputs = inputs(task.size());
            try (InferenceSession session = engine.open(
                    policy.logProbGraph(1), policy.weights(), SyncBenchmark.binding(task.shape()), task.settings())) {
                measure(
                        task,
                        engine,
                        policy.weights(),
                        session::refresh,
                        () -> Objects.requireNonNull(session.run(inputs).get("log_prob"))
                                .toFloats());
            }
        }
    }

    /** What a run gives, from which is seen whether its weights have changed. */
    @FunctionalInterface
    private interface Outputs {
        float[] get();
    }

    private static void measure(Assignment task, Engine engine, WeightStore weights, Runnable refresh, Outputs run) {
        float[] before = run.get();
        update(weights);
        refresh.run();
        if (Arrays.equals(before, run.get())) {
            throw SaveException.engine(
                    "an update of the weights was not seen by " + engine.name() + " with " + task.shape() + " weights");
        }
        Map<String, Chunks> times = new HashMap<>();
        times.put("run", Chunks.measure(run::get, task.seconds() / 3, 0.2));
        times.put("refresh", Chunks.measure(refresh, task.seconds() / 3, 0.2));
        times.put(
                "cycle",
                Chunks.measure(
                        () -> {
                            update(weights);
                            refresh.run();
                            run.get();
                        },
                        task.seconds() / 3,
                        0.2));
        Probe.report(new Reading(
                engine.name() + " " + engine.capabilities().version(), times, Map.of(Measured.PEAK_MEMORY, (double)
                        Clocks.peakMemory())));
    }

    /** Turns the sign of the last normalisation's weights, which turns all logits. */
    private static void update(WeightStore weights) {
        try (WeightStore.Lease lease = weights.writing()) {
            FloatBuffer norm = weights.get("model.norm.weight").floats();
            for (int i = 0; i < norm.limit(); i++) {
                norm.put(i, -norm.get(i));
            }
        }
    }

    private static float[] logProbs(List<Completion> completions) {
        float[] all = new float[completions.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = completions.get(i).logProbs()[0];
        }
        return all;
    }

    private static int[] prompt(ModelSize size) {
        return new SplittableRandom(8)
                .ints(LENGTH, 0, size.config().vocabularySize())
                .toArray();
    }

    private static Map<String, Tensor> inputs(ModelSize size) {
        int[] prompt = prompt(size);
        Tensor ids = Tensor.allocate(ElementType.INT64, ROWS, LENGTH);
        Tensor mask = Tensor.allocate(ElementType.INT64, ROWS, LENGTH);
        for (int i = 0; i < ids.size(); i++) {
            ids.longs().put(i, prompt[i % LENGTH]);
            mask.longs().put(i, 1);
        }
        return Map.of("input_ids", ids, "attention_mask", mask);
    }
}
