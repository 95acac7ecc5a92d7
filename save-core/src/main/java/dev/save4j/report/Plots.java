package dev.save4j.report;

import dev.save4j.report.Plot.Section;
import dev.save4j.run.Experiment.Mode;
import dev.save4j.run.ModeMetrics;
import dev.save4j.run.RunMetrics;
import dev.save4j.run.Series;
import java.awt.Color;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/** Which plots a run has. A plot without data is left out. */
final class Plots {
    private final RunMetrics run;
    private final List<Plot> plots = new ArrayList<>();

    private Plots(RunMetrics run) {
        this.run = run;
    }

    static List<Plot> of(RunMetrics run) {
        Plots plots = new Plots(run);
        plots.policy();
        plots.rewardModel();
        plots.preparation();
        return List.copyOf(plots.plots);
    }

    private void policy() {
        estimates(
                overSteps(
                        Section.POLICY,
                        "gold",
                        "Gold reward",
                        "mean gold reward",
                        "What the answers to the evaluation prompts are really worth. Bands: ±1.96 standard errors over prompts."),
                Evaluations::gold);
        LinePlot proxy = overSteps(
                Section.POLICY,
                "proxy-reward",
                "Proxy reward",
                "mean reward by the reward model",
                "What the reward model believes. Lines: batches of answers, " + smoothing()
                        + "; markers: answers to the evaluation prompts. Where the reward model is updated its scale moves too, so modes"
                        + " cannot be compared by height.");
        each((mode, metrics) -> {
            Color color = PlotStyle.color(mode);
            Series rewards = metrics.series("reward");
            proxy.smooth(mode.label(), color, rewards)
                    .dots(color, PlotStyle.marker(mode), metrics.series("eval/reward"));
        });
        add(proxy);
        goldOverKl();
        add(lines(
                overSteps(
                        Section.POLICY,
                        "kl",
                        "Distance of the policy from its start",
                        "KL divergence, nats per answer",
                        "Mean over answers to the evaluation prompts of the sum of log-prob differences."),
                "eval/kl"));
        add(smoothLines(
                overSteps(
                        Section.POLICY,
                        "length",
                        "Length of the answers",
                        "mean length, tokens",
                        "Answers of the training batches, " + smoothing() + "."),
                "completions/mean_length"));
    }

    /** How much gold a policy gets for how far it has moved: a falling end is overoptimisation. */
    private void goldOverKl() {
        LinePlot plot = new LinePlot(
                Section.POLICY,
                "gold-over-kl",
                "Gold reward over distance from the start",
                "KL divergence from the start, nats per answer",
                "mean gold reward",
                "The evaluations joined in their order. A curve that bends down while the proxy reward rises is overoptimisation.");
        each((mode, metrics) -> {
            plot.path(
                    mode.label(),
                    PlotStyle.color(mode),
                    PlotStyle.marker(mode),
                    metrics.series("eval/kl"),
                    metrics.series("eval/gold"));
        });
        add(plot);
    }

    private void rewardModel() {
        LinePlot accuracy = overSteps(
                Section.REWARD_MODEL,
                "accuracy",
                "Accuracy on the policy's own answers",
                "pairs ordered as gold does, share",
                "Solid: the reward model of the step, with a band of ±1.96 standard errors; dashed: that of the start on the same answers."
                        + " A solid line above its dashed one is what improving the reward model has gained; 0.5 is chance.");
        each((mode, metrics) -> accuracy.band(PlotStyle.color(mode), new Evaluations(metrics).accuracy()));
        each((mode, metrics) -> {
            Color color = PlotStyle.color(mode);
            if (mode != Mode.STATIC) {
                accuracy.dashed(color, metrics.series("eval/accuracy_initial"));
            }
            accuracy.marked(mode.label(), color, PlotStyle.marker(mode), metrics.series("eval/accuracy"));
        });
        add(accuracy.explainDashes("initial reward model, same answers"));
        estimates(
                overSteps(
                        Section.REWARD_MODEL,
                        "held-out-accuracy",
                        "Accuracy on held-out labelled pairs",
                        "pairs ordered as labelled, share",
                        "What the gate guards. Bands: ±1.96 standard errors over pairs."),
                Evaluations::heldOut);
        LinePlot labels = overSteps(
                Section.REWARD_MODEL,
                "labels",
                "Which answers are labelled",
                "share",
                "Solid: answers that got a label; dashed: raised ones among them. Dashed lines near 0 or 1 mean that the anchor has lost"
                        + " touch with the rewards. " + capitalised(smoothing()) + ".");
        each((mode, metrics) -> labels.smooth(mode.label(), PlotStyle.color(mode), metrics.series("save/kept_fraction"))
                .smoothDashed(PlotStyle.color(mode), metrics.series("save/positive_fraction")));
        add(labels.axis(0, 1).explainDashes("raised among the labelled"));
        add(smoothLines(
                overSteps(
                        Section.REWARD_MODEL,
                        "label-accuracy",
                        "Accuracy of the labels",
                        "labels that agree with gold, share",
                        "Of the labels by which the reward model is updated; 0.5 is chance. " + capitalised(smoothing())
                                + "."),
                "save/label_accuracy"));
        AdvantagePlot.of(run).ifPresent(plots::add);
        loss("contrast-loss", "Contrast loss of the reward model", "save/contrast_loss", "On self-labelled answers");
        loss("value-loss", "Loss of the value head", "save/value_loss", "Squared distance of V(x) from its target");
        loss("replay-loss", "Loss on replayed pairs", "save/replay_loss", "Bradley-Terry loss on labelled pairs");
    }

    private void loss(String name, String title, String metric, String what) {
        add(smoothLines(overSteps(Section.REWARD_MODEL, name, title, "loss", what + ", " + smoothing() + "."), metric));
    }

    private void preparation() {
        Series fineTuning = run.fineTuning().series("loss");
        add(new LinePlot(
                        Section.PREPARATION,
                        "fine-tuning",
                        "Supervised fine-tuning of the policy",
                        "cross-entropy, nats per token",
                        "Thin: batches; thick: " + LinePlot.smoothing(fineTuning) + ".")
                .thin(fineTuning)
                .smooth("loss", PlotStyle.INK, fineTuning));
        add(RewardTrainingPlots.loss(Section.PREPARATION, run.rewardTraining()));
        add(RewardTrainingPlots.accuracy(Section.PREPARATION, run.rewardTraining()));
    }

    /** Of the modes: all to the same step, so that they can be laid side by side. */
    private LinePlot overSteps(Section section, String name, String title, String yAxis, String caption) {
        return new LinePlot(section, name, title, yAxis, caption).until(lastStep());
    }

    private int lastStep() {
        return run.modes().stream().mapToInt(ModeMetrics::lastStep).max().orElse(0);
    }

    private interface Measure {
        Evaluations.Measured of(Evaluations evaluations);
    }

    /** Lines with markers and bands. */
    private void estimates(LinePlot plot, Measure measure) {
        // The bands first, so that none veils a line.
        each((mode, metrics) -> plot.band(PlotStyle.color(mode), measure.of(new Evaluations(metrics))));
        each((mode, metrics) -> plot.marked(
                mode.label(),
                PlotStyle.color(mode),
                PlotStyle.marker(mode),
                measure.of(new Evaluations(metrics)).values()));
        add(plot);
    }

    private LinePlot lines(LinePlot plot, String metric) {
        each((mode, metrics) ->
                plot.marked(mode.label(), PlotStyle.color(mode), PlotStyle.marker(mode), metrics.series(metric)));
        return plot;
    }

    private LinePlot smoothLines(LinePlot plot, String metric) {
        each((mode, metrics) -> plot.smooth(mode.label(), PlotStyle.color(mode), metrics.series(metric)));
        return plot;
    }

    private void each(BiConsumer<Mode, ModeMetrics> draw) {
        run.modes().forEach(metrics -> draw.accept(metrics.mode(), metrics));
    }

    private void add(LinePlot plot) {
        Optional<Plot> drawn = plot.plot();
        drawn.ifPresent(plots::add);
    }

    private String smoothing() {
        return LinePlot.smoothing(LinePlot.window(lastStep()));
    }

    private static String capitalised(String text) {
        return Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }
}
