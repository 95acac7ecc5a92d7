package dev.save4j.bench.save;

import dev.save4j.bench.save.MatrixCell.Column;
import dev.save4j.report.Estimate;
import dev.save4j.report.RunSummary.Row;
import dev.save4j.run.Experiment.Mode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What is claimed about SAVE (arXiv 2605.30888), as differences between modes. A difference is taken within each cell, where the modes share their start,
 * data and prompts; averaged over the combinations of a seed, because these share data and reward model and are not independent; and only then
 * judged over the seeds. A combination counts when all its seeds have the difference.
 */
final class Claims {
    private final Map<Column, Map<Long, Map<Mode, Row>>> cells;
    private final Set<Long> seeds = new LinkedHashSet<>();
    private final List<Claim> claims = new ArrayList<>();

    /** What is measured in a cell. */
    private interface Difference extends Function<Map<Mode, Row>, Optional<Estimate>> {}

    private Claims(Map<Column, Map<Long, Map<Mode, Row>>> cells) {
        this.cells = cells;
        cells.values().forEach(bySeed -> seeds.addAll(bySeed.keySet()));
    }

    /** Those about modes that the cells have. */
    static List<Claim> of(Map<Column, Map<Long, Map<Mode, Row>>> cells) {
        Claims claims = new Claims(cells);
        Difference moreGold = between(Row::goldLast, Mode.SAVE, Mode.STATIC);
        claims.add(
                "With a frozen reward model the policy loses gold (static: gold at the start minus gold at the end)",
                row(
                        Mode.STATIC,
                        row -> row.goldFirst().flatMap(first -> row.goldLast().map(first::minus))));
        claims.add("SAVE ends with more gold than a frozen reward model (save minus static)", moreGold);
        claims.add(
                "SAVE ends with more gold than replayed labels alone (save minus labelled-only)",
                between(Row::goldLast, Mode.SAVE, Mode.LABELLED_ONLY));
        claims.add(
                "Its reward model stays more accurate on its policy's answers than the frozen one on those of static (save minus static)",
                between(Row::accuracy, Mode.SAVE, Mode.STATIC));
        claims.add(
                "Its reward model has become more accurate than it was at the start, on the same answers (save)",
                row(Mode.SAVE, Row::gain));
        claims.add(
                "The updates of SAVE bring its reward model more than replayed labels alone (gain of save minus labelled-only)",
                between(Row::gain, Mode.SAVE, Mode.LABELLED_ONLY));
        claims.addForEach(
                "SAVE ends with more gold than a frozen reward model under every algorithm",
                moreGold,
                Column::algorithm,
                column -> List.of(column.backbone(), column.engine()));
        claims.addForEach(
                "… with every policy backbone",
                moreGold,
                Column::backbone,
                column -> List.of(column.algorithm(), column.engine()));
        claims.addForEach(
                "… with every gradient engine",
                moreGold,
                Column::engine,
                column -> List.of(column.algorithm(), column.backbone()));
        claims.add(
                "Control: labels from gold itself end with more gold than a frozen reward model (oracle minus static)",
                between(Row::goldLast, Mode.ORACLE, Mode.STATIC));
        return List.copyOf(claims.claims);
    }

    private static Difference row(Mode mode, Function<Row, Optional<Estimate>> measure) {
        return modes -> Optional.ofNullable(modes.get(mode)).flatMap(measure);
    }

    private static Difference between(Function<Row, Optional<Estimate>> measure, Mode one, Mode other) {
        return modes -> row(one, measure)
                .apply(modes)
                .flatMap(first -> row(other, measure).apply(modes).map(first::minus));
    }

    private void add(String statement, Difference difference) {
        part("", cells.keySet(), difference).ifPresent(part -> claims.add(new Claim(statement, List.of(part))));
    }

    /**
     * For each value of an axis by itself, when there are several.
     *
     * @param others of a column: only those that every value of the axis has are compared
     */
    private void addForEach(
            String statement, Difference difference, Function<Column, String> axis, Function<Column, Object> others) {
        Map<String, List<Column>> byValue =
                cells.keySet().stream().collect(Collectors.groupingBy(axis, LinkedHashMap::new, Collectors.toList()));
        Set<Object> shared =
                new LinkedHashSet<>(cells.keySet().stream().map(others).toList());
        byValue.values()
                .forEach(
                        columns -> shared.retainAll(columns.stream().map(others).collect(Collectors.toSet())));
        List<Claim.Part> parts = new ArrayList<>();
        byValue.forEach((value, columns) -> part(
                        value,
                        columns.stream()
                                .filter(column -> shared.contains(others.apply(column)))
                                .collect(Collectors.toCollection(LinkedHashSet::new)),
                        difference)
                .ifPresent(parts::add));
        // A value without numbers leaves the claim about all of them unmade.
        if (byValue.size() > 1 && parts.size() == byValue.size()) {
            claims.add(new Claim(statement, parts));
        }
    }

    private Optional<Claim.Part> part(String name, Set<Column> columns, Difference difference) {
        List<Column> whole = columns.stream()
                .filter(column -> seeds.stream()
                        .allMatch(seed -> difference.apply(rows(column, seed)).isPresent()))
                .toList();
        if (whole.isEmpty()) {
            return Optional.empty();
        }
        List<Estimate> bySeed = seeds.stream()
                .map(seed -> mean(whole.stream()
                        .map(column -> difference.apply(rows(column, seed)).orElseThrow())
                        .toList()))
                .toList();
        return SeedMean.of(bySeed).map(over -> new Claim.Part(name, whole.size(), over));
    }

    private Map<Mode, Row> rows(Column column, long seed) {
        return cells.getOrDefault(column, Map.of()).getOrDefault(seed, Map.of());
    }

    private static Estimate mean(List<Estimate> estimates) {
        return new Estimate(
                estimates.stream().mapToDouble(Estimate::value).average().orElseThrow(),
                SeedMean.errorOfMean(estimates));
    }
}
