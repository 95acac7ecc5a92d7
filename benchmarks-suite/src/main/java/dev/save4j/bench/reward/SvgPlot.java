package dev.save4j.bench.reward;

import dev.save4j.report.Html;
import java.util.Locale;

/** A plot with two axes as inline SVG, built piece by piece; later pieces lie above earlier ones. */
final class SvgPlot {
    private static final int WIDTH = 620;
    private static final int HEIGHT = 320;
    private static final int LEFT = 62;
    private static final int RIGHT = 602;
    private static final int TOP = 14;
    private static final int BOTTOM = 268;
    private static final String GRID = "#e4e7eb";
    private static final String INK = "#1f2933";

    private final Html html = new Html();
    private final double fromX;
    private final double toX;
    private final double fromY;
    private final double toY;

    /** @param title for those who cannot see it */
    SvgPlot(String title, String acrossLabel, double fromX, double toX, String upLabel, double fromY, double toY) {
        this.fromX = fromX;
        this.toX = toX > fromX ? toX : fromX + 1;
        this.fromY = fromY;
        this.toY = toY > fromY ? toY : fromY + 1;
        html.raw(format(
                        "<svg role=\"img\" viewBox=\"0 0 %d %d\" style=\"display:block;width:100%%;height:auto\" font-size=\"13\" fill=\"%s\">%n",
                        WIDTH, HEIGHT, INK))
                .element("<title>", title);
        axes(acrossLabel, upLabel);
    }

    private void axes(String acrossLabel, String upLabel) {
        double up = step(toY - fromY, 5);
        for (double tick = Math.ceil(fromY / up - 1e-9) * up; tick <= toY + 1e-9 * up; tick += up) {
            html.raw(format(
                            "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>",
                            LEFT, RIGHT, y(tick), y(tick), GRID))
                    .raw(format(
                            "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>%n",
                            LEFT - 8, y(tick) + 4.5, number(tick, up)));
        }
        // Between whole numbers such as k = 1 to 4 there is nothing to mark.
        boolean whole = fromX == Math.rint(fromX) && toX == Math.rint(toX);
        double across = Math.max(step(toX - fromX, 6), whole ? 1 : 0);
        for (double tick = Math.ceil(fromX / across - 1e-9) * across; tick <= toX + 1e-9 * across; tick += across) {
            html.raw(format(
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
                    x(tick), BOTTOM + 20, number(tick, across)));
        }
        html.raw(format("<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">", (LEFT + RIGHT) / 2, HEIGHT - 8))
                .text(acrossLabel)
                .raw(format(
                        "</text>%n<text transform=\"translate(15 %d) rotate(-90)\" text-anchor=\"middle\">",
                        (TOP + BOTTOM) / 2))
                .text(upLabel)
                .raw("</text>\n");
    }

    /** 1, 2 or 5 times a power of ten, so that about so many fit. */
    private static double step(double range, int count) {
        double raw = range / count;
        double magnitude = Math.pow(10, Math.floor(Math.log10(raw)));
        double digit = raw / magnitude;
        return magnitude * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    }

    private static String number(double value, double step) {
        int decimals = (int) Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
        double shown = Math.abs(value) < step * 1e-9 ? 0 : value;
        return format("%." + decimals + "f", shown);
    }

    private double x(double value) {
        return LEFT + (RIGHT - LEFT) * (value - fromX) / (toX - fromX);
    }

    private double y(double value) {
        return BOTTOM - (BOTTOM - TOP) * (value - fromY) / (toY - fromY);
    }

    SvgPlot bar(String color, double opacity, double low, double high, double height) {
        html.raw(format(
                "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\" fill-opacity=\"%.2f\"/>%n",
                x(low), y(height), x(high) - x(low), y(fromY) - y(height), color, opacity));
        return this;
    }

    SvgPlot line(String color, double[] across, double[] up) {
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < across.length; i++) {
            points.append(format("%.1f,%.1f ", x(across[i]), y(up[i])));
        }
        html.raw(format(
                "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2.2\" stroke-linejoin=\"round\"/>%n",
                points.toString().strip(), color));
        return this;
    }

    SvgPlot dashes(double x1, double y1, double x2, double y2) {
        html.raw(format(
                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#8a94a0\" stroke-width=\"1.5\" stroke-dasharray=\"6 4\"/>%n",
                x(x1), y(y1), x(x2), y(y2)));
        return this;
    }

    /** A dot with its interval. */
    SvgPlot dot(String color, double across, double up, double low, double high) {
        html.raw(format(
                        "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"1.6\"/>",
                        x(across), x(across), y(low), y(high), color))
                .raw(format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>%n", x(across), y(up), color));
        return this;
    }

    String svg() {
        return html + "</svg>\n";
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
