package dev.save4j.report;

import dev.save4j.run.Experiment;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** How plots look. A mode has one colour and one marker in all of them; the colours are told apart by colour-blind readers too. */
public final class PlotStyle {
    static final Color INK = new Color(0x1f2933);
    /** What is there to be compared with. */
    public static final Color FAINT = new Color(0x8a94a0);

    private static final Color GRID = new Color(0xe4e7eb);
    private static final List<Color> SERIES = List.of(
            new Color(0x0072b2),
            new Color(0xd55e00),
            new Color(0x009e73),
            new Color(0xcc79a7),
            new Color(0xe69f00),
            new Color(0x56b4e9),
            new Color(0x6b7280),
            new Color(0x8c6d1f));

    private PlotStyle() {}

    /** Of what has no colour of its own, by its place; after eight they begin anew. */
    public static Color series(int place) {
        return SERIES.get(place % SERIES.size());
    }

    static Color color(Experiment.Mode mode) {
        return switch (mode) {
            case STATIC -> new Color(0x6b7280);
            case SAVE -> new Color(0x0072b2);
            case LABELLED_ONLY -> new Color(0xd55e00);
            case ORACLE -> new Color(0x009e73);
        };
    }

    static Marker marker(Experiment.Mode mode) {
        return switch (mode) {
            case STATIC -> SeriesMarkers.SQUARE;
            case SAVE -> SeriesMarkers.CIRCLE;
            case LABELLED_ONLY -> SeriesMarkers.DIAMOND;
            case ORACLE -> SeriesMarkers.TRIANGLE_UP;
        };
    }

    public static Color translucent(Color color, int alpha) {
        return new Color(color.getRed(), color.getGreen(), color.getBlue(), alpha);
    }

    static BasicStroke solid(float width) {
        return new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
    }

    static BasicStroke dashed(float width) {
        return new BasicStroke(width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 10, new float[] {6, 4}, 0);
    }

    static void apply(AxesChartStyler styler) {
        styler.setLocale(Locale.ROOT);
        styler.setAntiAlias(true);
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBackgroundColor(Color.WHITE);
        styler.setPlotBorderVisible(false);
        styler.setChartPadding(10);
        styler.setChartFontColor(INK);
        styler.setChartTitleBoxVisible(false);
        styler.setChartTitlePadding(8);
        styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 18));
        styler.setLegendVisible(false);
        styler.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
        styler.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
        styler.setAxisTickLabelsColor(INK);
        styler.setAxisTickMarksColor(GRID);
        styler.setAxisTicksLineVisible(false);
        styler.setPlotGridLinesColor(GRID);
        styler.setPlotGridLinesStroke(new BasicStroke(1));
        styler.setPlotGridVerticalLinesVisible(false);
        styler.setPlotContentSize(0.98);
        styler.setPlotMargin(0);
        styler.setMarkerSize(7);
    }
}
