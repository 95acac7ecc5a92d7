package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import dev.save4j.loop.Progress;
import dev.save4j.report.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.DoubleAccumulator;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A measurement of engines and rivals side by side: every case of size, shape and engine gets its turn, in a process of its own, and that several times
 * over, so that a disturbance meets all of them. Made by {@link TrainingBenchmark}, {@link RolloutBenchmark}, {@link ScoringBenchmark} and
 * {@link SyncBenchmark}.
 */
public final class SpeedBenchmark {
    private final Kind kind;
    private final List<Case> cases = new ArrayList<>();
    private final Plan plan;
    private final Rivals rivals;

    /**
     * What is particular to a benchmark.
     *
     * @param name {@code bench NAME}
     * @param shape header of the shape's column
     * @param plain a program that does the work with ONNX Runtime alone, as somebody would who does not use save4j
     * @param python the arguments by which {@code llama.py} does the work of a case
     * @param columns behind size, shape and engine
     * @param explanation of the columns
     * @param plot of the results, as SVG, or nothing when they have no points
     */
    record Kind(
            String name,
            String shape,
            Class<?> probe,
            Optional<Class<?>> plain,
            Optional<Function<Case, List<Object>>> python,
            List<Column> columns,
            String explanation,
            Function<List<Measured>, Optional<String>> plot) {}

    SpeedBenchmark(Kind kind, List<String> engines, List<ModelSize> sizes, List<String> shapes, Plan plan) {
        this.kind = kind;
        this.plan = plan;
        if (engines.isEmpty() || sizes.isEmpty() || shapes.isEmpty()) {
            throw SaveException.user("name at least one engine, one size and one " + kind.shape());
        }
        rivals = Rivals.of(
                kind.name(),
                plan.rivals(),
                kind.plain().isPresent(),
                kind.python().isPresent());
        for (ModelSize size : sizes) {
            for (String shape : shapes) {
                engines.forEach(engine -> cases.add(new Case(engine, size, shape)));
                rivals.names().forEach(rival -> cases.add(new Case(rival, size, shape)));
            }
        }
    }

    /**
     * Takes about rounds × cases × (2 × seconds and a start), and rounds + 1 times some ten seconds for the peaks. A RESOURCES error tells what a
     * measurement wrote when it failed.
     */
    public BenchmarkResult run(Progress progress) {
        rivals.require();
        double busy = Machine.busy();
        Map<Case, List<Reading>> readings = new LinkedHashMap<>();
        cases.forEach(one -> readings.put(one, new ArrayList<>()));
        DoubleAccumulator gigaflops = new DoubleAccumulator(Math::max, 0);
        Map<String, Double> gigabytes = new LinkedHashMap<>();
        int done = 0;
        for (int round = 0; round < plan.rounds(); round++) {
            measurePeaks(gigaflops, gigabytes);
            for (Case one : cases) {
                readings.getOrDefault(one, List.of()).add(measure(one));
                progress.advance("bench " + kind.name(), ++done, plan.rounds() * cases.size(), one.toString());
            }
        }
        // Once more: a disturbance at the start of the only round would lower every roof.
        measurePeaks(gigaflops, gigabytes);
        Surroundings surroundings = new Surroundings(
                Machine.describe(), plan.threads(), plan.clock(), gigaflops.get(), gigabytes, busy, Machine.busy());
        return result(
                readings.entrySet().stream()
                        .map(one -> new Measured(one.getKey(), one.getValue(), surroundings))
                        .toList(),
                surroundings);
    }

    private void measurePeaks(DoubleAccumulator gigaflops, Map<String, Double> gigabytes) {
        gigaflops.accumulate(Probe.java(ProductPeak.class, plan).numbers().getOrDefault(plan.clock(), 0.0));
        for (ModelSize size : sizes()) {
            gigabytes.merge(size.name(), ReadPeak.measure(plan, size), Math::max);
        }
    }

    private Set<ModelSize> sizes() {
        return cases.stream().map(Case::size).collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private Reading measure(Case one) {
        if (one.engine().equals(Rivals.TORCH)) {
            return rivals.torch(plan, one, kind.python().orElseThrow().apply(one));
        }
        Class<?> program = one.engine().equals(Rivals.PLAIN) ? kind.plain().orElseThrow() : kind.probe();
        return Probe.java(program, plan, one.engine(), one.size().name(), one.shape());
    }

    private BenchmarkResult result(List<Measured> all, Surroundings surroundings) {
        List<String> header = new ArrayList<>(List.of("model", kind.shape(), "engine"));
        kind.columns().stream().filter(Column::inTables).forEach(column -> header.add(column.header()));
        List<Map<String, Object>> rows = new ArrayList<>();
        List<List<String>> lines = new ArrayList<>();
        for (Measured own : all) {
            Measured first = all.stream()
                    .filter(other -> other.size().equals(own.size())
                            && other.one().shape().equals(own.one().shape()))
                    .findFirst()
                    .orElseThrow();
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("size", own.size().name());
            row.put("shape", own.one().shape());
            row.put("engine", own.engine());
            List<String> line =
                    new ArrayList<>(List.of(own.size().name(), own.one().shape(), own.engine()));
            for (Column column : kind.columns()) {
                double value = column.formula().of(own, first);
                if (!Double.isNaN(value)) {
                    row.put(column.key(), value);
                }
                if (column.inTables()) {
                    line.add(column.cell(value));
                }
            }
            rows.add(row);
            lines.add(line);
        }
        return new BenchmarkResult(
                surroundings,
                rows,
                new Table(header, lines),
                surroundings.explanation() + " " + kind.explanation(),
                kind.plot().apply(all));
    }
}
