package dev.save4j.bench.speed;

import dev.save4j.engine.EngineCapabilities;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.loop.Grader;
import dev.save4j.loop.RewardInput;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Measures the scoring of answers as the loop does it, rewards and values in one pass. A program to run by itself. */
final class ScoringProbe {
    private ScoringProbe() {}

    /** Reports {@code pass}, all sequences once; {@code computed}, tokens of a pass with padding, shared ones once; {@code allocated}, bytes on the Java heap for a sequence. */
    public static void main(String[] arguments) {
        Assignment task = Assignment.parse(arguments);
        ScoringWork work = ScoringWork.parse(task.shape());
        List<List<RewardInput>> answers = work.inputs(task.size());
        List<int[]> prompts = answers.stream()
                .map(group -> Arrays.copyOf(group.get(0).ids(), work.prompt()))
                .toList();
        Counting engine = new Counting(Engines.inference().named(task.engine()));
        try (Grader grader = new Grader(task.reward(work.longest()), engine, task.settings(), Grader.BATCH)) {
            Tally tokens = new Tally();
            Chunks pass = Chunks.measure(
                    () -> tokens.count(() -> {
                        engine.tokens = 0;
                        grader.grade(answers, prompts);
                        return engine.tokens;
                    }),
                    task.seconds(),
                    0.5);
            Probe.report(reading(engine.name() + " " + engine.capabilities().version(), work, pass, tokens));
        }
    }

    /** What every way to score reports. */
    static Reading reading(String engine, ScoringWork work, Chunks pass, Tally tokens) {
        return new Reading(
                engine,
                Map.of("pass", pass),
                Map.of(
                        "allocated",
                        tokens.allocatedPerStep() / work.sequences(),
                        "computed",
                        tokens.perStep(),
                        Measured.PEAK_MEMORY,
                        (double) Clocks.peakMemory()));
    }

    /** An engine that counts the tokens it is given. */
    private static final class Counting implements InferenceEngine {
        private final InferenceEngine engine;
        private long tokens;

        Counting(InferenceEngine engine) {
            this.engine = engine;
        }

        @Override
        public String name() {
            return engine.name();
        }

        @Override
        public EngineCapabilities capabilities() {
            return engine.capabilities();
        }

        @Override
        public InferenceSession open(Graph graph, WeightStore weights, WeightBinding binding, EngineSettings settings) {
            InferenceSession session = engine.open(graph, weights, binding, settings);
            return new InferenceSession() {
                @Override
                public Map<String, Tensor> run(Map<String, Tensor> inputs) {
                    tokens +=
                            inputs.getOrDefault("input_ids", Tensor.scalar(0L)).size();
                    return session.run(inputs);
                }

                @Override
                public void refresh() {
                    session.refresh();
                }

                @Override
                public void close() {
                    session.close();
                }
            };
        }
    }
}
