package dev.save4j.bench.speed;

import dev.save4j.report.Panels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** Sampling from random Llamas, as {@link RolloutWork} tells, beside what the machine's memory and arithmetic admit. */
public final class RolloutBenchmark {
    private static final String BATCH = "batch";
    private static final double REFRESH_UNIT = 1e3 * 1e6;

    private RolloutBenchmark() {}

    /**
     * @param engines names, each maybe with the precision of its weights behind a colon: {@code onnxruntime:int8}
     * @param batches numbers of sequences, or {@code mixed}
     */
    public static SpeedBenchmark of(List<String> engines, List<ModelSize> sizes, List<String> batches, Plan plan) {
        batches.forEach(RolloutWork::parse);
        engines.forEach(RolloutVariant::parse);
        return new SpeedBenchmark(
                new SpeedBenchmark.Kind(
                        "rollout",
                        "batch",
                        RolloutProbe.class,
                        Optional.of(PlainRollout.class),
                        Optional.of(RolloutBenchmark::python),
                        columns(),
                        explanation(),
                        RolloutBenchmark::plot),
                engines,
                sizes,
                batches,
                plan);
    }

    private static List<Object> python(Case one) {
        RolloutWork work = RolloutWork.parse(one.shape());
        return List.of(
                "sample",
                work.rows(),
                work.answers(),
                RolloutWork.PROMPT,
                RolloutWork.NEW,
                work.stopTokens(one.size()));
    }

    private static List<Column> columns() {
        return List.of(
                Column.of("tokensPerSecond", "tokens/s", "%.0f", RolloutBenchmark::tokensPerSecond),
                Column.of("typicalTokensPerSecond", "median", "%.0f", own -> own.mean("tokens") / own.typical(BATCH)),
                Column.times(RolloutBenchmark::tokensPerSecond),
                Column.of(
                        "roofTokensPerSecond", "roof", "%.0f", own -> roof(own.size(), rows(own), own.surroundings())),
                Column.share(
                        "fractionOfRoof",
                        "of roof",
                        own -> tokensPerSecond(own) / roof(own.size(), rows(own), own.surroundings())),
                Column.of(
                        "tokensPerAnswer",
                        "",
                        "",
                        own -> own.mean("tokens") / work(own).answers()),
                Column.of("firstMilliseconds", "first, ms", "%.1f", own -> 1e3 * own.bestWall("first")),
                Column.of(
                        "refreshMillisecondsPerMegabyte",
                        "refresh, ms/MB",
                        "%.2f",
                        own -> own.bestWall("refresh")
                                * REFRESH_UNIT
                                / (Float.BYTES * own.size().productWeights())),
                Column.of("logProbGap", "log-prob gap", "%.5f", own -> own.mean("gap")),
                Column.of("allocatedPerToken", "bytes/token", "%.0f", own -> own.least("allocated")),
                Column.peakMemory());
    }

    private static String explanation() {
        return String.format(
                Locale.ROOT,
                "Answers to prompts of %d tokens in groups of %d, at temperature 1 in single precision; a batch of n is n answers of %d tokens, 'mixed' is %d answers, %d"
                        + " at once, which end by themselves after half as many on average. tokens/s counts new tokens up to the end of each answer and includes the time of"
                        + " the prompts. 'roof' is what the machine admits: the weights of the products read once a step, and 2 FLOP for each of them and new"
                        + " token at the peak of products. 'first' is the time until all sequences have their"
                        + " first token, 'refresh' that of making new weights visible (for 'plain': exporting and loading the model again), per MB of the products'"
                        + " weights, both by the clock on the wall; 'log-prob gap' is the mean distance of the log-probabilities of up to eight answers from those in single precision, which is larger for trained"
                        + " weights than for these; 'bytes/token' is what the sampling thread takes from the Java heap once warm, the answers included.",
                RolloutWork.PROMPT,
                RolloutWork.GROUP,
                RolloutWork.NEW,
                RolloutWork.parse(RolloutWork.MIXED).answers(),
                RolloutWork.parse(RolloutWork.MIXED).rows());
    }

    private static RolloutWork work(Measured own) {
        return RolloutWork.parse(own.one().shape());
    }

    private static int rows(Measured own) {
        return work(own).rows();
    }

    private static double tokensPerSecond(Measured own) {
        return own.mean("tokens") / own.best(BATCH);
    }

    /** New tokens in a second. */
    private static double roof(ModelSize size, double rows, Surroundings surroundings) {
        double memory = rows * surroundings.readBandwidth(size) / (Float.BYTES * size.productWeights());
        double arithmetic = surroundings.peakGigaflops() * 1e9 / (2.0 * size.productWeights());
        return Math.min(memory, arithmetic);
    }

    private static Optional<String> plot(List<Measured> all) {
        Map<ModelSize, Map<String, List<Measured>>> panels = new LinkedHashMap<>();
        all.stream()
                .filter(own -> !work(own).mixed())
                .forEach(own -> panels.computeIfAbsent(own.size(), size -> new LinkedHashMap<>())
                        .computeIfAbsent(own.engine(), engine -> new ArrayList<>())
                        .add(own));
        // Mixed lengths have no number of sequences to stand at.
        return panels.isEmpty()
                ? Optional.empty()
                : Optional.of(Panels.svg(
                        "sequences at once",
                        "new tokens/s",
                        panels.entrySet().stream()
                                .map(panel -> panel(panel.getKey(), panel.getValue()))
                                .toList()));
    }

    private static Panels.Panel panel(ModelSize size, Map<String, List<Measured>> engines) {
        List<Panels.Line> lines = new ArrayList<>();
        engines.forEach((engine, measured) -> lines.add(new Panels.Line(
                engine,
                false,
                measured.stream().mapToDouble(RolloutBenchmark::rows).toArray(),
                measured.stream().mapToDouble(RolloutBenchmark::tokensPerSecond).toArray())));
        List<Measured> any = engines.values().iterator().next();
        double first = any.stream().mapToInt(RolloutBenchmark::rows).min().orElseThrow();
        double last = any.stream().mapToInt(RolloutBenchmark::rows).max().orElseThrow();
        // Close enough for the bend to be seen.
        double[] rows = IntStream.rangeClosed(0, 40)
                .mapToDouble(i -> first * Math.pow(last / first, i / 40.0))
                .toArray();
        lines.add(new Panels.Line(
                "roof",
                true,
                rows,
                DoubleStream.of(rows)
                        .map(at -> roof(size, at, any.get(0).surroundings()))
                        .toArray()));
        return new Panels.Panel(size.name() + " parameters", lines);
    }
}
