package dev.save4j.report;

import dev.save4j.report.Plot.Section;
import dev.save4j.run.MetricTable;
import dev.save4j.run.RewardTrainingMetrics;
import dev.save4j.run.ScoredPair;
import dev.save4j.run.Series;
import java.awt.Color;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Which plots the training of a reward model has. A plot without data is left out. */
final class RewardTrainingPlots {
    private static final Color MODEL = new Color(0x0072b2);
    private static final Color BASELINE = new Color(0x8a94a0);
    private static final Color WRONG = new Color(0xd55e00);
    private static final double MOST_BARS = 40;

    private RewardTrainingPlots() {}

    static List<Plot> of(RewardTrainingMetrics run, Optional<HeldOut> heldOut) {
        List<Plot> plots = new ArrayList<>();
        loss(Section.TRAINING, run.steps()).plot().ifPresent(plots::add);
        accuracy(Section.TRAINING, run.steps()).plot().ifPresent(plots::add);
        learningCurve(run, heldOut).flatMap(LinePlot::plot).ifPresent(plots::add);
        if (heldOut.isPresent()) {
            accuracies(heldOut.get()).plot().ifPresent(plots::add);
            margins(heldOut.get()).plot().ifPresent(plots::add);
            calibration(heldOut.get()).plot().ifPresent(plots::add);
        }
        return plots;
    }

    static LinePlot loss(Section section, MetricTable training) {
        Series loss = training.series("loss");
        return new LinePlot(
                        section,
                        "reward-training-loss",
                        "Training of the reward model: loss",
                        "Bradley-Terry loss",
                        "Thin: batches; thick: " + LinePlot.smoothing(loss) + ".")
                .thin(loss)
                .smooth("loss", PlotStyle.INK, loss);
    }

    static LinePlot accuracy(Section section, MetricTable training) {
        Series accuracy = training.series("accuracy");
        return new LinePlot(
                        section,
                        "reward-training-accuracy",
                        "Training of the reward model: accuracy",
                        "pairs ordered as labelled, share",
                        "Training pairs: " + LinePlot.smoothing(accuracy) + "; held-out pairs: at the end of an epoch.")
                .smooth("training pairs", PlotStyle.INK, accuracy)
                .marked("held-out pairs", MODEL, SeriesMarkers.CIRCLE, heldOutAccuracy(training));
    }

    private static Series heldOutAccuracy(MetricTable training) {
        return training.series("held_out_accuracy");
    }

    /** The held-out accuracy after each epoch; only with several. */
    private static Optional<LinePlot> learningCurve(RewardTrainingMetrics run, Optional<HeldOut> heldOut) {
        Series curve = heldOutAccuracy(run.steps()).finite();
        if (curve.points().size() < 2 || heldOut.isEmpty()) {
            return Optional.empty();
        }
        int pairs = heldOut.get().pairs().size();
        LinePlot plot = new LinePlot(
                Section.TRAINING,
                "learning-curve",
                "Held-out accuracy over the training",
                "pairs ordered as labelled, share",
                "At the end of each epoch, with the 95 % interval of Wilson over pairs. Dashed: preferring the longer answer.");
        curve.points().forEach(point -> {
            Proportion share = new Proportion((int) Math.round(point.value() * pairs), pairs);
            plot.interval(MODEL, point.step(), share.low(), share.high());
        });
        double length = heldOut.get().lengthAccuracy().value();
        double last = curve.points().get(curve.points().size() - 1).step();
        return Optional.of(plot.marked("reward model", MODEL, SeriesMarkers.CIRCLE, curve)
                .dashed(PlotStyle.FAINT, 0, length, last, length)
                .explainDashes("longer answer"));
    }

    private static LinePlot accuracies(HeldOut heldOut) {
        Proportion model = heldOut.accuracy();
        Proportion length = heldOut.lengthAccuracy();
        LinePlot plot = new LinePlot(
                        Section.HELD_OUT,
                        "held-out-accuracy",
                        "Accuracy on held-out pairs",
                        "",
                        "pairs ordered as labelled, share",
                        "Bars: shares; lines: their 95 % intervals of Wilson. Dashed: chance. A reward model that is not above the longer answer"
                                + " may have learned no more than length.")
                .bar(MODEL, 0.75, 1.25, model.value())
                .bar(BASELINE, 1.75, 2.25, length.value())
                .dashed(PlotStyle.INK, 0.4, 0.5, 2.6, 0.5)
                .interval(PlotStyle.INK, 1, model.low(), model.high())
                .interval(PlotStyle.INK, 2, length.low(), length.high())
                .block("reward model " + model, MODEL)
                .block("longer answer " + length, BASELINE);
        return plot.axis(0, 1).across(0.4, 2.6).withoutTicksAcross();
    }

    private static LinePlot margins(HeldOut heldOut) {
        double[] margins = heldOut.pairs().stream()
                .mapToDouble(ScoredPair::margin)
                .filter(Double::isFinite)
                .toArray();
        LinePlot plot = new LinePlot(
                Section.HELD_OUT,
                "margins",
                "Margins on held-out pairs",
                "score of the chosen answer minus that of the rejected one",
                "pairs",
                "Right of 0: ordered as labelled; left of 0: against the label."
                        + (heldOut.ties() == 0
                                ? ""
                                : " Ties, drawn right of 0 but counted as wrong: " + heldOut.ties() + "."));
        if (margins.length == 0) {
            return plot;
        }
        double width = binWidth(margins);
        // An edge lies on 0, so that no bar mixes right and wrong.
        int first = (int) Math.floor(Arrays.stream(margins).min().orElseThrow() / width);
        int last = (int) Math.floor(Arrays.stream(margins).max().orElseThrow() / width);
        int[] counts = new int[last - first + 1];
        for (double margin : margins) {
            counts[(int) Math.floor(margin / width) - first]++;
        }
        for (int bin = 0; bin < counts.length; bin++) {
            double low = (first + bin) * width;
            if (counts[bin] > 0) {
                plot.bar(low < 0 ? WRONG : MODEL, low + 0.04 * width, low + 0.96 * width, counts[bin]);
            }
        }
        double most = Arrays.stream(counts).max().orElseThrow();
        return plot.axis(0, 1.06 * most)
                .across(Math.min(first * width, -width), Math.max((last + 1) * width, width))
                .block("ordered as labelled", MODEL)
                .block("against the label", WRONG);
    }

    /** A round number that gives a readable number of bars: more for more pairs. */
    private static double binWidth(double[] margins) {
        double range = Arrays.stream(margins).max().orElseThrow()
                - Math.min(0, Arrays.stream(margins).min().orElseThrow());
        double wanted = range / Math.min(MOST_BARS, Math.max(8, 2 * Math.sqrt(margins.length)));
        if (!(wanted > 0)) {
            return 1;
        }
        double magnitude = Math.pow(10, Math.floor(Math.log10(wanted)));
        double digit = wanted / magnitude;
        return magnitude * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    }

    private static LinePlot calibration(HeldOut heldOut) {
        List<HeldOut.Bin> bins = heldOut.calibration();
        LinePlot plot = new LinePlot(
                        Section.HELD_OUT,
                        "calibration",
                        "Calibration on held-out pairs",
                        "probability that the model gives to the answer it prefers, σ(|margin|)",
                        "pairs ordered as labelled, share",
                        "A point per bin of probability, with the 95 % interval of Wilson; dashed: probabilities that keep what they"
                                + " promise. Below it the model is too sure of itself. Wide intervals belong to bins of few pairs.")
                .dashed(PlotStyle.FAINT, 0.5, 0.5, 1, 1);
        bins.forEach(bin -> plot.interval(
                MODEL, bin.confidence(), bin.correct().low(), bin.correct().high()));
        return plot.curve(
                        "reward model",
                        MODEL,
                        SeriesMarkers.CIRCLE,
                        bins.stream().mapToDouble(HeldOut.Bin::confidence).toArray(),
                        bins.stream().mapToDouble(bin -> bin.correct().value()).toArray())
                .axis(0, 1)
                .across(0.5, 1)
                .explainDashes("perfect calibration");
    }
}
