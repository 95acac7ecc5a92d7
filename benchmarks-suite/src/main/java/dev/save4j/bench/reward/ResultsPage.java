package dev.save4j.bench.reward;

import dev.save4j.report.Html;
import dev.save4j.report.Page;
import dev.save4j.report.Pictures;
import java.util.Arrays;
import java.util.Locale;

/** The HTML of the results of {@link RewardBenchmark}: a table, a bar with its interval for each scorer, RM-Bench by style, every metric. */
final class ResultsPage {
    private static final int WIDTH = 620;
    private static final int LABEL = 220;
    private static final int VALUE = 150;
    private static final int ROW = 26;

    private final RewardResults results;
    private final Pictures pictures;
    private final Page page = new Page("Reward benchmarks");
    private final Html html = page.html();

    ResultsPage(RewardResults results, Pictures pictures) {
        this.results = results;
        this.pictures = pictures;
    }

    String html() {
        html.element("<h1>", "Reward benchmarks");
        html.element("<p class=\"faint\">", RewardResults.READING);
        page.table(results.table());
        pictures.obstacle().ifPresent(reason -> html.element("<div class=\"note\">", reason));
        html.raw("<section class=\"card\" style=\"margin-top: 10px\"><ul style=\"margin: 0; padding-left: 18px\">\n");
        results.notes().forEach(note -> html.element("<li>", note));
        html.raw("</ul></section>\n");
        for (RewardResults.BenchmarkPart benchmark : results.benchmarks()) {
            html.element("<h2>", benchmark.title());
            bars(benchmark);
            html.raw("<div class=\"plots\">\n");
            if (benchmark.name().equals("rm-bench")) {
                results.scorers().forEach(scorer -> heatMap(scorer.name()));
            }
            MetricChart.write(html, results, benchmark);
            page.figures(benchmark.title(), pictures);
            html.raw("</div>\n");
            html.raw("<details style=\"margin-top: 18px\"><summary>Every metric</summary>\n");
            page.table(results.details(benchmark));
            html.raw("</details>\n");
        }
        PublishedScores.table(results.benchmarks()).ifPresent(published -> {
            html.element("<h2>", "Published numbers").element("<p class=\"faint\">", PublishedScores.SOURCE + ".");
            page.table(published);
        });
        return page.end();
    }

    private void bars(RewardResults.BenchmarkPart benchmark) {
        int height = ROW * results.scorers().size() + 22;
        html.raw("<figure style=\"margin-bottom: 18px\">\n")
                .raw(format(
                        "<svg role=\"img\" viewBox=\"0 0 %d %d\" style=\"display:block;width:100%%;height:auto;max-width:%dpx\" font-size=\"14\" fill=\"#1f2933\">%n",
                        LABEL + WIDTH + VALUE, height, LABEL + WIDTH + VALUE))
                .element("<title>", benchmark.title() + ", official number with interval");
        for (int percent = 0; percent <= 100; percent += 25) {
            int x = LABEL + WIDTH * percent / 100;
            html.raw(format(
                    "<line x1=\"%d\" x2=\"%d\" y1=\"0\" y2=\"%d\" stroke=\"#e4e7eb\"/><text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"#627080\">%d</text>%n",
                    x, x, height - 20, x, height - 4, percent));
        }
        for (int i = 0; i < results.scorers().size(); i++) {
            RewardResults.Entry entry = results.entry(results.scorers().get(i).name(), benchmark.name());
            int top = ROW * i;
            html.raw(format("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", LABEL - 10, top + 18))
                    .text(entry.scorer())
                    .raw("</text>\n")
                    .raw(format(
                            "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"18\" fill=\"#9cc6e3\"/>%n",
                            LABEL, top + 4, WIDTH * entry.headline().value()));
            if (entry.interval().exists()) {
                html.raw(format(
                        "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#1f2933\" stroke-width=\"2\"/>%n",
                        LABEL + WIDTH * entry.interval().low(),
                        LABEL + WIDTH * entry.interval().high(),
                        top + 13,
                        top + 13));
            }
            html.raw(format("<text x=\"%d\" y=\"%d\">%s</text>%n", LABEL + WIDTH + 14, top + 18, entry.cell(0)));
        }
        html.raw("</svg>\n</figure>\n");
    }

    private void heatMap(String scorer) {
        double[][] matrix = RmBench.matrix(results.entry(scorer, "rm-bench").items());
        if (Arrays.stream(matrix).flatMapToDouble(Arrays::stream).allMatch(share -> share == 0)) {
            return;
        }
        html.raw("<figure>\n<table class=\"summary\"><tr>").element("<th scope=\"col\">", "right ↓ wrong →");
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
        html.raw("</table>\n")
                .element(
                        "<figcaption>",
                        scorer
                                + ": how often, in percent, the right answer of a style (rows) beats the wrong one of a style"
                                + " (columns), all domains pooled. Above the diagonal: the wrong answer is the fancier one.")
                .raw("</figure>\n");
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
