package dev.save4j.report;

import dev.save4j.run.ModeMetrics;
import dev.save4j.run.Series;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** The measures of a mode by which modes are compared, each with its standard error at every evaluation. */
record Evaluations(ModeMetrics mode) {
    /** Estimates by ascending step. */
    record Measured(TreeMap<Integer, Estimate> steps) {
        Optional<Estimate> first() {
            return steps.isEmpty()
                    ? Optional.empty()
                    : Optional.of(steps.firstEntry().getValue());
        }

        Optional<Estimate> last() {
            return steps.isEmpty()
                    ? Optional.empty()
                    : Optional.of(steps.lastEntry().getValue());
        }

        Series values() {
            return new Series(steps.entrySet().stream()
                    .map(entry ->
                            new Series.Point(entry.getKey(), entry.getValue().value()))
                    .toList());
        }

        /** The steps, ascending. */
        List<Integer> at() {
            return List.copyOf(steps.keySet());
        }
    }

    Measured gold() {
        return measured("eval/gold", "eval/gold_error");
    }

    Measured accuracy() {
        return measured("eval/accuracy", "eval/accuracy_error");
    }

    Measured heldOut() {
        return measured("eval/held_out_accuracy", "eval/held_out_error");
    }

    /** Accuracy of the reward model minus that of the start on the same pairs of answers. */
    Measured gain() {
        TreeMap<Integer, Estimate> steps = new TreeMap<>();
        Series initial = mode.series("eval/accuracy_initial").finite();
        Series errors = mode.series("eval/accuracy_gain_error");
        for (Series.Point now : mode.series("eval/accuracy").finite().points()) {
            initial.at(now.step())
                    .ifPresent(start -> steps.put(
                            now.step(),
                            Estimate.of(
                                    now.value() - start, errors.at(now.step()).orElse(Double.NaN))));
        }
        return new Measured(steps);
    }

    private Measured measured(String values, String errors) {
        TreeMap<Integer, Estimate> steps = new TreeMap<>();
        for (Series.Point point : mode.series(values).finite().points()) {
            steps.put(
                    point.step(),
                    Estimate.of(
                            point.value(), mode.series(errors).at(point.step()).orElse(Double.NaN)));
        }
        return new Measured(steps);
    }
}
