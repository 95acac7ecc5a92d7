package dev.save4j.bench.reward;

import dev.save4j.report.HeldOut;
import dev.save4j.report.Html;
import dev.save4j.run.ScoredPair;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The plots of one benchmark: its parts, the best of k answers, the scores of right and wrong answers, calibration. */
final class ResultPlots {
    private static final List<String> COLORS =
            List.of("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b7280", "#8c6d1f");

    private static final String RIGHT = "#0072b2";
    private static final String WRONG = "#d55e00";
    private static final int BINS = 36;
    private static final int FEWEST_ANSWERS = 3;
    private static final int MOST_PARTS = 24;
    private static final int LABEL = 230;
    /** So many fit in front of the plot. */
    private static final int LETTERS = 30;

    private static final int WIDE = 620;

    private final Html html;
    private final RewardResults results;
    private final RewardResults.BenchmarkPart benchmark;

    ResultPlots(Html html, RewardResults results, RewardResults.BenchmarkPart benchmark) {
        this.html = html;
        this.results = results;
        this.benchmark = benchmark;
    }

    void write() {
        parts();
        bestOfK();
        for (RewardResults.ScorerPart scorer : results.scorers()) {
            histogram(entry(scorer));
        }
        calibration();
    }

    private RewardResults.Entry entry(RewardResults.ScorerPart scorer) {
        return results.entry(scorer.name(), benchmark.name());
    }

    private static String color(int scorer) {
        return COLORS.get(scorer % COLORS.size());
    }

    private void figure(String svg, boolean legend, String caption) {
        html.raw("<figure>\n");
        if (legend) {
            html.raw("<p class=\"faint\" style=\"padding: 2px 10px 0; margin: 0\">");
            for (int i = 0; i < results.scorers().size(); i++) {
                html.raw(
                                "<span style=\"white-space: nowrap; margin-right: 16px\"><span class=\"swatch\" style=\"background: "
                                        + color(i) + "\"></span>")
                        .text(results.scorers().get(i).name())
                        .raw("</span> ");
            }
            html.raw("</p>\n");
        }
        html.raw(svg).element("<figcaption>", caption).raw("</figure>\n");
    }

    /** Every metric but those of a long tail, a dot with its interval for each scorer. */
    private void parts() {
        List<Metric> metrics = entry(results.scorers().get(0)).metrics();
        int shown = Math.min(MOST_PARTS, metrics.size());
        if (shown < 2) {
            return;
        }
        int scorers = results.scorers().size();
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
                RewardResults.Entry entry = entry(results.scorers().get(s));
                double y = m * row + 10.5 + 9 * s;
                double value = entry.metrics().get(m).value();
                Interval interval = entry.intervals().get(m);
                if (Double.isFinite(value) && Double.isFinite(interval.low())) {
                    svg.raw(format(
                            "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"2\"/><circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.4\" fill=\"%s\"/>%n",
                            across(interval.low()),
                            across(interval.high()),
                            y,
                            y,
                            color(s),
                            across(value),
                            y,
                            color(s)));
                }
            }
        }
        figure(
                svg.raw("</svg>\n").toString(),
                true,
                "Percent, with 95 % bootstrap intervals over prompts."
                        + (shown < metrics.size()
                                ? " The first " + shown + " of " + metrics.size() + " metrics; all are in the table."
                                : ""));
    }

    private static double across(double share) {
        return LABEL + (WIDE - LABEL - 18) * Math.max(0, Math.min(1, share));
    }

    private static String shortened(String name) {
        return name.length() <= LETTERS ? name : "…" + name.substring(name.length() - LETTERS + 1);
    }

    private void bestOfK() {
        List<Scored> items = choices(entry(results.scorers().get(0)));
        if (items.isEmpty()) {
            return;
        }
        int most = BestOfK.curve(items).length;
        double[] k = new double[most];
        Arrays.setAll(k, i -> i + 1);
        SvgPlot plot = new SvgPlot(
                benchmark.title() + ", best of k answers",
                "k answers to choose from",
                1,
                most,
                "chosen answer is right, %",
                0,
                100);
        double guess = 100 * BestOfK.curve(items)[0];
        plot.dashes(1, guess, most, guess);
        for (int s = 0; s < results.scorers().size(); s++) {
            double[] curve = BestOfK.curve(choices(entry(results.scorers().get(s))));
            plot.line(
                    color(s), k, Arrays.stream(curve).map(share -> 100 * share).toArray());
        }
        figure(
                plot.svg(),
                true,
                "How often the answer with the highest score of k is right, expected over all choices of k, on the "
                        + items.size() + " items with at least " + FEWEST_ANSWERS
                        + " answers. Dashed: choosing blindly.");
    }

    private static List<Scored> choices(RewardResults.Entry entry) {
        return entry.items().stream()
                .filter(item -> item.item().answers().size() >= FEWEST_ANSWERS)
                .toList();
    }

    private void histogram(RewardResults.Entry entry) {
        List<Double> right = new ArrayList<>();
        List<Double> wrong = new ArrayList<>();
        for (Scored item : entry.items()) {
            for (int i = 0; i < item.item().answers().size(); i++) {
                if (Double.isFinite(item.score(i))) {
                    (item.item().answers().get(i).right() ? right : wrong).add(item.score(i));
                }
            }
        }
        double[] all = new double[right.size() + wrong.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = i < right.size() ? right.get(i) : wrong.get(i - right.size());
        }
        Arrays.sort(all);
        if (right.isEmpty() || wrong.isEmpty() || all[0] == all[all.length - 1]) {
            return;
        }
        // A few extreme scores must not press all others into one bar; they are counted in the outermost bars.
        double low = all[(int) (0.005 * (all.length - 1))];
        double high = all[(int) Math.ceil(0.995 * (all.length - 1))];
        double width = (high > low ? high - low : all[all.length - 1] - all[0]) / BINS;
        double[] rightShares = shares(right, low, width);
        double[] wrongShares = shares(wrong, low, width);
        double top = Math.max(
                Arrays.stream(rightShares).max().orElse(1),
                Arrays.stream(wrongShares).max().orElse(1));
        SvgPlot plot = new SvgPlot(
                benchmark.title() + ", scores of " + entry.scorer(),
                "score",
                low,
                low + BINS * width,
                "answers, %",
                0,
                1.05 * top);
        for (int bin = 0; bin < BINS; bin++) {
            plot.bar(WRONG, 0.45, low + bin * width, low + (bin + 1) * width, wrongShares[bin]);
            plot.bar(RIGHT, 0.45, low + bin * width, low + (bin + 1) * width, rightShares[bin]);
        }
        figure(
                plot.svg(),
                false,
                entry.scorer() + ": scores of right answers (blue, " + right.size() + ") and wrong ones (orange, "
                        + wrong.size() + "), in percent of each; the outermost bars hold what lies beyond.");
    }

    private static double[] shares(List<Double> scores, double low, double width) {
        double[] shares = new double[BINS];
        for (double score : scores) {
            int bin = (int) Math.floor((score - low) / width);
            shares[Math.max(0, Math.min(BINS - 1, bin))] += 100.0 / scores.size();
        }
        return shares;
    }

    private void calibration() {
        SvgPlot plot = new SvgPlot(
                benchmark.title() + ", calibration",
                "probability given to the preferred answer, σ(|difference of scores|)",
                0.5,
                1,
                "better answer preferred, %",
                0,
                100);
        plot.dashes(0.5, 50, 1, 100);
        List<String> errors = new ArrayList<>();
        for (int s = 0; s < results.scorers().size(); s++) {
            RewardResults.ScorerPart scorer = results.scorers().get(s);
            List<ScoredPair> pairs = scorer.isModel() ? pairs(entry(scorer)) : List.of();
            if (!pairs.isEmpty()) {
                HeldOut heldOut = new HeldOut(pairs);
                for (HeldOut.Bin bin : heldOut.calibration()) {
                    plot.dot(
                            color(s),
                            bin.confidence(),
                            100 * bin.correct().value(),
                            100 * bin.correct().low(),
                            100 * bin.correct().high());
                }
                errors.add(format("%s %.3f", scorer.name(), heldOut.calibrationError()));
            }
        }
        if (!errors.isEmpty()) {
            figure(
                    plot.svg(),
                    true,
                    "A dot per bin of probability with the 95 % interval of Wilson; dashed: probabilities that keep what they promise. Below it a model is"
                            + " too sure of itself. Calibration error: " + String.join(", ", errors) + ".");
        }
    }

    private static List<ScoredPair> pairs(RewardResults.Entry entry) {
        List<ScoredPair> pairs = new ArrayList<>();
        for (Scored item : entry.items()) {
            for (Item.Pair pair : item.item().pairs()) {
                double better = item.score(pair.better());
                double worse = item.score(pair.worse());
                if (Double.isFinite(better - worse)) {
                    pairs.add(new ScoredPair(pairs.size() + 1, better, worse, 0, 0));
                }
            }
        }
        return pairs;
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
