package dev.save4j.bench.reward;

import dev.save4j.report.Html;
import dev.save4j.report.PlotStyle;
import java.util.List;
import java.util.Locale;

/** The metrics of a benchmark, each a row with a dot and its interval for every scorer. */
final class MetricChart {
    private static final int MOST_PARTS = 24;
    private static final int LABEL = 230;
    /** So many fit in front of the plot. */
    private static final int LETTERS = 30;

    private static final int WIDE = 620;

    private MetricChart() {}

    /** Writes every metric but those of a long tail; nothing when there is only one. */
    static void write(Html html, RewardResults results, RewardResults.BenchmarkPart benchmark) {
        List<RewardResults.Entry> entries = results.scorers().stream()
                .map(scorer -> results.entry(scorer.name(), benchmark.name()))
                .toList();
        List<Metric> metrics = entries.get(0).metrics();
        int shown = Math.min(MOST_PARTS, metrics.size());
        if (shown < 2) {
            return;
        }
        int scorers = entries.size();
        int row = 12 + 9 * scorers;
        int height = shown * row + 26;
        Html svg = new Html();
        svg.raw(format(
                        "<svg role=\"img\" viewBox=\"0 0 %d %d\" style=\"display:block;width:100%%;height:auto\" font-size=\"13\" fill=\"#1f2933\">%n",
                        WIDE, height))
                .element("<title>", benchmark.title() + ", metrics with intervals");
        for (int percent = 0; percent <= 100; percent += 25) {
            svg.raw(format(
                    "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"2\" y2=\"%d\" stroke=\"#e4e7eb\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>%n",
                    across(percent / 100.0),
                    across(percent / 100.0),
                    height - 22,
                    across(percent / 100.0),
                    height - 6,
                    percent));
        }
        for (int m = 0; m < shown; m++) {
            svg.raw(format("<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LABEL - 12, m * row + row / 2.0 + 4))
                    .text(shortened(metrics.get(m).name()))
                    .raw("</text>\n");
            for (int s = 0; s < scorers; s++) {
                RewardResults.Entry entry = entries.get(s);
                double y = m * row + 10.5 + 9 * s;
                double value = entry.metrics().get(m).value();
                Interval interval = entry.intervals().get(m);
                if (interval.exists()) {
                    svg.raw(format(
                            "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"2\"/>%n",
                            across(interval.low()), across(interval.high()), y, y, color(s)));
                }
                if (Double.isFinite(value)) {
                    svg.raw(format(
                            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.4\" fill=\"%s\"/>%n", across(value), y, color(s)));
                }
            }
        }
        html.raw("<figure>\n<p class=\"faint\" style=\"padding: 2px 10px 0; margin: 0\">");
        for (int s = 0; s < scorers; s++) {
            html.raw(
                            "<span style=\"white-space: nowrap; margin-right: 16px\"><span class=\"swatch\" style=\"background: "
                                    + color(s) + "\"></span>")
                    .text(entries.get(s).scorer())
                    .raw("</span> ");
        }
        html.raw("</p>\n" + svg + "</svg>\n")
                .element(
                        "<figcaption>",
                        "Percent, with 95 % bootstrap intervals over prompts where there are enough."
                                + (shown < metrics.size()
                                        ? " The first " + shown + " of " + metrics.size()
                                                + " metrics; all are in the table."
                                        : ""))
                .raw("</figure>\n");
    }

    private static String color(int scorer) {
        return format("#%06x", PlotStyle.series(scorer).getRGB() & 0xffffff);
    }

    private static double across(double share) {
        return LABEL + (WIDE - LABEL - 18) * Math.max(0, Math.min(1, share));
    }

    private static String shortened(String name) {
        return name.length() <= LETTERS ? name : "…" + name.substring(name.length() - LETTERS + 1);
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
