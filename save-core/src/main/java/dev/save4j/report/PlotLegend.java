package dev.save4j.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.util.List;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The legend of a plot: one centred row, made smaller when it is wider than the plot. XChart's own sets each entry by the height of its letters, so that a row dances. */
public record PlotLegend(List<Entry> entries) {
    private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 15);
    private static final int SAMPLE = 30;
    private static final int GAP = 8;
    private static final int BETWEEN = 26;
    private static final int MARKER = 7;
    private static final int BLOCK = 15;

    /** A line with a marker, or a filled block when there is no stroke width. */
    record Entry(String label, Color color, BasicStroke stroke, Marker marker) {
        static Entry block(String label, Color color) {
            return new Entry(label, color, PlotStyle.solid(0), SeriesMarkers.NONE);
        }
    }

    public PlotLegend {
        entries = List.copyOf(entries);
    }

    /** Paints the row around a height. */
    void paint(Graphics2D canvas, int width, double middle) {
        Graphics2D graphics = (Graphics2D) canvas.create();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setFont(FONT);
        FontMetrics metrics = graphics.getFontMetrics();
        double total = -BETWEEN;
        for (Entry entry : entries) {
            total += SAMPLE + GAP + metrics.stringWidth(entry.label()) + BETWEEN;
        }
        double scale = Math.min(1, (width - BETWEEN) / total);
        graphics.translate(width / 2.0, middle);
        graphics.scale(scale, scale);
        double x = -total / 2;
        float baseline = (float) ((metrics.getAscent() - metrics.getDescent()) / 2.0);
        for (Entry entry : entries) {
            graphics.setColor(entry.color());
            if (entry.stroke().getLineWidth() == 0) {
                graphics.fill(new Rectangle2D.Double(x + SAMPLE - BLOCK, -BLOCK / 2.0, BLOCK, BLOCK));
            } else {
                graphics.setStroke(entry.stroke());
                graphics.draw(new Line2D.Double(x, 0, x + SAMPLE, 0));
                entry.marker().paint(graphics, x + SAMPLE / 2.0, 0, MARKER);
            }
            graphics.setColor(PlotStyle.INK);
            graphics.drawString(entry.label(), (float) x + SAMPLE + GAP, baseline);
            x += SAMPLE + GAP + metrics.stringWidth(entry.label()) + BETWEEN;
        }
        graphics.dispose();
    }
}
