package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import dev.save4j.engine.Engines;
import dev.save4j.engine.GradientEngine;
import dev.save4j.loop.Progress;
import dev.save4j.report.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Training of random Llamas by several gradient engines.
 *
 * @param engines names
 */
public record TrainingBenchmark(List<String> engines, List<ModelSize> sizes, List<BatchShape> shapes, Plan plan) {
    public TrainingBenchmark {
        engines = List.copyOf(engines);
        sizes = List.copyOf(sizes);
        shapes = List.copyOf(shapes);
        Engines<GradientEngine> known = Engines.gradient();
        engines.forEach(known::named);
        if (engines.isEmpty() || sizes.isEmpty() || shapes.isEmpty()) {
            throw SaveException.user("name at least one engine, one size and one shape");
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
     * @param loss of the last step, by which engines can be compared
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

        @Override
        public String explanation() {
            return surroundings.explanation()
                    + " A step is forward, backward and AdamW of language modelling in single precision. FLOP: 6 for each weight of a product"
                    + " and token, and 12 for each pair of positions, hidden unit and layer. 'AdamW' is its share of a step, 'Java' the share of"
                    + " forward and backward outside native code by samples of Flight Recorder.";
        }
    }

    private static String format(String form, double value) {
        return String.format(Locale.ROOT, form, value);
    }

    private record Case(ModelSize size, BatchShape shape, String engine) {
        @Override
        public String toString() {
            return engine + " " + size.name() + " " + shape;
        }
    }

    /** Takes about rounds × cases × (2 × seconds and a start). A RESOURCES error tells what a measurement wrote when it failed. */
    public Result run(Progress progress) {
        plan.rival().ifPresent(Rival::require);
        List<Case> cases = new ArrayList<>();
        for (ModelSize size : sizes) {
            for (BatchShape shape : shapes) {
                engines.forEach(engine -> cases.add(new Case(size, shape, engine)));
                plan.rival().ifPresent(python -> cases.add(new Case(size, shape, Rival.NAME)));
            }
        }
        Turns<Case, TrainingProbe.Result> turns = Turns.take("bench train", plan, cases, this::measure, progress);
        return new Result(
                turns.surroundings(),
                cases.stream()
                        .map(one -> row(one, turns.of(one), turns.surroundings().peakGigaflops()))
                        .toList());
    }

    private TrainingProbe.Result measure(Case one) {
        return one.engine().equals(Rival.NAME)
                ? Rival.train(plan, one.size(), one.shape())
                : Probe.java(
                        TrainingProbe.class,
                        TrainingProbe.Result.class,
                        one.engine(),
                        one.size().name(),
                        one.shape(),
                        plan.threads(),
                        plan.seconds());
    }

    private Row row(Case one, List<TrainingProbe.Result> results, double peak) {
        Chunks steps = Chunks.together(
                results.stream().map(TrainingProbe.Result::steps).toList());
        double best = plan.best(steps);
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
