package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import dev.save4j.engine.Engines;
import dev.save4j.engine.RolloutEngine;
import dev.save4j.loop.Progress;
import dev.save4j.report.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Sampling from random Llamas: groups of eight answers of 96 tokens to prompts of 32 tokens, nothing of which ends early.
 *
 * @param engines names
 * @param sequences decoded at once: fewer than eight, or a multiple of eight
 */
public record RolloutBenchmark(List<String> engines, List<ModelSize> sizes, List<Integer> sequences, Plan plan) {
    public RolloutBenchmark {
        engines = List.copyOf(engines);
        sizes = List.copyOf(sizes);
        sequences = List.copyOf(sequences);
        Engines<RolloutEngine> known = Engines.rollout();
        engines.forEach(known::named);
        if (engines.isEmpty() || sizes.isEmpty() || sequences.isEmpty()) {
            throw SaveException.user("name at least one engine, one size and one batch");
        }
        for (int batch : sequences) {
            if (batch < 1 || batch > RolloutProbe.GROUP && batch % RolloutProbe.GROUP != 0) {
                throw SaveException.user("a batch of " + batch + " sequences does not consist of groups of "
                        + RolloutProbe.GROUP + "; use 1 to 8 or a multiple of 8");
            }
        }
    }

    /**
     * One engine at one size and batch.
     *
     * @param tokensPerSecond new tokens of the best batches, the prompts' time included
     * @param typicalTokensPerSecond of the median batch by the clock on the wall
     * @param gigaflops of the products of new tokens
     * @param fractionOfPeak of what products of matrices reach here
     * @param fractionOfBandwidth of what copies reach here, if the weights were read once for every token of a sequence
     * @param firstSeconds until every sequence has its first token
     * @param refreshMillisecondsPerMegabyte to make an update of the weights visible
     * @param allocatedPerToken bytes on the Java heap
     * @param peakMemory in bytes
     */
    public record Row(
            String size,
            int batch,
            String engine,
            double tokensPerSecond,
            double typicalTokensPerSecond,
            double gigaflops,
            double fractionOfPeak,
            double fractionOfBandwidth,
            double firstSeconds,
            double refreshMillisecondsPerMegabyte,
            double allocatedPerToken,
            long peakMemory) {}

    /** What was measured. */
    public record Result(Surroundings surroundings, List<Row> rows) implements BenchmarkResult {
        public Result {
            rows = List.copyOf(rows);
        }

        @Override
        public Table table() {
            return new Table(
                    List.of(
                            "model",
                            "batch",
                            "engine",
                            "tokens/s",
                            "median",
                            "of peak",
                            "of bandwidth",
                            "first, ms",
                            "refresh, ms/MB",
                            "bytes/token",
                            "peak MB"),
                    rows.stream()
                            .map(row -> List.of(
                                    row.size(),
                                    Integer.toString(row.batch()),
                                    row.engine(),
                                    format("%.0f", row.tokensPerSecond()),
                                    format("%.0f", row.typicalTokensPerSecond()),
                                    format("%.0f %%", 100 * row.fractionOfPeak()),
                                    format("%.0f %%", 100 * row.fractionOfBandwidth()),
                                    format("%.1f", 1e3 * row.firstSeconds()),
                                    format("%.2f", row.refreshMillisecondsPerMegabyte()),
                                    format("%.0f", row.allocatedPerToken()),
                                    format("%.0f", row.peakMemory() / 1e6)))
                            .toList());
        }

        @Override
        public String explanation() {
            return surroundings.explanation()
                    + format(" Groups of up to %.0f answers", RolloutProbe.GROUP)
                    + format(" of %.0f tokens", RolloutProbe.NEW)
                    + format(" to prompts of %.0f tokens, temperature 1, in single precision;", RolloutProbe.PROMPT)
                    + " tokens/s counts new tokens and includes the time of the prompts. 'of peak' counts 2 FLOP for each weight of a product and"
                    + " new token; 'of bandwidth' is the share of the copy bandwidth when the weights of the products are read once a step."
                    + " 'first' is the time until all sequences have their first token, 'refresh' that of making new weights visible.";
        }
    }

    private static String format(String form, double value) {
        return String.format(Locale.ROOT, form, value);
    }

    private record Case(ModelSize size, int batch, String engine) {
        @Override
        public String toString() {
            return engine + " " + size.name() + " x" + batch;
        }
    }

    /** A RESOURCES error tells what a measurement wrote when it failed. */
    public Result run(Progress progress) {
        plan.rival().ifPresent(Rival::require);
        List<Case> cases = new ArrayList<>();
        for (ModelSize size : sizes) {
            for (int batch : sequences) {
                engines.forEach(engine -> cases.add(new Case(size, batch, engine)));
                plan.rival().ifPresent(python -> cases.add(new Case(size, batch, Rival.NAME)));
            }
        }
        Turns<Case, RolloutProbe.Result> turns = Turns.take("bench rollout", plan, cases, this::measure, progress);
        return new Result(
                turns.surroundings(),
                cases.stream()
                        .map(one -> row(one, turns.of(one), turns.surroundings()))
                        .toList());
    }

    private RolloutProbe.Result measure(Case one) {
        return one.engine().equals(Rival.NAME)
                ? Rival.sample(plan, one.size(), one.batch())
                : Probe.java(
                        RolloutProbe.class,
                        RolloutProbe.Result.class,
                        one.engine(),
                        one.size().name(),
                        one.batch(),
                        plan.threads(),
                        plan.seconds());
    }

    private Row row(Case one, List<RolloutProbe.Result> results, Surroundings surroundings) {
        Chunks batches = Chunks.together(
                results.stream().map(RolloutProbe.Result::batches).toList());
        double tokens = one.batch() * RolloutProbe.NEW;
        double perSecond = tokens / plan.best(batches);
        double gigaflops = 2 * one.size().productWeights() * perSecond / 1e9;
        double gigabytes = Float.BYTES * one.size().productWeights() * perSecond / one.batch() / 1e9;
        return new Row(
                one.size().name(),
                one.batch(),
                results.get(0).engine(),
                perSecond,
                tokens / batches.medianWall(),
                gigaflops,
                gigaflops / surroundings.peakGigaflops(),
                gigabytes / surroundings.peakGigabytes(),
                results.stream().mapToDouble(RolloutProbe.Result::first).min().orElseThrow(),
                results.stream().mapToDouble(RolloutProbe.Result::refresh).min().orElseThrow()
                        * 1e3
                        / (Float.BYTES * one.size().productWeights() / 1e6),
                results.stream()
                        .mapToDouble(RolloutProbe.Result::allocated)
                        .max()
                        .orElseThrow(),
                results.stream()
                        .mapToLong(RolloutProbe.Result::peakMemory)
                        .max()
                        .orElseThrow());
    }
}
