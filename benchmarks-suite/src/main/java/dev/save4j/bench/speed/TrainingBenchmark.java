package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import dev.save4j.engine.Engines;
import dev.save4j.engine.GradientEngine;
import dev.save4j.loop.Progress;
import dev.save4j.report.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * Training of random Llamas by several gradient engines: each measurement in a process of its own, engine after engine, and that several times over, so
 * that a disturbance meets all of them.
 *
 * @param engines names
 * @param threads native threads of an engine
 * @param rounds how often everything is measured
 * @param seconds of one measurement
 * @param rival the Python interpreter with which PyTorch is measured too
 */
public record TrainingBenchmark(
        List<String> engines,
        List<ModelSize> sizes,
        List<BatchShape> shapes,
        int threads,
        int rounds,
        double seconds,
        Optional<String> rival) {
    /** Above this share of the processors, other work disturbs what is measured. */
    private static final double IDLE = 0.1;

    public TrainingBenchmark {
        engines = List.copyOf(engines);
        sizes = List.copyOf(sizes);
        shapes = List.copyOf(shapes);
        Engines<GradientEngine> known = Engines.gradient();
        engines.forEach(known::named);
        if (engines.isEmpty() || sizes.isEmpty() || shapes.isEmpty()) {
            throw SaveException.user("name at least one engine, one size and one shape");
        }
        if (threads < 1 || rounds < 1 || !(seconds > 0)) {
            throw SaveException.user(
                    "threads, rounds and seconds must be positive, not " + threads + ", " + rounds + " and " + seconds);
        }
    }

    /**
     * One engine at one size and shape.
     *
     * @param tokensPerSecond of the best steps
     * @param typicalTokensPerSecond of the median step by the clock on the wall
     * @param gigaflops of the best steps
     * @param fractionOfPeak of what products of matrices reach here
     * @param optimizerShare of a step, from 0 to 1
     * @param javaShare of forward and backward, from 0 to 1
     * @param startSeconds to the end of the first step
     * @param peakMemory in bytes
     */
    public record Row(
            String size,
            String shape,
            String engine,
            double tokensPerSecond,
            double typicalTokensPerSecond,
            double gigaflops,
            double fractionOfPeak,
            double optimizerShare,
            double javaShare,
            double startSeconds,
            long peakMemory,
            double loss) {}

    /**
     * @param clock {@code processor} with one thread, which other work disturbs less, otherwise {@code wall}
     * @param peakGigaflops of products of matrices, on as many threads
     * @param busyBefore the share of the processors that other work took before this began
     */
    public record Result(
            String machine, String clock, int threads, double peakGigaflops, double busyBefore, List<Row> rows) {
        public Result {
            rows = List.copyOf(rows);
        }

        /** For terminals and for Markdown. */
        public Table table() {
            return new Table(
                    List.of(
                            "model",
                            "batch",
                            "engine",
                            "tokens/s",
                            "median",
                            "GFLOP/s",
                            "of peak",
                            "AdamW",
                            "Java",
                            "start, s",
                            "peak MB"),
                    rows.stream()
                            .map(row -> List.of(
                                    row.size(),
                                    row.shape(),
                                    row.engine(),
                                    format("%.0f", row.tokensPerSecond()),
                                    format("%.0f", row.typicalTokensPerSecond()),
                                    format("%.1f", row.gigaflops()),
                                    format("%.0f %%", 100 * row.fractionOfPeak()),
                                    format("%.1f %%", 100 * row.optimizerShare()),
                                    format("%.1f %%", 100 * row.javaShare()),
                                    format("%.1f", row.startSeconds()),
                                    format("%.0f", row.peakMemory() / 1e6)))
                            .toList());
        }

        /** What the table shows, in sentences. */
        public String explanation() {
            return format(
                    "%s; %d native thread%s; peak of 2048 x 2048 products by ONNX Runtime %.1f GFLOP/s. Forward, backward and AdamW of language"
                            + " modelling in single precision; best step by %s time, median by wall time. FLOP: 6 for each weight of a"
                            + " product and token, and 12 for each pair of positions, hidden unit and layer. 'Java' is the share of forward and"
                            + " backward outside native code by samples of Flight Recorder, 'AdamW' that of the optimizer in a step."
                            + " Each engine ran in a process of its own, in turns.%s",
                    machine,
                    threads,
                    threads == 1 ? "" : "s",
                    peakGigaflops,
                    clock,
                    busyBefore > IDLE
                            ? format(
                                    " The machine was not idle: other work took %.0f %% of it before.",
                                    100 * busyBefore)
                            : "");
        }

        private static String format(String form, Object... values) {
            return String.format(Locale.ROOT, form, values);
        }
    }

    private record Case(ModelSize size, BatchShape shape, String engine) {}

    /** Takes about rounds × cases × (2 × seconds and a start). A RESOURCES error tells what a measurement wrote when it failed. */
    public Result run(Progress progress) {
        rival.ifPresent(Rival::require);
        double busy = Machine.busy();
        List<Case> cases = new ArrayList<>();
        for (ModelSize size : sizes) {
            for (BatchShape shape : shapes) {
                engines.forEach(engine -> cases.add(new Case(size, shape, engine)));
                rival.ifPresent(python -> cases.add(new Case(size, shape, Rival.NAME)));
            }
        }
        double peak = 0;
        Map<Case, List<TrainingProbe.Result>> results = new LinkedHashMap<>();
        int done = 0;
        for (int round = 0; round < rounds; round++) {
            ProductPeak.Result product = Probe.java(ProductPeak.class, ProductPeak.Result.class, threads);
            peak = Math.max(peak, threads == 1 ? product.processor() : product.wall());
            for (Case one : cases) {
                TrainingProbe.Result result = measure(one);
                results.computeIfAbsent(one, key -> new ArrayList<>()).add(result);
                progress.advance(
                        "bench train",
                        ++done,
                        rounds * cases.size(),
                        one.engine() + " " + one.size().name() + " " + one.shape());
            }
        }
        double roof = peak;
        List<Row> rows = cases.stream()
                .map(one -> row(one, results.getOrDefault(one, List.of()), roof))
                .toList();
        return new Result(Machine.describe(), threads == 1 ? "processor" : "wall", threads, peak, busy, rows);
    }

    private TrainingProbe.Result measure(Case one) {
        return one.engine().equals(Rival.NAME)
                ? Rival.measure(rival.orElseThrow(), one.size(), one.shape(), threads, seconds)
                : Probe.java(
                        TrainingProbe.class,
                        TrainingProbe.Result.class,
                        one.engine(),
                        one.size().name(),
                        one.shape(),
                        threads,
                        seconds);
    }

    private Row row(Case one, List<TrainingProbe.Result> results, double peak) {
        Chunks steps = results.stream()
                .map(TrainingProbe.Result::steps)
                .reduce(Chunks::and)
                .orElseThrow();
        double best = threads == 1 ? steps.bestProcessor() : steps.bestWall();
        double gigaflops = one.size().trainingFlop(one.shape()) / best / 1e9;
        TrainingProbe.Result last = results.get(results.size() - 1);
        return new Row(
                one.size().name(),
                one.shape().toString(),
                last.engine(),
                one.shape().tokens() / best,
                one.shape().tokens() / steps.medianWall(),
                gigaflops,
                gigaflops / peak,
                average(results, TrainingProbe.Result::optimizerShare),
                average(results, TrainingProbe.Result::javaShare),
                results.stream().mapToDouble(TrainingProbe.Result::start).min().orElseThrow(),
                results.stream()
                        .mapToLong(TrainingProbe.Result::peakMemory)
                        .max()
                        .orElseThrow(),
                last.loss());
    }

    private static double average(List<TrainingProbe.Result> results, ToDoubleFunction<TrainingProbe.Result> number) {
        return results.stream().mapToDouble(number).average().orElseThrow();
    }
}
