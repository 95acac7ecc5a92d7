package dev.save4j.bench.speed;

import dev.save4j.engine.Engines;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Scoring of answers by random reward models, rewards and values in one pass of a causal backbone, as {@link ScoringWork} tells. */
public final class ScoringBenchmark {
    private static final String PASS = "pass";

    /** More tokens of a run than this gain PyTorch nothing, and its caches lose them. */
    private static final int TORCH_TOKENS = 2048;

    private ScoringBenchmark() {}

    /**
     * @param engines names
     * @param shapes as {@link ScoringWork} tells
     */
    public static SpeedBenchmark of(List<String> engines, List<ModelSize> sizes, List<String> shapes, Plan plan) {
        shapes.forEach(ScoringWork::parse);
        engines.forEach(Engines.inference()::named);
        return new SpeedBenchmark(
                new SpeedBenchmark.Kind(
                        "score",
                        "sequences",
                        ScoringProbe.class,
                        Optional.of(PlainScoring.class),
                        Optional.of(ScoringBenchmark::python),
                        columns(),
                        "Rewards and values of random tokens in one pass of a causal model in single precision, its weights as they are updated in place. 'mixed' is 128"
                                + " sequences of 48 to 288 tokens. FLOP: 2 for each weight of a product and token, and 4 for each pair of positions, hidden unit and"
                                + " layer, of each sequence by itself and without those of padding. 'computed' is how many tokens are computed for those of the"
                                + " sequences: padding raises it, prompts that answers share lower it, and then more than the peak may be reached. save4j sorts"
                                + " by length, 'plain' and PyTorch take sequences as they come; PyTorch takes as many rows at once as suit it best.",
                        all -> Optional.empty()),
                engines,
                sizes,
                shapes,
                plan);
    }

    private static List<Object> python(Case one) {
        ScoringWork work = ScoringWork.parse(one.shape());
        List<Object> arguments = new ArrayList<>(
                List.of("score", Math.max(1, TORCH_TOKENS * work.sequences() / work.tokens()), work.prompt()));
        work.lengths().stream().flatMapToInt(Arrays::stream).forEach(arguments::add);
        return arguments;
    }

    private static List<Column> columns() {
        return List.of(
                Column.of("sequencesPerSecond", "sequences/s", "%.1f", ScoringBenchmark::sequencesPerSecond),
                Column.of(
                        "typicalSequencesPerSecond",
                        "median",
                        "%.1f",
                        own -> work(own).sequences() / own.typical(PASS)),
                Column.times(ScoringBenchmark::sequencesPerSecond),
                Column.of(
                        "tokensPerSecond", "tokens/s", "%.0f", own -> work(own).tokens() / own.best(PASS)),
                Column.of("gigaflops", "GFLOP/s", "%.1f", own -> flop(own) / own.best(PASS) / 1e9),
                Column.share(
                        "fractionOfPeak",
                        "of peak",
                        own -> own.surroundings().fractionOfPeak(flop(own), own.best(PASS))),
                Column.share(
                        "computed",
                        "computed",
                        own -> own.mean("computed") / work(own).tokens()),
                Column.of("allocatedPerSequence", "bytes/sequence", "%.0f", own -> own.least("allocated")),
                Column.peakMemory());
    }

    private static ScoringWork work(Measured own) {
        return ScoringWork.parse(own.one().shape());
    }

    private static double sequencesPerSecond(Measured own) {
        return work(own).sequences() / own.best(PASS);
    }

    private static double flop(Measured own) {
        return work(own).flop(own.size());
    }
}
