package dev.save4j.bench.save;

import dev.save4j.AtomicFiles;
import dev.save4j.bench.save.MatrixCell.Column;
import dev.save4j.report.Estimate;
import dev.save4j.report.ModeCurves;
import dev.save4j.report.Pictures;
import dev.save4j.report.Plot;
import dev.save4j.report.RunSummary;
import dev.save4j.report.RunSummary.Row;
import dev.save4j.report.Table;
import dev.save4j.run.Experiment.Mode;
import dev.save4j.run.RunFolder;
import dev.save4j.run.RunMetrics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import tools.jackson.databind.json.JsonMapper;

/** What came out of a matrix, complete or not: reads the run folders of its cells. Modes that are not complete are left out. */
public final class MatrixResults {
    private static final String NONE = "-";

    private final Matrix matrix;
    private final Map<Column, Map<Long, RunMetrics>> runs = new LinkedHashMap<>();
    private final Map<Column, Map<Long, Map<Mode, Row>>> cells = new LinkedHashMap<>();
    private final List<Claim> claims;
    private int complete;

    /** A measure of a mode, in a column of the table. */
    private record Measure(String title, Function<Row, Optional<Estimate>> of) {
        static Measure plain(String title, Function<Row, Optional<Double>> of) {
            return new Measure(title, row -> of.apply(row).map(value -> new Estimate(value, OptionalDouble.empty())));
        }
    }

    private static final List<Measure> MEASURES = List.of(
            new Measure("gold, start", Row::goldFirst),
            new Measure("gold, end", Row::goldLast),
            new Measure("on-policy accuracy, end", Row::accuracy),
            new Measure("gain over the initial", Row::gain),
            new Measure("held out, end", Row::heldOutLast),
            Measure.plain("proxy reward", Row::reward),
            Measure.plain("KL, nats", Row::kl),
            Measure.plain("rollbacks", row -> row.rollbacks().map(Integer::doubleValue)),
            Measure.plain("seconds", row -> Optional.of(row.seconds())));

    /** Reads what there is. */
    public MatrixResults(Matrix matrix) {
        this.matrix = matrix;
        for (MatrixCell cell : matrix.cells()) {
            if (cell.exists()) {
                RunMetrics run = RunMetrics.read(RunFolder.open(cell.path()));
                complete += run.complete() ? 1 : 0;
                runs.computeIfAbsent(cell.column(), column -> new LinkedHashMap<>())
                        .put(cell.seed(), run);
                Map<Mode, Row> rows = new LinkedHashMap<>();
                RunSummary.of(run).rows().stream().filter(Row::complete).forEach(row -> rows.put(row.mode(), row));
                cells.computeIfAbsent(cell.column(), column -> new LinkedHashMap<>())
                        .put(cell.seed(), rows);
            }
        }
        claims = Claims.of(cells);
    }

    Matrix matrix() {
        return matrix;
    }

    boolean isComplete() {
        return complete == matrix.cells().size();
    }

    /** The claims that can be judged. */
    public List<Claim> claims() {
        return claims;
    }

    /** How many claims hold, and how far the matrix is. */
    public String headline() {
        Map<Claim.Outcome, Long> counts = new LinkedHashMap<>();
        for (Claim.Outcome outcome : Claim.Outcome.values()) {
            counts.put(
                    outcome,
                    claims.stream().filter(claim -> claim.outcome() == outcome).count());
        }
        String progress = isComplete()
                ? ""
                : "%d of %d runs are complete. "
                        .formatted(complete, matrix.cells().size());
        return progress
                + "Of %d claims %d hold here, %d do not hold, %d are not decided."
                        .formatted(
                                claims.size(),
                                counts.get(Claim.Outcome.HOLDS),
                                counts.get(Claim.Outcome.FAILS),
                                counts.get(Claim.Outcome.OPEN));
    }

    /** A row for each part of each claim. */
    public Table claimTable() {
        List<List<String>> rows = new ArrayList<>();
        for (Claim claim : claims) {
            boolean single = claim.parts().size() == 1;
            if (!single) {
                rows.add(List.of(claim.statement(), "", "", claim.outcome().text()));
            }
            for (Claim.Part part : claim.parts()) {
                rows.add(List.of(
                        single ? claim.statement() : "— " + part.name(),
                        part.difference().signed(),
                        part.difference().seeds() + " × " + part.combinations(),
                        single
                                ? claim.outcome().text()
                                : new Claim(part.name(), List.of(part))
                                        .outcome()
                                        .text()));
            }
        }
        return new Table(List.of("claim", "difference [95 %]", "seeds × combinations", "here"), rows);
    }

    /** A row for each mode of each combination: means over seeds with their intervals. */
    public Table table() {
        List<String> header = new ArrayList<>(List.of("combination", "mode", "seeds"));
        MEASURES.forEach(measure -> header.add(measure.title()));
        header.add("prompts ±");
        List<List<String>> rows = new ArrayList<>();
        cells.forEach((column, bySeed) -> {
            for (Mode mode : matrix.settings().modes()) {
                List<Row> measured = bySeed.values().stream()
                        .map(modes -> modes.get(mode))
                        .flatMap(row -> Optional.ofNullable(row).stream())
                        .toList();
                if (!measured.isEmpty()) {
                    List<String> row =
                            new ArrayList<>(List.of(column.name(), mode.label(), String.valueOf(measured.size())));
                    MEASURES.forEach(measure -> row.add(cell(measure, measured)));
                    row.add(over(measured, Row::goldLast)
                            .map(SeedMean::promptError)
                            .filter(OptionalDouble::isPresent)
                            .map(error -> String.format(Locale.ROOT, "%.3f", error.getAsDouble()))
                            .orElse(NONE));
                    rows.add(row);
                }
            }
        });
        return new Table(header, rows);
    }

    private static String cell(Measure measure, List<Row> rows) {
        boolean errors = rows.stream()
                .allMatch(row -> measure.of()
                        .apply(row)
                        .flatMap(one -> one.error().stream().boxed().findFirst())
                        .isPresent());
        return over(rows, measure.of())
                .map(mean -> errors ? mean.toString() : String.format(Locale.ROOT, "%.2f", mean.mean()))
                .orElse(NONE);
    }

    private static Optional<SeedMean> over(List<Row> rows, Function<Row, Optional<Estimate>> measure) {
        return SeedMean.of(
                rows.stream().flatMap(row -> measure.apply(row).stream()).toList());
    }

    /** What a reader of the tables must know. */
    public List<String> notes() {
        return List.of(
                "A cell is one run; the modes of a cell share their start, data, seed and prompts. Intervals are 95 %: Student's t over the seeds, and"
                        + " never narrower than the evaluation prompts alone allow; \"prompts ±\" is one standard error of gold at the end from"
                        + " these alone. With one seed the interval is that of the prompts, and no claim is decided.",
                "A difference is taken within each cell, averaged over the combinations of a seed, and judged over the seeds: the runs of one seed"
                        + " share data and reward model and do not count as independent.",
                "A claim holds when every interval lies above 0, does not hold when one lies below 0, and is not decided otherwise. The comparisons are"
                        + " not corrected for their number.",
                "The setting is that of the base experiment with its overrides, not that of the paper.");
    }

    /** Writes {@code matrix.md}, {@code .json}, {@code .csv}, {@code .html} and the curves in {@code plots/} into the folder of the matrix. */
    public void write() {
        AtomicFiles.write(matrix.folder().resolve("matrix.json"), json());
        AtomicFiles.write(matrix.folder().resolve("matrix.csv"), csv());
        AtomicFiles.write(matrix.folder().resolve("matrix.md"), markdown());
        Pictures pictures = Pictures.draw(this::plots, matrix.folder().resolve("plots"));
        AtomicFiles.write(matrix.folder().resolve("matrix.html"), new MatrixPage(this, runs, pictures).html());
    }

    private List<Plot> plots() {
        List<Plot> plots = new ArrayList<>();
        runs.forEach((column, bySeed) ->
                plots.addAll(ModeCurves.of(column.name(), column.name(), List.copyOf(bySeed.values()))));
        return plots;
    }

    private String json() {
        List<Map<String, Object>> lines = new ArrayList<>();
        cells.forEach((column, bySeed) ->
                bySeed.forEach((seed, modes) -> modes.values().forEach(row -> {
                    Map<String, Object> line = new LinkedHashMap<>();
                    line.put("algorithm", column.algorithm());
                    line.put("backbone", column.backbone());
                    line.put("engine", column.engine());
                    line.put("seed", seed);
                    line.put("measured", row);
                    lines.add(line);
                })));
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("name", matrix.settings().name());
        all.put("complete", isComplete());
        all.put("claims", claims);
        all.put("cells", lines);
        return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(all) + "\n";
    }

    private String csv() {
        StringBuilder text = new StringBuilder("algorithm,backbone,engine,seed,mode");
        MEASURES.forEach(measure -> text.append(',')
                .append(measure.title().replace(",", "").replace(' ', '_'))
                .append(',')
                .append(measure.title().replace(",", "").replace(' ', '_'))
                .append("_error"));
        text.append('\n');
        cells.forEach((column, bySeed) ->
                bySeed.forEach((seed, modes) -> modes.values().forEach(row -> {
                    text.append(String.join(
                            ",",
                            column.algorithm(),
                            column.backbone(),
                            column.engine(),
                            String.valueOf(seed),
                            row.mode().label()));
                    for (Measure measure : MEASURES) {
                        Optional<Estimate> value = measure.of().apply(row);
                        text.append(',')
                                .append(value.map(one -> String.valueOf(one.value()))
                                        .orElse(""));
                        text.append(',')
                                .append(value.flatMap(one ->
                                                one.error().stream().boxed().findFirst())
                                        .map(String::valueOf)
                                        .orElse(""));
                    }
                    text.append('\n');
                })));
        return text.toString();
    }

    private String markdown() {
        StringBuilder text =
                new StringBuilder("# Does SAVE help? " + matrix.settings().name() + "\n\n**" + headline() + "**\n\n"
                        + claimTable().markdown() + "\n" + table().markdown() + "\n");
        notes().forEach(note -> text.append("- ").append(note).append('\n'));
        return text.toString();
    }
}
