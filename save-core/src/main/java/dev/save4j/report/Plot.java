package dev.save4j.report;

import dev.save4j.SaveException;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.knowm.xchart.internal.chartpart.IChart;

/**
 * A plot of a report.
 *
 * @param section the title of the part of the report that shows it
 * @param name of its file, without extension
 * @param caption says how to read it
 */
public record Plot(String section, String name, String title, String caption, IChart chart, PlotLegend legend) {
    /** Width on paper or screen, in pixels. */
    static final int WIDTH = 900;

    /** Height on paper or screen, in pixels. */
    static final int HEIGHT = 420;

    /** Pixels of the PNG per pixel of its size, for sharp text on dense screens. */
    static final int DENSITY = 2;

    private static final int LEGEND = 32;

    /** A part of the report of a run that has plots. */
    public enum Section {
        POLICY("The policy"),
        REWARD_MODEL("The reward model"),
        PREPARATION("Preparation"),
        HELD_OUT("Held-out pairs"),
        SEEDS("Over the steps"),
        TRAINING("Training");

        private final String title;

        Section(String title) {
            this.title = title;
        }

        String title() {
            return title;
        }
    }

    /** As a PNG of {@code WIDTH × DENSITY} by {@code HEIGHT × DENSITY} pixels. Needs no display. */
    byte[] png() {
        BufferedImage image = new BufferedImage(WIDTH * DENSITY, HEIGHT * DENSITY, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        try {
            graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
            graphics.setRenderingHint(RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
            graphics.scale(DENSITY, DENSITY);
            graphics.setColor(Color.WHITE);
            graphics.fillRect(0, 0, WIDTH, HEIGHT);
            chart.paint(graphics, WIDTH, HEIGHT - LEGEND);
            legend.paint(graphics, WIDTH, HEIGHT - LEGEND / 2.0 - 4);
        } finally {
            graphics.dispose();
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            if (!ImageIO.write(image, "png", out)) {
                throw SaveException.internal("this Java has no PNG writer");
            }
        } catch (IOException failed) {
            throw SaveException.internal("the plot '" + name + "' cannot be encoded", failed);
        }
        return bytes.toByteArray();
    }
}
