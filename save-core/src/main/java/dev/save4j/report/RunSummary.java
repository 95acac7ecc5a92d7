package dev.save4j.report;

import dev.save4j.run.Experiment;
import dev.save4j.run.ModeMetrics;
import dev.save4j.run.RunMetrics;
import dev.save4j.run.Series;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What came out of a run: its modes beside one another, and what may be concluded.
 *
 * @param rows one per mode that has begun
 * @param verdict in words
 */
public record RunSummary(List<Row> rows, Verdict verdict) {
    private static final String NONE = "-";

    public RunSummary {
        rows = List.copyOf(rows);
    }

    /**
     * A mode. First and last are those of its evaluations.
     *
     * @param step the last step made
     * @param goldFirst mean gold reward of the answers to the evaluation prompts; empty without a judge, as are the other measures of gold
     * @param reward mean reward by the reward model, the proxy, at the end
     * @param accuracy share of pairs of the policy's own answers that the reward model orders as gold does, at the end
     * @param accuracyInitial the same of the reward model of the start on the same pairs
     * @param gain the difference of the two
     * @param heldOutFirst accuracy of the reward model on held-out labelled pairs
     * @param kl of the policy to its start, nats per answer, at the end
     * @param rollbacks of the reward model by the gate; empty for a mode that never updates it
     * @param seconds of all steps
     */
    public record Row(
            Experiment.Mode mode,
            boolean complete,
            int step,
            Optional<Estimate> goldFirst,
            Optional<Estimate> goldLast,
            Optional<Double> reward,
            Optional<Estimate> accuracy,
            Optional<Double> accuracyInitial,
            Optional<Estimate> gain,
            Optional<Estimate> heldOutFirst,
            Optional<Estimate> heldOutLast,
            Optional<Double> kl,
            Optional<Integer> rollbacks,
            double seconds) {
        private static Row of(ModeMetrics mode) {
            Evaluations evaluations = new Evaluations(mode);
            return new Row(
                    mode.mode(),
                    mode.complete(),
                    mode.lastStep(),
                    evaluations.gold().first(),
                    evaluations.gold().last(),
                    mode.series("eval/reward").last().map(Series.Point::value),
                    evaluations.accuracy().last(),
                    mode.series("eval/accuracy_initial").last().map(Series.Point::value),
                    evaluations.gain().last(),
                    evaluations.heldOut().first(),
                    evaluations.heldOut().last(),
                    mode.series("eval/kl").last().map(Series.Point::value),
                    mode.series("save/rollbacks").last().map(point -> (int) point.value()),
                    mode.seconds());
        }
    }

    private record Column(String title, String meaning, Function<Row, Optional<String>> cell) {}

    private static final List<Column> COLUMNS = List.of(
            new Column(
                    "mode",
                    "where the labels of the reward model's updates come from",
                    row -> Optional.of(row.mode().label() + (row.complete() ? "" : " (at step " + row.step() + ")"))),
            new Column(
                    "gold, start",
                    "mean gold reward of the answers to the evaluation prompts before training, ± one standard error",
                    row -> row.goldFirst().map(Estimate::toString)),
            new Column(
                    "gold, end",
                    "the same at the last evaluation: what the policy is really worth",
                    row -> row.goldLast().map(Estimate::toString)),
            new Column(
                    "proxy reward",
                    "mean reward of the same answers by the mode's own reward model",
                    row -> row.reward().map(RunSummary::three)),
            new Column(
                    "accuracy",
                    "share of the pairs of answers to one evaluation prompt that the reward model orders as gold does",
                    row -> row.accuracy().map(Estimate::toString)),
            new Column(
                    "of the initial",
                    "the same for the reward model as it was at the start, on the same pairs",
                    row -> row.accuracyInitial().map(RunSummary::three)),
            new Column(
                    "gain",
                    "the difference of the two: what the updates of the reward model have brought",
                    row -> row.gain().map(Estimate::signed)),
            new Column(
                    "held out",
                    "share of the held-out labelled pairs that the reward model orders as labelled, before training and at the last"
                            + " evaluation",
                    row -> row.heldOutFirst()
                            .map(first -> three(first.value()) + " → "
                                    + three(row.heldOutLast().orElse(first).value()))),
            new Column(
                    "KL, nats",
                    "KL divergence of the policy from its start, per answer, at the last evaluation",
                    row -> row.kl().map(kl -> String.format(Locale.ROOT, "%.1f", kl))),
            new Column(
                    "rollbacks",
                    "how often the gate went back to an earlier reward model",
                    row -> row.rollbacks().map(String::valueOf)),
            new Column(
                    "seconds",
                    "of all steps, with their evaluations",
                    row -> Optional.of(String.format(Locale.ROOT, "%.0f", row.seconds()))));

    /** What the columns of {@link #table()} mean, by title. */
    static Map<String, String> meanings() {
        Map<String, String> meanings = new LinkedHashMap<>();
        COLUMNS.forEach(column -> meanings.put(column.title(), column.meaning()));
        return meanings;
    }

    /** Compares the modes of a run. */
    public static RunSummary of(RunMetrics run) {
        return new RunSummary(run.modes().stream().map(Row::of).toList(), Verdict.of(run));
    }

    /** A row per mode; columns in which no mode has a value are left out. */
    public Table table() {
        List<Column> columns = COLUMNS.stream()
                .filter(column ->
                        rows.stream().anyMatch(row -> column.cell().apply(row).isPresent()))
                .toList();
        List<List<String>> cells = new ArrayList<>();
        for (Row row : rows) {
            cells.add(columns.stream()
                    .map(column -> column.cell().apply(row).orElse(NONE))
                    .toList());
        }
        return new Table(columns.stream().map(Column::title).toList(), cells);
    }

    /** The table and the verdict as Markdown. */
    public String markdown() {
        StringBuilder text = new StringBuilder();
        if (!rows.isEmpty()) {
            text.append(table().markdown()).append('\n');
        }
        text.append("**").append(verdict.headline()).append("**\n");
        if (!verdict.findings().isEmpty()) {
            text.append('\n');
        }
        verdict.findings().forEach(finding -> text.append("- ").append(finding).append('\n'));
        if (!verdict.limits().isEmpty()) {
            text.append('\n').append(String.join(" ", verdict.limits())).append('\n');
        }
        return text.toString();
    }

    private static String three(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }
}
