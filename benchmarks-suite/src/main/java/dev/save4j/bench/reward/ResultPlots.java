package dev.save4j.bench.reward;

import dev.save4j.report.HeldOut;
import dev.save4j.report.LinePlot;
import dev.save4j.report.Plot;
import dev.save4j.report.PlotStyle;
import dev.save4j.run.ScoredPair;
import java.awt.Color;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The plots of one benchmark: the best of k answers, the scores of right and wrong answers, calibration. A plot without data is left out. */
final class ResultPlots {
    private static final Color RIGHT = PlotStyle.translucent(PlotStyle.series(0), 115);
    private static final Color WRONG = PlotStyle.translucent(PlotStyle.series(1), 115);
    private static final int BINS = 36;
    private static final int FEWEST_ANSWERS = 3;

    private final RewardResults results;
    private final RewardResults.BenchmarkPart benchmark;
    private final List<RewardResults.Entry> entries;
    /** Of the scorers, all different. */
    private final List<String> fileNames;

    private ResultPlots(RewardResults results, RewardResults.BenchmarkPart benchmark) {
        this.results = results;
        this.benchmark = benchmark;
        this.entries = results.scorers().stream()
                .map(scorer -> results.entry(scorer.name(), benchmark.name()))
                .toList();
        this.fileNames =
                distinct(entries.stream().map(entry -> fileName(entry.scorer())).toList());
    }

    private static String fileName(String name) {
        return name.replaceAll("[^A-Za-z0-9._-]", "_");
    }

    /** The names, with numbers after those that came before; upper and lower case are one on some file systems. */
    private static List<String> distinct(List<String> names) {
        Set<String> seen = new HashSet<>();
        return names.stream()
                .map(name -> {
                    String other = name;
                    for (int copy = 2; !seen.add(other.toLowerCase(Locale.ROOT)); copy++) {
                        other = name + "-" + copy;
                    }
                    return other;
                })
                .toList();
    }

    /** Their sections are the titles of the benchmarks. */
    static List<Plot> of(RewardResults results) {
        List<Plot> plots = new ArrayList<>();
        for (RewardResults.BenchmarkPart benchmark : results.benchmarks()) {
            ResultPlots drawing = new ResultPlots(results, benchmark);
            drawing.bestOfK().ifPresent(plots::add);
            for (int s = 0; s < drawing.entries.size(); s++) {
                drawing.histogram(drawing.entries.get(s), drawing.fileNames.get(s))
                        .ifPresent(plots::add);
            }
            drawing.calibration().ifPresent(plots::add);
        }
        return plots;
    }

    private LinePlot plot(String name, String title, String across, String up, String caption) {
        return new LinePlot(
                benchmark.title(),
                benchmark.name() + "-" + name,
                benchmark.title() + ": " + title,
                across,
                up,
                caption);
    }

    private Optional<Plot> bestOfK() {
        List<Scored> items = choices(entries.get(0));
        if (items.isEmpty()) {
            return Optional.empty();
        }
        double[] first = percent(BestOfK.curve(items));
        int most = first.length;
        double[] k = new double[most];
        Arrays.setAll(k, i -> i + 1);
        LinePlot plot = plot(
                        "best-of-k",
                        "best of k answers",
                        "k answers to choose from",
                        "chosen answer is right, %",
                        "How often the answer with the highest score of k is right, expected over all choices of k, on the "
                                + items.size() + " items with at least " + FEWEST_ANSWERS + " answers.")
                .dashed(PlotStyle.FAINT, 1, first[0], most, first[0])
                .axis(0, 100)
                .ticksOnPoints();
        for (int s = 0; s < entries.size(); s++) {
            plot.curve(
                    entries.get(s).scorer(), PlotStyle.series(s), k, percent(BestOfK.curve(choices(entries.get(s)))));
        }
        return plot.explainDashes("choosing blindly").plot();
    }

    private static double[] percent(double[] shares) {
        return Arrays.stream(shares).map(share -> 100 * share).toArray();
    }

    private static List<Scored> choices(RewardResults.Entry entry) {
        return entry.items().stream()
                .filter(item -> item.item().answers().size() >= FEWEST_ANSWERS)
                .toList();
    }

    private Optional<Plot> histogram(RewardResults.Entry entry, String fileName) {
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
            return Optional.empty();
        }
        // A few extreme scores must not press all others into one bar; they are counted in the outermost bars.
        double low = all[(int) (0.005 * (all.length - 1))];
        double high = all[(int) Math.ceil(0.995 * (all.length - 1))];
        double width = (high > low ? high - low : all[all.length - 1] - all[0]) / BINS;
        double[] rightShares = shares(right, low, width);
        double[] wrongShares = shares(wrong, low, width);
        LinePlot plot = plot(
                "scores-" + fileName,
                "scores of " + entry.scorer(),
                "score",
                "answers, %",
                "In percent of the " + right.size() + " right and of the " + wrong.size()
                        + " wrong answers; the outermost bars hold what lies beyond.");
        for (int bin = 0; bin < BINS; bin++) {
            plot.bar(WRONG, low + bin * width, low + (bin + 1) * width, wrongShares[bin])
                    .bar(RIGHT, low + bin * width, low + (bin + 1) * width, rightShares[bin]);
        }
        double top = Math.max(
                Arrays.stream(rightShares).max().orElse(1),
                Arrays.stream(wrongShares).max().orElse(1));
        return plot.axis(0, 1.05 * top)
                .block("right answers", RIGHT)
                .block("wrong answers", WRONG)
                .plot();
    }

    private static double[] shares(List<Double> scores, double low, double width) {
        double[] shares = new double[BINS];
        for (double score : scores) {
            int bin = (int) Math.floor((score - low) / width);
            shares[Math.max(0, Math.min(BINS - 1, bin))] += 100.0 / scores.size();
        }
        return shares;
    }

    /** Of models alone: a rule gives no probabilities. */
    private Optional<Plot> calibration() {
        LinePlot plot = plot(
                        "calibration",
                        "calibration",
                        "probability given to the preferred answer, σ(|difference of scores|)",
                        "better answer preferred, %",
                        "A point per bin of probability with the 95 % interval of Wilson; dashed: probabilities that keep what they promise. Below it a"
                                + " model is too sure of itself.")
                .dashed(PlotStyle.FAINT, 0.5, 50, 1, 100)
                .axis(0, 100)
                .across(0.5, 1);
        boolean any = false;
        for (int s = 0; s < entries.size(); s++) {
            List<ScoredPair> pairs = results.scorers().get(s).isModel() ? pairs(entries.get(s)) : List.of();
            if (!pairs.isEmpty()) {
                any = true;
                HeldOut heldOut = new HeldOut(pairs);
                List<HeldOut.Bin> bins = heldOut.calibration();
                for (HeldOut.Bin bin : bins) {
                    plot.interval(
                            PlotStyle.series(s),
                            bin.confidence(),
                            100 * bin.correct().low(),
                            100 * bin.correct().high());
                }
                plot.curve(
                        String.format(
                                Locale.ROOT, "%s, error %.3f", entries.get(s).scorer(), heldOut.calibrationError()),
                        PlotStyle.series(s),
                        bins.stream().mapToDouble(HeldOut.Bin::confidence).toArray(),
                        bins.stream()
                                .mapToDouble(bin -> 100 * bin.correct().value())
                                .toArray());
            }
        }
        return any ? plot.plot() : Optional.empty();
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
}
