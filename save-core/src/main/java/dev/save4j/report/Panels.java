package dev.save4j.report;

import java.awt.Graphics2D;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Small plots of the same lines beside each other, on axes of logarithms. */
public final class Panels {
    private static final int WIDTH = 450;
    private static final int HEIGHT = 320;
    private static final int LEGEND = 32;
    private static final List<Marker> MARKERS =
            List.of(SeriesMarkers.CIRCLE, SeriesMarkers.DIAMOND, SeriesMarkers.SQUARE, SeriesMarkers.TRIANGLE_UP);

    private Panels() {}

    /**
     * A line; those of one label look the same in all panels.
     *
     * @param limit whether it is a limit rather than a result
     * @param x positive
     * @param y positive
     */
    public record Line(String label, boolean limit, double[] x, double[] y) {
        public Line {
            x = x.clone();
            y = y.clone();
        }
    }

    public record Panel(String title, List<Line> lines) {
        public Panel {
            lines = List.copyOf(lines);
        }
    }

    /** Two panels in a row, with one legend for all. */
    public static String svg(String xAxis, String yAxis, List<Panel> panels) {
        Map<String, Integer> styles = new LinkedHashMap<>();
        panels.stream()
                .flatMap(panel -> panel.lines().stream())
                .filter(line -> !line.limit())
                .forEach(line -> styles.putIfAbsent(line.label(), styles.size()));
        List<Plot> plots =
                panels.stream().map(panel -> plot(panel, xAxis, yAxis, styles)).toList();
        int width = 2 * WIDTH;
        int height = (plots.size() + 1) / 2 * HEIGHT;
        return Svg.of(width, height + LEGEND, graphics -> {
            for (int i = 0; i < plots.size(); i++) {
                boolean alone = i % 2 == 0 && i == plots.size() - 1;
                Graphics2D part = (Graphics2D) graphics.create();
                part.translate(alone ? WIDTH / 2 : i % 2 * WIDTH, i / 2 * HEIGHT);
                plots.get(i).chart().paint(part, WIDTH, HEIGHT);
                part.dispose();
            }
            plots.get(0).legend().paint(graphics, width, height + LEGEND / 2.0 - 4);
        });
    }

    private static Plot plot(Panel panel, String xAxis, String yAxis, Map<String, Integer> styles) {
        LinePlot plot = new LinePlot("", panel.title(), panel.title(), xAxis, yAxis, "").logarithmic();
        for (Line line : panel.lines()) {
            double[] x = logarithms(line.x());
            double[] y = logarithms(line.y());
            if (line.limit()) {
                plot.dashed(PlotStyle.FAINT, x, y).explainDashes(line.label());
            } else {
                int style = styles.getOrDefault(line.label(), 0);
                plot.curve(line.label(), PlotStyle.series(style), MARKERS.get(style % MARKERS.size()), x, y);
            }
        }
        return plot.plot().orElseThrow();
    }

    private static double[] logarithms(double[] values) {
        return Arrays.stream(values).map(value -> Math.log(value) / Math.log(2)).toArray();
    }
}
