package dev.save4j.loop;

import dev.save4j.Closer;
import dev.save4j.SaveException;
import dev.save4j.algorithms.Gate;
import dev.save4j.algorithms.Groups;
import dev.save4j.algorithms.Labels;
import dev.save4j.algorithms.ScoreScale;
import dev.save4j.algorithms.ValueFit;
import dev.save4j.algorithms.ValueTarget;
import dev.save4j.engine.OptimizerState;
import dev.save4j.run.Experiment;
import dev.save4j.run.Experiment.Mode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The reward model in the loop: it grades the policy's answers, is improved with them and with replayed pairs, and goes back to its last good state
 * when the gate on held-out pairs finds it worse. Trains the model in place; closes its trainers, not the model.
 */
final class RewardImprovement implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RewardImprovement.class);

    private final Experiment.Save settings;
    private final Mode mode;
    private final Groups groups;
    private final Seeds seeds;
    private final Scoring scoring;
    private final Labelling labelling;
    private final List<PairInput> replay;
    private final List<PairInput> heldOut;

    private final Closer closer = new Closer();
    private final RewardUpdater updater;
    private final ValueFitting valueFitting;
    private final Guard guard;
    private Optional<ScoreScale> startScale = Optional.empty();
    private boolean alarmed;

    /**
     * Rewards and values before the reward model's update.
     *
     * @param rewards one per answer, in the order of the groups
     * @param values V(x), one per prompt
     */
    record Graded(double[] rewards, double[] values) {}

    /** What a checkpoint must hold beside the weights. */
    record State(
            OptimizerState updater,
            OptimizerState value,
            Optional<Guard.Good> good,
            int rollbacks,
            Optional<ScoreScale> startScale) {}

    /** @param scoring by the reward model that is improved */
    RewardImprovement(
            Experiment experiment,
            Mode mode,
            LoopModels models,
            LoopEngines engines,
            Scoring scoring,
            TrainingData data,
            Groups groups,
            Seeds seeds) {
        settings = experiment.save();
        this.mode = mode;
        this.groups = groups;
        this.seeds = seeds;
        this.scoring = scoring;
        labelling = new Labelling(mode, settings, groups, data.judge());
        replay = scoring.readAll(
                data.preferences(), experiment.reward().training().useMargin());
        int gated = Math.min(settings.gate().pairs(), data.heldOut().size());
        heldOut = scoring.readAll(data.heldOut().subList(0, gated), false);
        try {
            updater = closer.own(new RewardUpdater(
                    models.reward(), experiment.rollout().group(), engines.gradient(), engines.settings(), settings));
            valueFitting = closer.own(new ValueFitting(models.reward(), engines.gradient(), engines.settings()));
        } catch (RuntimeException failed) {
            closer.closeAfter(failed);
            throw failed;
        }
        guard = new Guard(new Gate(settings.gate().delta()), heldOut, scoring, models.reward(), updater);
    }

    /** Grades the answers of a step and watches the scale of the rewards. */
    Graded grade(int step, List<List<Answer>> answers, Metrics metrics) {
        Grader.Grades grades = scoring.grade(answers);
        double[] rewards = finite(
                Arrays.stream(grades.rewards()).flatMapToDouble(Arrays::stream).toArray(), step);
        checkScale(rewards, step, metrics);
        return new Graded(rewards, grades.values());
    }

    /** The rewards of answers, without values. */
    double[] rewards(int step, List<Answer> answers) {
        return finite(scoring.rewards(answers), step);
    }

    /** Labels the answers, updates the reward model with them, and lets the gate look at it when it is due. */
    Labels improve(int step, List<List<Answer>> answers, Graded graded, Metrics metrics) {
        List<Answer> all = answers.stream().flatMap(List::stream).toList();
        List<int[]> prompts = scoring.prompts(answers);
        double[] rewards = graded.rewards();
        ValueFit fit = ValueFit.of(rewards, graded.values(), groups);
        metrics.put("save/anchor_lag", fit.lag());
        fit.explainedVariance().ifPresent(share -> metrics.put("save/value_explained_variance", share));
        Labels labels = Labelling.none(rewards.length);
        double[] anchors = new double[rewards.length];
        boolean contrasts = mode != Mode.LABELLED_ONLY;
        if (contrasts) {
            double[] fitted = fitValues(answers, prompts, graded);
            anchors = settings.anchor().of(rewards, fitted, groups);
            labels = labelling.of(all, rewards, fitted, metrics);
        }
        // A target that depends on the answer needs a row per answer, the mean only one per prompt.
        boolean perAnswer = settings.value().target() == ValueTarget.LEAVE_ONE_OUT;
        List<int[]> valued = !contrasts ? List.of() : perAnswer ? repeated(prompts) : prompts;
        double[] targets = perAnswer ? settings.value().target().of(rewards, groups) : means(rewards);
        for (int epoch = 0; epoch < settings.update().epochs(); epoch++) {
            List<RewardInput> inputs =
                    contrasts ? all.stream().map(scoring::read).toList() : List.of();
            RewardUpdater.Batch batch =
                    new RewardUpdater.Batch(inputs, anchors, labels.label(), valued, targets, replayed(step, epoch));
            metrics.addAll("save/", updater.update(batch, settings.update().learningRate()));
        }
        int every = settings.gate().every();
        if (every > 0 && step % every == 0) {
            metrics.addAll(guard.check());
        }
        metrics.put("save/rollbacks", guard.rollbacks());
        return labels;
    }

    /** Shows the gate the reward model as it is before the first step. */
    void checkStart(Metrics metrics) {
        if (settings.gate().every() > 0) {
            metrics.addAll(guard.check());
        }
    }

    /** Measures the reward model on held-out pairs, if there are any. */
    void evaluate(Metrics metrics) {
        if (!heldOut.isEmpty()) {
            double accuracy = scoring.accuracy(heldOut);
            metrics.put("eval/held_out_accuracy", accuracy);
            metrics.put("eval/held_out_error", Math.sqrt(accuracy * (1 - accuracy) / heldOut.size()));
        }
    }

    State state() {
        return new State(updater.state(), valueFitting.state(), guard.good(), guard.rollbacks(), startScale);
    }

    void restore(State state) {
        updater.restore(state.updater());
        valueFitting.restore(state.value());
        guard.restore(state.good(), state.rollbacks());
        startScale = state.startScale();
    }

    /** The values after the value head alone has been fitted to the rewards at hand, so that the anchor does not lag behind. */
    private double[] fitValues(List<List<Answer>> answers, List<int[]> prompts, Graded graded) {
        if (settings.value().steps() == 0) {
            return graded.values();
        }
        valueFitting.fit(
                prompts,
                means(graded.rewards()),
                settings.value().steps(),
                settings.update().learningRate() * settings.value().learningRateScale());
        return scoring.values(answers);
    }

    private double[] means(double[] rewards) {
        int group = rewards.length / groups.prompts();
        return IntStream.range(0, groups.prompts())
                .mapToDouble(prompt -> Arrays.stream(rewards, prompt * group, (prompt + 1) * group)
                        .average()
                        .orElseThrow())
                .toArray();
    }

    private List<int[]> repeated(List<int[]> prompts) {
        int group = groups.rows() / groups.prompts();
        return IntStream.range(0, groups.rows())
                .mapToObj(row -> prompts.get(row / group))
                .toList();
    }

    private List<PairInput> replayed(int step, int epoch) {
        int pairs = settings.replay().pairs();
        if (pairs == 0) {
            return List.of();
        }
        int update = (step - 1) * settings.update().epochs() + epoch + 1;
        return Arrays.stream(seeds.draw("replay", replay.size(), pairs, update))
                .mapToObj(replay::get)
                .toList();
    }

    private void checkScale(double[] rewards, int step, Metrics metrics) {
        ScoreScale now = ScoreScale.of(rewards);
        if (startScale.isEmpty()) {
            startScale = Optional.of(now);
        }
        List<String> alarms = settings.alarm().check(startScale.get(), now);
        // Once when it begins, not in every step that it lasts.
        if (!alarmed) {
            alarms.forEach(alarm -> LOG.warn("{}, step {}: {}", mode.label(), step, alarm));
        }
        alarmed = !alarms.isEmpty();
        metrics.put("save/score_scale", now.spread());
        metrics.put("save/alarm", alarms.size());
    }

    private double[] finite(double[] rewards, int step) {
        if (!Arrays.stream(rewards).allMatch(Double::isFinite)) {
            throw SaveException.engine(
                    "mode " + mode.label() + ", step " + step
                            + ": the reward model gives rewards that are not finite; lower save.update.learning_rate or raise save.centre");
        }
        return rewards;
    }

    @Override
    public void close() {
        closer.close();
    }
}
