package dev.save4j.bench.speed;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.models.Backbones;
import dev.save4j.models.Llama;
import dev.save4j.models.PolicyModel;
import dev.save4j.objectives.Composition;
import dev.save4j.objectives.Feed;
import dev.save4j.objectives.LanguageModelling;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.nio.file.Path;
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
     * @param engine name and version
     * @param start seconds from the start of the virtual machine to the end of the first step
     * @param steps a whole step: forward, backward, AdamW
     * @param optimizerShare of AdamW in the time of a step, from 0 to 1
     * @param javaShare of the time of forward and backward, from 0 to 1
     * @param peakMemory in bytes
     * @param loss of the last step, to see that all engines did the same
     */
    record Result(
            String engine,
            double start,
            Chunks steps,
            double optimizerShare,
            double javaShare,
            long peakMemory,
            double loss) {}

    /** Arguments: engine, size, shape, threads, seconds. */
    public static void main(String[] arguments) {
        GradientEngine engine = Engines.gradient().named(arguments[0]);
        ModelSize size = ModelSize.named(arguments[1]);
        BatchShape shape = BatchShape.parse(arguments[2]);
        int threads = Integer.parseInt(arguments[3]);
        double seconds = Double.parseDouble(arguments[4]);
        Llama llama = new Llama(size.config());
        PolicyModel policy = new PolicyModel(llama, Backbones.initialize(llama, 1));
        LanguageModelling objective = new LanguageModelling();
        Graph loss = Composition.of(policy.logProbGraph(1), objective);
        Map<String, Tensor> inputs = inputs(size, shape, objective);
        EngineSettings settings = new EngineSettings(threads, Path.of(System.getProperty("java.io.tmpdir")));
        try (Trainer trainer = engine.open(policy.weights(), List.of(loss), Optimization.DEFAULT, settings)) {
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
            Chunks steps = Chunks.measure(step, seconds, Math.min(1, seconds / 2));
            double share = JavaShare.of(() -> trainer.accumulate(loss, inputs, 1), seconds);
            Probe.report(new Result(
                    engine.name() + " " + engine.capabilities().version(),
                    start,
                    steps,
                    (double) parts[1] / (parts[0] + parts[1]),
                    share,
                    Clocks.peakMemory(),
                    last[0]));
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
