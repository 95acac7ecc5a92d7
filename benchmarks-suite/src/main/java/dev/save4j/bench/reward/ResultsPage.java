package dev.save4j.bench.reward;

import dev.save4j.report.Html;
import dev.save4j.report.Page;
import dev.save4j.report.Table;
import java.util.List;
import java.util.Locale;

/** The HTML of the results of {@link RewardBenchmark}: a table, a bar with its interval for each scorer, RM-Bench by style, every metric. */
final class ResultsPage {
    private static final int WIDTH = 560;
    private static final int LABEL = 180;
    private static final int ROW = 26;

    private final RewardResults results;
    private final Page page = new Page("Reward benchmarks");
    private final Html html = page.html();

    ResultsPage(RewardResults results) {
        this.results = results;
    }

    String html() {
        html.element("<h1>", "Reward benchmarks");
        html.element("<p class=\"faint\">", "Percent, with 95 % bootstrap intervals over prompts.");
        table(results.table());
        html.raw("<section class=\"card\">\n");
        results.notes().forEach(note -> html.element("<p class=\"limits\">", note));
        html.raw("</section>\n");
        for (RewardResults.BenchmarkPart benchmark : results.benchmarks()) {
            html.element("<h2>", benchmark.title());
            bars(benchmark);
            if (benchmark.name().equals("rm-bench")) {
                results.scorers().forEach(scorer -> heatMap(scorer.name()));
            }
            table(results.details(benchmark));
        }
        PublishedScores.table(results.benchmarks()).ifPresent(published -> {
            html.element("<h2>", "Published numbers").element("<p class=\"faint\">", PublishedScores.SOURCE + ".");
            table(published);
        });
        return page.end();
    }

    private void table(Table table) {
        html.raw("<div class=\"wide\"><table class=\"summary\">\n<thead><tr>");
        for (int column = 0; column < table.header().size(); column++) {
            html.element(
                    column == 0 ? "<th scope=\"col\">" : "<th scope=\"col\" class=\"number\">",
                    table.header().get(column));
        }
        html.raw("</tr></thead>\n<tbody>\n");
        for (List<String> row : table.rows()) {
            html.raw("<tr>");
            for (int column = 0; column < row.size(); column++) {
                html.element(column == 0 ? "<th scope=\"row\">" : "<td class=\"number\">", row.get(column));
            }
            html.raw("</tr>\n");
        }
        html.raw("</tbody></table></div>\n");
    }

    private void bars(RewardResults.BenchmarkPart benchmark) {
        int height = ROW * results.scorers().size() + 20;
        html.raw("<svg role=\"img\" width=\"" + (LABEL + WIDTH + 70) + "\" height=\"" + height
                + "\" font-size=\"13\">\n");
        html.raw("<title>")
                .text(benchmark.title() + ", official number with interval")
                .raw("</title>\n");
        for (int i = 0; i < results.scorers().size(); i++) {
            RewardResults.Entry entry = results.entry(results.scorers().get(i).name(), benchmark.name());
            int top = ROW * i;
            double value = entry.headline().value();
            html.raw("<text x=\"" + (LABEL - 8) + "\" y=\"" + (top + 17) + "\" text-anchor=\"end\">")
                    .text(entry.scorer())
                    .raw("</text>\n")
                    .raw(format(
                            "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"18\" fill=\"#9cc6e3\"/>%n",
                            LABEL, top + 4, WIDTH * value))
                    .raw(format(
                            "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#1f2933\" stroke-width=\"2\"/>%n",
                            LABEL + WIDTH * entry.low(), LABEL + WIDTH * entry.high(), top + 13, top + 13))
                    .raw(format("<text x=\"%d\" y=\"%d\">%.1f</text>%n", LABEL + WIDTH + 12, top + 17, 100 * value));
        }
        int bottom = ROW * results.scorers().size();
        for (int percent = 0; percent <= 100; percent += 25) {
            html.raw(format(
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"#8a94a0\">%d</text>%n",
                    LABEL + WIDTH * percent / 100, bottom + 15, percent));
        }
        html.raw("</svg>\n");
    }

    private void heatMap(String scorer) {
        double[][] matrix = RmBench.matrix(results.entry(scorer, "rm-bench").items());
        html.element(
                        "<p>",
                        scorer
                                + ": how often the right answer of a style (rows) beats the wrong one of a style (columns), all rows pooled")
                .raw("<table class=\"summary\"><tr><td></td>");
        RmBench.STYLES.forEach(style -> html.element("<th scope=\"col\" class=\"number\">", style));
        html.raw("</tr>\n");
        for (int right = 0; right < matrix.length; right++) {
            html.raw("<tr>").element("<th scope=\"row\">", RmBench.STYLES.get(right));
            for (double share : matrix[right]) {
                html.raw(format("<td class=\"number\" style=\"background: rgba(0, 114, 178, %.2f)\">", 0.7 * share))
                        .raw(format("%.1f</td>", 100 * share));
            }
            html.raw("</tr>\n");
        }
        html.raw("</table>\n");
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
