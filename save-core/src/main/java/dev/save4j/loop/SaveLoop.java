package dev.save4j.loop;

import dev.save4j.Closer;
import dev.save4j.SaveException;
import dev.save4j.algorithms.Advantages;
import dev.save4j.algorithms.AlgorithmSettings;
import dev.save4j.algorithms.Anchor;
import dev.save4j.algorithms.AnswerFilter;
import dev.save4j.algorithms.Gate;
import dev.save4j.algorithms.Groups;
import dev.save4j.algorithms.Labels;
import dev.save4j.algorithms.LearningRate;
import dev.save4j.algorithms.PolicyAlgorithm;
import dev.save4j.algorithms.ScoreScale;
import dev.save4j.algorithms.ScoredAnswers;
import dev.save4j.algorithms.ValueFit;
import dev.save4j.algorithms.ValueTarget;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.run.Experiment;
import dev.save4j.run.Experiment.Mode;
import dev.save4j.run.RunFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SAVE (arXiv 2605.30888) in one mode: in every step the policy answers prompts, the reward model grades the answers and is improved with them, and
 * the policy is updated on the scores of the improved reward model. Writes metrics, samples and checkpoints into the run folder; continues from the
 * last checkpoint there. The same settings, seed and engines give the same bytes, interrupted or not.
 *
 * <p>Closes its sessions and trainers, not the models. One thread.
 */
public final class SaveLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SaveLoop.class);
    private static final int SCORING_BATCH = 64;

    private final Experiment experiment;
    private final Mode mode;
    private final LoopModels models;
    private final PolicyAlgorithm algorithm;
    private final TrainingData data;
    private final RunFolder folder;
    private final Progress progress;
    private final Seeds seeds;
    private final Sampling sampling;
    private final Groups groups;
    private final LearningRate policyRate;

    private final Closer closer = new Closer();
    private final AnswerSource source;
    private final Scoring scoring;
    private final AnswerLogProbs current;
    private final AnswerLogProbs reference;
    private final PolicyUpdater policyUpdater;
    private final RewardUpdater rewardUpdater;
    private final ValueFitting valueFitting;
    private final PolicyEvaluation evaluation;
    private final List<PairInput> replay;
    private final List<PairInput> heldOut;
    private final Guard guard;
    private Optional<ScoreScale> startScale = Optional.empty();
    private boolean alarmed;

    /**
     * @param models are trained in place
     * @param start the same models as they were at the start of the run; stay as they are
     */
    public SaveLoop(
            Experiment experiment,
            Mode mode,
            LoopModels models,
            LoopModels start,
            LoopEngines engines,
            PolicyAlgorithm algorithm,
            TrainingData data,
            RunFolder folder,
            Progress progress) {
        this.experiment = experiment;
        this.mode = mode;
        this.models = models;
        this.algorithm = algorithm;
        this.data = data;
        this.folder = folder;
        this.progress = progress;
        Experiment.Rollout rollout = experiment.rollout();
        Experiment.Policy policy = experiment.policy();
        algorithm.settings().requireGroup(rollout.group());
        seeds = new Seeds(experiment.seed());
        groups = Groups.uniform(rollout.prompts(), rollout.group());
        sampling = AnswerSource.sampling(models, rollout);
        policyRate =
                LearningRate.fitting(policy.schedule(), policy.learningRate(), policy.warmUp(), experiment.steps());
        try {
            List<String> prompts = new ArrayList<>(data.prompts());
            prompts.addAll(data.evaluationPrompts());
            RolloutSession session = closer.own(engines.rollout()
                    .open(
                            models.policy().decoder(AnswerSource.cacheLength(models, prompts, rollout)),
                            models.policy().weights(),
                            rollout.slots(),
                            engines.settings()));
            source = new AnswerSource(session, models.policyTokenizer());
            scoring = scoring(models, engines);
            current = closer.own(new AnswerLogProbs(
                    models.policy(), rollout.temperature(), engines.scoring(), engines.settings(), SCORING_BATCH));
            reference = closer.own(new AnswerLogProbs(
                    start.policy(), rollout.temperature(), engines.scoring(), engines.settings(), SCORING_BATCH));
            policyUpdater = closer.own(new PolicyUpdater(
                    models.policy(),
                    algorithm.objective(),
                    rollout.temperature(),
                    engines.gradient(),
                    engines.settings(),
                    policy));
            rewardUpdater = closer.own(new RewardUpdater(
                    models.reward(), rollout.group(), engines.gradient(), engines.settings(), experiment.save()));
            valueFitting = closer.own(new ValueFitting(models.reward(), engines.gradient(), engines.settings()));
            evaluation = new PolicyEvaluation(
                    source,
                    scoring,
                    scoring(start, engines),
                    reference,
                    data.evaluationPrompts(),
                    experiment.evaluation().completions(),
                    sampling,
                    data.judge());
        } catch (RuntimeException failed) {
            closer.closeAfter(failed);
            throw failed;
        }
        replay = scoring.readAll(
                data.preferences(), experiment.reward().training().useMargin());
        heldOut = scoring.readAll(
                data.heldOut()
                        .subList(
                                0,
                                Math.min(
                                        experiment.save().gate().pairs(),
                                        data.heldOut().size())),
                false);
        guard = new Guard(new Gate(experiment.save().gate().delta()), heldOut, scoring, models.reward(), rewardUpdater);
    }

    private Scoring scoring(LoopModels of, LoopEngines engines) {
        Grader grader = closer.own(new Grader(of.reward(), engines.scoring(), engines.settings(), SCORING_BATCH));
        return new Scoring(grader, RewardFormat.of(of, experiment));
    }

    /** Runs all steps that are left. */
    public void run() {
        Optional<Path> checkpoint = folder.lastCheckpoint(mode);
        int done = checkpoint.map(RunFolder::stepOf).orElse(0);
        checkpoint.ifPresent(this::restore);
        try (StepLog metrics = new StepLog(folder.metrics(mode), done);
                StepLog samples = new StepLog(folder.samples(mode), done);
                StepLog timing = new StepLog(folder.timing(mode), done)) {
            if (done == 0) {
                Metrics start = new Metrics();
                evaluate(start);
                if (improvesReward() && experiment.save().gate().every() > 0) {
                    start.addAll(guard.check());
                }
                metrics.write(0, start.values());
            }
            for (int step = done + 1; step <= experiment.steps(); step++) {
                long began = System.nanoTime();
                Metrics values = new Metrics();
                Map<String, Object> line = new TreeMap<>(step(step, values, samples));
                boolean last = step == experiment.steps();
                if (last || due(step, experiment.evaluation().every())) {
                    evaluate(values);
                }
                line.putAll(values.values());
                metrics.write(step, line);
                timing.write(step, Map.of("step_time", (System.nanoTime() - began) / 1e9));
                if (last || due(step, experiment.checkpoint().every())) {
                    save(step);
                }
                progress.advance(mode.label(), step, experiment.steps(), note(values.values()));
            }
        }
    }

    private static boolean due(int step, int every) {
        return every > 0 && step % every == 0;
    }

    private static String note(Map<String, Double> metrics) {
        return "reward %.3f".formatted(metrics.get("reward"))
                + (metrics.containsKey("eval/gold") ? ", gold %.3f".formatted(metrics.get("eval/gold")) : "");
    }

    private boolean improvesReward() {
        return mode != Mode.STATIC;
    }

    private void evaluate(Metrics metrics) {
        // The same seed every time: the answers differ by the policy alone.
        metrics.addAll(evaluation.evaluate(seeds.of("evaluation", 0)));
        if (!heldOut.isEmpty()) {
            double accuracy = scoring.accuracy(heldOut);
            metrics.put("eval/held_out_accuracy", accuracy);
            metrics.put("eval/held_out_error", Math.sqrt(accuracy * (1 - accuracy) / heldOut.size()));
        }
    }

    /** One step; returns what is logged beside the metrics. */
    private Map<String, Object> step(int step, Metrics metrics, StepLog samples) {
        Experiment.Rollout rollout = experiment.rollout();
        List<String> prompts = Arrays.stream(
                        seeds.draw("prompts", data.prompts().size(), rollout.prompts(), step))
                .mapToObj(data.prompts()::get)
                .toList();
        List<List<Answer>> answers = source.sample(prompts, rollout.group(), sampling, seeds.of("rollout", step));
        Grader.Grades grades = scoring.grade(answers);
        double[] rewards = finite(flat(grades.rewards()), step);
        checkScale(rewards, step, metrics);

        Map<String, Object> extra = new HashMap<>();
        if (improvesReward()) {
            Labels labels = improve(step, answers, rewards, grades.values(), metrics);
            extra.put("save/advantage_histogram", labels.histogram());
            writeSamples(step, answers.get(0), rewards, grades.values()[0], labels, samples);
            switch (experiment.save().rescore()) {
                case FRESH -> {
                    answers = source.sample(prompts, rollout.group(), sampling, seeds.of("fresh rollout", step));
                    rewards = finite(scoring.rewards(flat(answers)), step);
                }
                case SAME -> rewards = finite(scoring.rewards(flat(answers)), step);
                case NEXT -> {}
            }
        } else {
            writeSamples(step, answers.get(0), rewards, grades.values()[0], unlabelled(rewards), samples);
        }
        updatePolicy(step, flat(answers), rewards, metrics);
        return extra;
    }

    /** Steps 3 to 5 of the method: labels, update and guard of the reward model. */
    private Labels improve(int step, List<List<Answer>> answers, double[] rewards, double[] values, Metrics metrics) {
        Experiment.Save save = experiment.save();
        List<Answer> all = flat(answers);
        List<int[]> prompts = scoring.prompts(answers);
        ValueFit fit = ValueFit.of(rewards, values, groups);
        metrics.put("save/anchor_lag", fit.lag());
        fit.explainedVariance().ifPresent(share -> metrics.put("save/value_explained_variance", share));
        Labels labels = unlabelled(rewards);
        double[] anchors = new double[rewards.length];
        boolean contrasts = mode != Mode.LABELLED_ONLY;
        if (contrasts) {
            double[] fitted = values;
            if (save.value().steps() > 0) {
                valueFitting.fit(
                        prompts,
                        means(rewards),
                        save.value().steps(),
                        save.update().learningRate() * save.value().learningRateScale());
                fitted = scoring.values(answers);
            }
            anchors = save.anchor().of(rewards, fitted, groups);
            labels = mode == Mode.ORACLE ? goldLabels(all, save.filter()) : selfLabels(rewards, fitted);
            metrics.put("save/kept_fraction", labels.keptFraction());
            metrics.put("save/positive_fraction", labels.positiveFraction());
            metrics.put("save/advantage_std", labels.advantageDeviation());
            logLabelAccuracy(labels.label(), all, metrics);
        }
        // A target that depends on the answer needs a row per answer, the mean only one per prompt.
        boolean perAnswer = save.value().target() == ValueTarget.LEAVE_ONE_OUT;
        List<int[]> valued = !contrasts ? List.of() : perAnswer ? repeated(prompts) : prompts;
        double[] targets = perAnswer ? save.value().target().of(rewards, groups) : means(rewards);
        for (int epoch = 0; epoch < save.update().epochs(); epoch++) {
            List<RewardInput> inputs =
                    contrasts ? all.stream().map(scoring::read).toList() : List.of();
            RewardUpdater.Batch batch =
                    new RewardUpdater.Batch(inputs, anchors, labels.label(), valued, targets, replayed(step, epoch));
            metrics.addAll("save/", rewardUpdater.update(batch, save.update().learningRate()));
        }
        if (due(step, save.gate().every())) {
            metrics.addAll(guard.check());
        }
        metrics.put("save/rollbacks", guard.rollbacks());
        return labels;
    }

    private double[] means(double[] rewards) {
        int group = experiment.rollout().group();
        return IntStream.range(0, groups.prompts())
                .mapToDouble(prompt -> Arrays.stream(rewards, prompt * group, (prompt + 1) * group)
                        .average()
                        .orElseThrow())
                .toArray();
    }

    private List<int[]> repeated(List<int[]> prompts) {
        return IntStream.range(0, groups.rows())
                .mapToObj(row -> prompts.get(row / experiment.rollout().group()))
                .toList();
    }

    private Labels selfLabels(double[] rewards, double[] values) {
        Anchor anchor = experiment.save().anchor();
        return experiment
                .save()
                .filter()
                .label(anchor.advantage(rewards, values, groups), groups)
                .only(anchor.trusted(rewards, values, groups), groups);
    }

    private Labels goldLabels(List<Answer> answers, AnswerFilter filter) {
        Anchor mean = new Anchor(Anchor.Kind.GROUP_MEAN, 0, Double.POSITIVE_INFINITY);
        return filter.label(mean.advantage(golds(answers), new double[groups.prompts()], groups), groups);
    }

    /** The share of labels that agree with gold: raised above the mean gold reward of the prompt's answers, lowered below it. */
    private void logLabelAccuracy(int[] labels, List<Answer> answers, Metrics metrics) {
        if (data.judge().isEmpty()) {
            return;
        }
        int[] gold = goldLabels(answers, new AnswerFilter(AnswerFilter.Rule.FIXED, 0))
                .label();
        int judged = 0;
        int right = 0;
        for (int i = 0; i < labels.length; i++) {
            judged += labels[i] != 0 && gold[i] != 0 ? 1 : 0;
            right += labels[i] != 0 && gold[i] == labels[i] ? 1 : 0;
        }
        if (judged > 0) {
            metrics.put("save/label_accuracy", right / (double) judged);
        }
    }

    private double[] golds(List<Answer> answers) {
        return answers.stream()
                .mapToDouble(answer -> data.judge()
                        .map(gold -> gold.score(answer.prompt(), answer.text()))
                        .orElse(Double.NaN))
                .toArray();
    }

    private static Labels unlabelled(double[] rewards) {
        return new Labels(new int[rewards.length], new double[rewards.length], java.util.OptionalDouble.empty());
    }

    private List<PairInput> replayed(int step, int epoch) {
        int pairs = experiment.save().replay().pairs();
        if (pairs == 0) {
            return List.of();
        }
        int update = (step - 1) * experiment.save().update().epochs() + epoch + 1;
        return Arrays.stream(seeds.draw("replay", replay.size(), pairs, update))
                .mapToObj(replay::get)
                .toList();
    }

    private void updatePolicy(int step, List<Answer> answers, double[] rewards, Metrics metrics) {
        List<float[]> old =
                answers.stream().map(answer -> answer.completion().logProbs()).toList();
        List<float[]> start = algorithm.needsReference() ? reference.of(answers) : List.of();
        Advantages advantages = algorithm.advantages(new ScoredAnswers(groups, rewards, old, start));
        logSampling(answers, metrics);
        boolean inLoss = algorithm.settings().klPlace() == AlgorithmSettings.KlPlace.LOSS;
        double rate = policyRate.at(step - 1);
        metrics.addAll(policyUpdater.update(
                answers, advantages.perAnswer(), inLoss ? start : List.of(), rate, seeds.of("mini-batches", step)));
        advantages.metrics().forEach(metrics::put);
        metrics.put("learning_rate", rate);
        source.refresh();
    }

    /** The sampler and the trainer must agree on the log-probs of what was sampled; checked on the answers to the first prompt. */
    private void logSampling(List<Answer> answers, Metrics metrics) {
        List<Answer> first = answers.subList(0, experiment.rollout().group());
        List<float[]> recomputed = current.of(first);
        double largest = 0;
        double sum = 0;
        int count = 0;
        for (int i = 0; i < first.size(); i++) {
            float[] sampled = first.get(i).completion().logProbs();
            for (int t = 0; t < sampled.length; t++) {
                double difference = Math.abs(sampled[t] - recomputed.get(i)[t]);
                largest = Math.max(largest, difference);
                sum += difference;
                count++;
            }
        }
        metrics.put("sampling/logp_difference/mean", sum / count);
        metrics.put("sampling/logp_difference/max", largest);
        int tokens = answers.stream()
                .mapToInt(answer -> answer.completion().tokens().length)
                .sum();
        metrics.put("num_tokens", tokens);
        metrics.put("completions/mean_length", tokens / (double) answers.size());
        metrics.put(
                "completions/clipped_ratio",
                answers.stream().filter(answer -> !answer.finished()).count() / (double) answers.size());
    }

    private void checkScale(double[] rewards, int step, Metrics metrics) {
        ScoreScale now = ScoreScale.of(rewards);
        if (startScale.isEmpty()) {
            startScale = Optional.of(now);
        }
        List<String> alarms = experiment.save().alarm().check(startScale.get(), now);
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

    private void writeSamples(
            int step, List<Answer> group, double[] rewards, double value, Labels labels, StepLog samples) {
        double[] golds = golds(group);
        for (int i = 0; i < group.size(); i++) {
            Answer answer = group.get(i);
            samples.write(new Sample(
                    step,
                    answer.prompt(),
                    answer.text(),
                    answer.completion().finish().name().toLowerCase(java.util.Locale.ROOT),
                    rewards[i],
                    value,
                    labels.advantage()[i],
                    labels.label()[i],
                    golds[i]));
        }
    }

    private void save(int step) {
        LoopCheckpoint.write(
                folder.checkpoint(mode, step),
                models,
                new LoopCheckpoint.State(
                        policyUpdater.state(),
                        rewardUpdater.state(),
                        valueFitting.state(),
                        guard.good(),
                        guard.rollbacks(),
                        startScale));
    }

    private void restore(Path checkpoint) {
        LoopCheckpoint.State state = LoopCheckpoint.read(checkpoint, models);
        policyUpdater.restore(state.policy());
        rewardUpdater.restore(state.reward());
        valueFitting.restore(state.value());
        guard.restore(state.good(), state.rollbacks());
        startScale = state.startScale();
        source.refresh();
    }

    private static double[] flat(double[][] grouped) {
        return Arrays.stream(grouped).flatMapToDouble(Arrays::stream).toArray();
    }

    private static List<Answer> flat(List<List<Answer>> grouped) {
        return grouped.stream().flatMap(List::stream).toList();
    }

    @Override
    public void close() {
        closer.close();
    }
}
