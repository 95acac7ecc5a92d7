package dev.save4j.report;

import dev.save4j.run.Series;
import java.awt.BasicStroke;
import java.awt.Color;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** A plot of lines, dots, bands and bars, built one series at a time. Values that cannot be shown are left out and counted in the caption. */
public final class LinePlot {
    private static final float LINE = 2.2f;
    private static final double LARGEST = 1e12;
    private static final BasicStroke DASHES = PlotStyle.dashed(1.6f);

    private final String section;
    private final String name;
    private final String title;
    private final String caption;
    private final XYChart chart;
    private final List<PlotLegend.Entry> legend = new ArrayList<>();
    private int drawn;
    private final Extent across = new Extent();
    private final Extent up = new Extent();
    private int omitted;
    private boolean dashes;
    private boolean ticksOnPoints;

    /**
     * Axes and no series.
     *
     * @param section see {@link Plot}, as name, title and caption
     */
    public LinePlot(String section, String name, String title, String xAxis, String yAxis, String caption) {
        this.section = section;
        this.name = name;
        this.title = title;
        this.caption = caption;
        chart = new XYChart(Plot.WIDTH, Plot.HEIGHT);
        chart.setTitle(title);
        chart.setXAxisTitle(xAxis);
        chart.setYAxisTitle(yAxis);
        PlotStyle.apply(chart.getStyler());
    }

    LinePlot(Plot.Section section, String name, String title, String xAxis, String yAxis, String caption) {
        this(section.title(), name, title, xAxis, yAxis, caption);
    }

    /** Over steps. */
    LinePlot(Plot.Section section, String name, String title, String yAxis, String caption) {
        this(section, name, title, "step", yAxis, caption);
        chart.getStyler().setXAxisMin(0.0);
        chart.getStyler().setXAxisDecimalPattern("#,##0");
    }

    /** A line with an entry in the legend. */
    LinePlot line(String label, Color color, Series series) {
        return marked(label, color, SeriesMarkers.NONE, series);
    }

    /** As {@link #line}, smoothed. */
    LinePlot smooth(String label, Color color, Series series) {
        return line(label, color, smoothed(series));
    }

    /** As {@link #dashed}, smoothed. */
    LinePlot smoothDashed(Color color, Series series) {
        return dashed(color, smoothed(series));
    }

    private Series smoothed(Series series) {
        Series shown = showable(series);
        return shown.smoothed(window(shown.points().size()));
    }

    /** Over how many steps is smoothed: an odd number near a twelfth of them, wide enough for a trend, narrow enough for a turn. */
    static int window(int steps) {
        return 2 * Math.min(25, steps / 24) + 1;
    }

    /** Says over how many steps {@link #smooth} takes means. */
    static String smoothing(Series series) {
        return smoothing(window(series.points().size()));
    }

    static String smoothing(int window) {
        return window == 1 ? "not smoothed" : "means over " + window + " steps";
    }

    /** A line with a marker at every point and an entry in the legend. */
    LinePlot marked(String label, Color color, Marker marker, Series series) {
        if (draw(series, color, PlotStyle.solid(LINE), marker).isPresent()) {
            legend.add(new PlotLegend.Entry(label, color, PlotStyle.solid(LINE), marker));
        }
        return this;
    }

    /** As {@link #marked}, of one metric over another; the points are joined in the order of their steps. */
    LinePlot path(String label, Color color, Marker marker, Series across, Series up) {
        Series x = showable(across);
        Series y = new Series(showable(up).points().stream()
                .filter(point -> x.at(point.step()).isPresent())
                .toList());
        if (!y.isEmpty()) {
            double[] xs = y.points().stream()
                    .mapToDouble(point -> x.at(point.step()).orElseThrow())
                    .toArray();
            draw(xs, y.values(), color, PlotStyle.solid(LINE), marker);
            legend.add(new PlotLegend.Entry(label, color, PlotStyle.solid(LINE), marker));
        }
        return this;
    }

    /** A line in the background. */
    LinePlot thin(Series series) {
        return thin(PlotStyle.FAINT, series);
    }

    LinePlot thin(Color color, Series series) {
        draw(series, color, PlotStyle.solid(0.8f), SeriesMarkers.NONE);
        return this;
    }

    LinePlot dashed(Color color, Series series) {
        dashes |= draw(series, color, DASHES, SeriesMarkers.NONE).isPresent();
        return this;
    }

    /** Says in the legend what dashed lines are, if there are any. */
    public LinePlot explainDashes(String label) {
        if (dashes) {
            legend.add(new PlotLegend.Entry(label, PlotStyle.FAINT, DASHES, SeriesMarkers.NONE));
        }
        return this;
    }

    /** Fixes the end of the axis of steps, so that plots of one run can be laid side by side. */
    LinePlot until(int step) {
        if (step > 0) {
            chart.getStyler().setXAxisMax((double) step);
        }
        return this;
    }

    /** Fixes the axis of the values. */
    public LinePlot axis(double low, double high) {
        chart.getStyler().setYAxisMin(low);
        chart.getStyler().setYAxisMax(high);
        return this;
    }

    /** Fixes the axis across. */
    public LinePlot across(double low, double high) {
        chart.getStyler().setXAxisMin(low);
        chart.getStyler().setXAxisMax(high);
        return this;
    }

    /** For an axis across that is no scale, as that of bars which the legend names. */
    LinePlot withoutTicksAcross() {
        chart.getStyler().setXAxisTicksVisible(false);
        return this;
    }

    /** For an axis across that holds a few whole numbers, each of which has a point. */
    public LinePlot ticksOnPoints() {
        ticksOnPoints = true;
        chart.getStyler().setXAxisDecimalPattern("0");
        return this;
    }

    /** As the next, with dots for markers. */
    public LinePlot curve(String label, Color color, double[] x, double[] y) {
        return curve(label, color, SeriesMarkers.CIRCLE, x, y);
    }

    /** A line with markers through places that are no steps, with an entry in the legend. */
    LinePlot curve(String label, Color color, Marker marker, double[] x, double[] y) {
        draw(x, y, color, PlotStyle.solid(LINE), marker);
        legend.add(new PlotLegend.Entry(label, color, PlotStyle.solid(LINE), marker));
        return this;
    }

    /** A dashed straight line. */
    public LinePlot dashed(Color color, double fromX, double fromY, double toX, double toY) {
        return dashed(color, new double[] {fromX, toX}, new double[] {fromY, toY});
    }

    /** A dashed line through places that are no steps. */
    LinePlot dashed(Color color, double[] x, double[] y) {
        draw(x, y, color, DASHES, SeriesMarkers.NONE);
        dashes = true;
        return this;
    }

    /** For axes that hold logarithms to base 2. */
    LinePlot logarithmic() {
        chart.setCustomXAxisTickLabelsFormatter(LinePlot::power);
        chart.setCustomYAxisTickLabelsFormatter(LinePlot::power);
        return this;
    }

    private static String power(double logarithm) {
        return String.format(Locale.ROOT, "%,.0f", Math.pow(2, logarithm));
    }

    /** A bar that stands on 0. */
    public LinePlot bar(Color color, double from, double to, double height) {
        draw(
                        new double[] {from, from, to, to},
                        new double[] {0, height, height, 0},
                        color,
                        PlotStyle.solid(0),
                        SeriesMarkers.NONE)
                .setXYSeriesRenderStyle(XYSeriesRenderStyle.PolygonArea)
                .setFillColor(color);
        return this;
    }

    /** An interval as a vertical line. */
    public LinePlot interval(Color color, double at, double low, double high) {
        draw(new double[] {at, at}, new double[] {low, high}, color, PlotStyle.solid(1.4f), SeriesMarkers.NONE);
        return this;
    }

    /** An entry of the legend for bars. */
    public LinePlot block(String label, Color color) {
        legend.add(PlotLegend.Entry.block(label, color));
        return this;
    }

    LinePlot dots(Color color, Marker marker, Series series) {
        draw(series, color, PlotStyle.solid(0), marker)
                .ifPresent(dots -> dots.setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter));
        return this;
    }

    /** The interval of ±1.96 standard errors around the estimates. */
    LinePlot band(Color color, Evaluations.Measured measured) {
        double[] steps = measured.steps().entrySet().stream()
                .filter(entry -> Math.abs(entry.getValue().value())
                                + Estimate.INTERVAL * entry.getValue().error().orElse(Double.NaN)
                        <= LARGEST)
                .mapToDouble(entry -> entry.getKey())
                .toArray();
        int count = steps.length;
        if (count < 2) {
            return this;
        }
        double[] x = Arrays.copyOf(steps, 2 * count);
        double[] y = new double[2 * count];
        for (int i = 0; i < count; i++) {
            Estimate estimate =
                    Optional.ofNullable(measured.steps().get((int) steps[i])).orElseThrow();
            double reach = Estimate.INTERVAL * estimate.error().orElseThrow();
            // Along the upper edge and back along the lower one.
            y[i] = estimate.value() + reach;
            x[2 * count - 1 - i] = steps[i];
            y[2 * count - 1 - i] = estimate.value() - reach;
        }
        draw(x, y, PlotStyle.translucent(color, 0), PlotStyle.solid(0), SeriesMarkers.NONE)
                .setXYSeriesRenderStyle(XYSeriesRenderStyle.PolygonArea)
                .setFillColor(PlotStyle.translucent(color, 38));
        return this;
    }

    /** The plot, if anything was drawn. */
    public Optional<Plot> plot() {
        if (drawn == 0) {
            return Optional.empty();
        }
        // XChart puts its ticks on the data when they are equally spaced, as on steps 1, 7, 13; one unseen point
        // between them gives round ticks.
        if (!ticksOnPoints) {
            chart.addSeries("unseen", new double[] {across.inside()}, new double[] {up.inside()})
                    .setMarker(SeriesMarkers.NONE)
                    .setLineStyle(PlotStyle.solid(0));
        }
        // As many decimals as two ticks need to differ.
        int decimals = up.size() > 0 ? (int) Math.max(0, Math.ceil(1 - Math.log10(up.size()))) : 2;
        chart.getStyler().setYAxisDecimalPattern(decimals == 0 ? "#,##0" : "0." + "0".repeat(decimals));
        return Optional.of(new Plot(section, name, title, caption + omission(), chart, new PlotLegend(legend)));
    }

    private String omission() {
        return omitted == 0 ? "" : " Not shown, because not finite or beyond 1e12: " + omitted + " value(s).";
    }

    private Optional<XYSeries> draw(Series series, Color color, BasicStroke stroke, Marker marker) {
        Series shown = showable(series);
        return shown.isEmpty()
                ? Optional.empty()
                : Optional.of(draw(shown.steps(), shown.values(), color, stroke, marker));
    }

    private Series showable(Series series) {
        Series shown = new Series(series.points().stream()
                .filter(point -> Math.abs(point.value()) <= LARGEST)
                .toList());
        omitted += series.points().size() - shown.points().size();
        return shown;
    }

    private XYSeries draw(double[] x, double[] y, Color color, BasicStroke stroke, Marker marker) {
        double[] xs = rounded(x);
        double[] ys = rounded(y);
        across.add(xs);
        up.add(ys);
        XYSeries series = chart.addSeries("series " + ++drawn, xs, ys);
        series.setLineColor(color);
        series.setLineStyle(stroke);
        // A line through one point would not be seen.
        boolean point = x.length == 1 && marker == SeriesMarkers.NONE && stroke.getLineWidth() > 0;
        series.setMarker(point ? SeriesMarkers.CIRCLE : marker);
        series.setMarkerColor(color);
        return series;
    }

    /** To ten digits of the largest: XChart never ends when it looks for ticks between numbers that differ in their last bits. */
    private static double[] rounded(double[] values) {
        double largest = Arrays.stream(values).map(Math::abs).max().orElse(0);
        double unit = Math.pow(10, Math.floor(Math.log10(largest)) - 9);
        return unit == 0
                ? new double[values.length]
                : Arrays.stream(values)
                        .map(value -> Math.rint(value / unit) * unit)
                        .toArray();
    }

    /** The ends of an axis. */
    private static final class Extent {
        private double low = Double.POSITIVE_INFINITY;
        private double high = Double.NEGATIVE_INFINITY;

        void add(double[] values) {
            low = Arrays.stream(values).reduce(low, Math::min);
            high = Arrays.stream(values).reduce(high, Math::max);
        }

        double size() {
            return high - low;
        }

        double inside() {
            return low + 0.618 * size();
        }
    }
}
