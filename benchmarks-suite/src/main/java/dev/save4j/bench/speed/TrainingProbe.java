package dev.save4j.bench.speed;

import dev.save4j.engine.Engines;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.models.PolicyModel;
import dev.save4j.objectives.Composition;
import dev.save4j.objectives.Feed;
import dev.save4j.objectives.LanguageModelling;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/** Measures one gradient engine at one size and shape. A program to run by itself. */
final class TrainingProbe {
    private static final double LEARNING_RATE = 1e-4;

    private TrainingProbe() {}

    /**
     * Reports {@code step}, a whole step: forward, backward, AdamW; {@code start}, seconds from the start of the virtual machine to the end of the
     * first step; {@code optimizerShare}, that of AdamW in a step; {@code javaShare}, that in forward and backward; and the loss of the last step.
     */
    public static void main(String[] arguments) {
        Assignment task = Assignment.parse(arguments);
        GradientEngine engine = Engines.gradient().named(task.engine());
        BatchShape shape = BatchShape.parse(task.shape());
        PolicyModel policy = task.policy();
        LanguageModelling objective = new LanguageModelling();
        Graph loss = Composition.of(policy.logProbGraph(1), objective);
        Map<String, Tensor> inputs = inputs(task.size(), shape, objective);
        try (Trainer trainer = engine.open(policy.weights(), List.of(loss), Optimization.DEFAULT, task.settings())) {
            double[] last = new double[1];
            // Nanoseconds of forward and backward, and of AdamW.
            long[] parts = new long[2];
            Runnable step = () -> {
                long began = System.nanoTime();
                last[0] = Objects.requireNonNull(
                                trainer.accumulate(loss, inputs, 1).get("loss"), "loss")
                        .item();
                long middle = System.nanoTime();
                trainer.step(LEARNING_RATE);
                parts[0] += middle - began;
                parts[1] += System.nanoTime() - middle;
            };
            step.run();
            double start = Clocks.sinceStart();
            Arrays.fill(parts, 0);
            Chunks steps = Chunks.measure(step, task.seconds(), Math.min(1, task.seconds() / 2));
            double share = JavaShare.of(() -> trainer.accumulate(loss, inputs, 1), task.seconds());
            Probe.report(new Reading(
                    engine.name() + " " + engine.capabilities().version(),
                    Map.of("step", steps),
                    Map.of(
                            "start",
                            start,
                            "optimizerShare",
                            (double) parts[1] / (parts[0] + parts[1]),
                            "javaShare",
                            share,
                            Measured.PEAK_MEMORY,
                            (double) Clocks.peakMemory(),
                            "loss",
                            last[0])));
        }
    }

    /** Full rows of random tokens; every token after the first counts. */
    private static Map<String, Tensor> inputs(ModelSize size, BatchShape shape, LanguageModelling objective) {
        SplittableRandom random = new SplittableRandom(2);
        Tensor ids = Tensor.allocate(ElementType.INT64, shape.batch(), shape.length());
        Tensor mask = Tensor.allocate(ElementType.INT64, shape.batch(), shape.length());
        for (int i = 0; i < shape.tokens(); i++) {
            ids.longs().put(i, random.nextInt(size.config().vocabularySize()));
            mask.longs().put(i, 1);
        }
        int[] ends = new int[shape.batch()];
        Arrays.fill(ends, shape.length() - 1);
        Feed feed = objective.feed(shape.length() - 1, new int[shape.batch()], ends);
        Map<String, Tensor> inputs = feed.whole();
        inputs.put("input_ids", ids);
        inputs.put("attention_mask", mask);
        return inputs;
    }
}
