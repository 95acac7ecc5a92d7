package dev.save4j.report;

import dev.save4j.algorithms.Labels;
import dev.save4j.run.Experiment;
import dev.save4j.run.MetricTable;
import dev.save4j.run.ModeMetrics;
import dev.save4j.run.RunMetrics;
import java.awt.Color;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategorySeries;

/** The distribution of advantages at the begin, in the middle and at the end of a run: {@code save/advantage_histogram}. */
final class AdvantagePlot {
    private static final String METRIC = "save/advantage_histogram";
    private static final Color[] EARLY_TO_LATE = {new Color(0xb8d4e8), new Color(0x4a9aca), new Color(0x08456f)};

    private AdvantagePlot() {}

    /** Of mode save; without it of the first mode that labels. */
    static Optional<Plot> of(RunMetrics run) {
        return run.mode(Experiment.Mode.SAVE)
                .filter(mode -> !mode.metrics().lists(METRIC).isEmpty())
                .or(() -> run.modes().stream()
                        .filter(mode -> mode.mode() == Experiment.Mode.ORACLE
                                && !mode.metrics().lists(METRIC).isEmpty())
                        .findFirst())
                .map(AdvantagePlot::of);
    }

    private static Plot of(ModeMetrics mode) {
        List<MetricTable.Listed> steps = mode.metrics().lists(METRIC);
        int width = Math.max(1, steps.size() / 10);
        int middle = (steps.size() - width) / 2;
        CategoryChart chart = new CategoryChart(Plot.WIDTH, Plot.HEIGHT);
        String title = "Advantages of the answers, mode " + mode.mode().label();
        chart.setTitle(title);
        chart.setXAxisTitle("reward minus anchor, lower edge of the bin");
        chart.setYAxisTitle("answers, %");
        PlotStyle.apply(chart.getStyler());
        chart.getStyler().setAvailableSpaceFill(0.86);
        chart.getStyler().setYAxisMin(0.0);
        chart.getStyler().setXAxisTickMarkSpacingHint(20);
        int[] starts = steps.size() < 3 * width ? new int[] {0} : new int[] {0, middle, steps.size() - width};
        List<String> bins = bins(steps.get(0).values().size());
        List<PlotLegend.Entry> legend = new ArrayList<>();
        for (int i = 0; i < starts.length; i++) {
            List<MetricTable.Listed> window = steps.subList(starts[i], starts[i] + width);
            CategorySeries series = chart.addSeries(name(window), bins, shares(window));
            series.setFillColor(EARLY_TO_LATE[i]);
            legend.add(PlotLegend.Entry.block(name(window), EARLY_TO_LATE[i]));
        }
        return new Plot(
                Plot.Section.REWARD_MODEL.title(),
                "advantages",
                title,
                "By which answers are raised or lowered, in bins of half a unit of reward; the outer bins are open. A heap that wanders off 0"
                        + " means that the anchor lags behind the rewards.",
                chart,
                new PlotLegend(legend));
    }

    private static String name(List<MetricTable.Listed> window) {
        int first = window.get(0).step();
        int last = window.get(window.size() - 1).step();
        return first == last ? "step " + first : "steps " + first + " to " + last;
    }

    /** Labels of the bins: each its lower edge, the first and the last as open. */
    private static List<String> bins(int count) {
        List<String> names = new ArrayList<>(List.of(edge("<", 0)));
        for (int bin = 1; bin < count - 1; bin++) {
            names.add(edge("", bin - 1));
        }
        names.add(edge("≥", count - 2));
        return names;
    }

    private static String edge(String relation, int edge) {
        return relation + String.format(Locale.ROOT, "%.1f", Labels.FIRST_EDGE + edge * Labels.BIN_WIDTH);
    }

    private static List<Double> shares(List<MetricTable.Listed> window) {
        double total = window.stream()
                .flatMap(step -> step.values().stream())
                .mapToDouble(Double::doubleValue)
                .sum();
        List<Double> shares = new ArrayList<>();
        for (int bin = 0; bin < window.get(0).values().size(); bin++) {
            double sum = 0;
            for (MetricTable.Listed step : window) {
                sum += step.values().get(bin);
            }
            shares.add(total == 0 ? 0 : 100 * sum / total);
        }
        return shares;
    }
}
