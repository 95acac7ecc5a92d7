package dev.save4j.bench.speed;

import dev.save4j.engine.Engines;
import java.util.List;
import java.util.Optional;

/** Training of random Llamas by several gradient engines. */
public final class TrainingBenchmark {
    private static final String STEP = "step";

    private TrainingBenchmark() {}

    /** @param engines names */
    public static SpeedBenchmark of(List<String> engines, List<ModelSize> sizes, List<BatchShape> shapes, Plan plan) {
        engines.forEach(Engines.gradient()::named);
        return new SpeedBenchmark(
                new SpeedBenchmark.Kind(
                        "train",
                        "batch",
                        TrainingProbe.class,
                        Optional.empty(),
                        Optional.of(one -> {
                            BatchShape shape = BatchShape.parse(one.shape());
                            return List.of("train", shape.batch(), shape.length());
                        }),
                        List.of(
                                Column.of("tokensPerSecond", "tokens/s", "%.0f", own -> tokens(own) / own.best(STEP)),
                                Column.of(
                                        "typicalTokensPerSecond",
                                        "median",
                                        "%.0f",
                                        own -> tokens(own) / own.typical(STEP)),
                                Column.times(own -> 1 / own.best(STEP)),
                                Column.of("gigaflops", "GFLOP/s", "%.1f", own -> flop(own) / own.best(STEP) / 1e9),
                                Column.share(
                                        "fractionOfPeak",
                                        "of peak",
                                        own -> own.surroundings().fractionOfPeak(flop(own), own.best(STEP))),
                                Column.share("optimizerShare", "AdamW", own -> own.mean("optimizerShare")),
                                Column.share("javaShare", "Java", own -> own.mean("javaShare")),
                                Column.of("startSeconds", "start, s", "%.1f", own -> own.least("start")),
                                Column.peakMemory(),
                                Column.of("loss", "", "", own -> own.mean("loss"))),
                        "A step is forward, backward and AdamW of language modelling in single precision. FLOP: 6 for each weight of a product and token, and 12"
                                + " for each pair of positions, hidden unit and layer. 'AdamW' is its share of a step, 'Java' the share of forward and backward"
                                + " outside native code by samples of Flight Recorder.",
                        all -> Optional.empty()),
                engines,
                sizes,
                shapes.stream().map(BatchShape::toString).toList(),
                plan);
    }

    private static BatchShape shape(Measured own) {
        return BatchShape.parse(own.one().shape());
    }

    private static double tokens(Measured own) {
        return shape(own).tokens();
    }

    private static double flop(Measured own) {
        return own.size().trainingFlop(shape(own));
    }
}
