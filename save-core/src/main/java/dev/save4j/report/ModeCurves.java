package dev.save4j.report;

import dev.save4j.run.Experiment.Mode;
import dev.save4j.run.RunMetrics;
import dev.save4j.run.Series;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Plots of runs that differ by their seed alone: each mode as the mean of the runs, and faintly every run. */
public final class ModeCurves {
    private static final int FAINT = 90;

    private ModeCurves() {}

    /**
     * Gold reward and on-policy accuracy over the steps; a measure that no run has is left out.
     *
     * @param name of the files, without extension
     * @param title what the runs have in common
     */
    public static List<Plot> of(String name, String title, List<RunMetrics> runs) {
        List<Plot> plots = new ArrayList<>();
        draw(name + "-gold", title + ": gold reward", "mean gold reward", runs, Evaluations::gold)
                .ifPresent(plots::add);
        draw(
                        name + "-accuracy",
                        title + ": accuracy on the policy's own answers",
                        "pairs ordered as gold does, share",
                        runs,
                        Evaluations::accuracy)
                .ifPresent(plots::add);
        return plots;
    }

    private static Optional<Plot> draw(
            String name,
            String title,
            String axis,
            List<RunMetrics> runs,
            Function<Evaluations, Evaluations.Measured> measure) {
        LinePlot plot = new LinePlot(
                Plot.Section.SEEDS, name, title, axis, "Thick: means over the seeds; thin: every seed by itself.");
        for (Mode mode : Mode.values()) {
            runs.forEach(run -> run.mode(mode)
                    .ifPresent(metrics -> plot.thin(
                            PlotStyle.translucent(PlotStyle.color(mode), FAINT),
                            measure.apply(new Evaluations(metrics)).values())));
        }
        for (Mode mode : Mode.values()) {
            List<Series> curves = runs.stream()
                    .flatMap(run -> run.mode(mode).stream())
                    .map(metrics -> measure.apply(new Evaluations(metrics)).values())
                    .filter(series -> !series.isEmpty())
                    .toList();
            if (!curves.isEmpty()) {
                plot.marked(mode.label(), PlotStyle.color(mode), PlotStyle.marker(mode), mean(curves));
            }
        }
        return plot.plot();
    }

    /** Over the steps that all have. */
    private static Series mean(List<Series> curves) {
        return new Series(curves.get(0).points().stream()
                .map(Series.Point::step)
                .filter(step -> curves.stream().allMatch(curve -> curve.at(step).isPresent()))
                .map(step -> new Series.Point(
                        step,
                        curves.stream()
                                .mapToDouble(curve -> curve.at(step).orElseThrow())
                                .average()
                                .orElseThrow()))
                .toList());
    }
}
