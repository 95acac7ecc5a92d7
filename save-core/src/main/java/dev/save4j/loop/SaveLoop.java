package dev.save4j.loop;

import dev.save4j.Closer;
import dev.save4j.algorithms.Advantages;
import dev.save4j.algorithms.AlgorithmSettings;
import dev.save4j.algorithms.Groups;
import dev.save4j.algorithms.Labels;
import dev.save4j.algorithms.LearningRate;
import dev.save4j.algorithms.PolicyAlgorithm;
import dev.save4j.algorithms.ScoredAnswers;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.run.Experiment;
import dev.save4j.run.Experiment.Mode;
import dev.save4j.run.RunFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * SAVE (arXiv 2605.30888) in one mode: in every step the policy answers prompts, the reward model grades the answers and is improved with them, and
 * the policy is updated on the scores of the improved reward model. Writes metrics, samples and checkpoints into the run folder; continues from the
 * last checkpoint there. The same settings, seed and engines give the same bytes, interrupted or not.
 *
 * <p>Closes its sessions and trainers, not the models. One thread.
 */
public final class SaveLoop implements AutoCloseable {
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
    private final RewardImprovement reward;
    private final AnswerLogProbs current;
    private final AnswerLogProbs reference;
    private final PolicyUpdater policyUpdater;
    private final PolicyEvaluation evaluation;

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
            Scoring scoring = scoring(models, engines, engines.settings());
            reward = closer.own(new RewardImprovement(experiment, mode, models, engines, scoring, data, groups, seeds));
            current = closer.own(new AnswerLogProbs(
                    models.policy(), rollout.temperature(), engines.scoring(), engines.settings(), Grader.BATCH));
            reference = closer.own(new AnswerLogProbs(
                    start.policy(), rollout.temperature(), engines.scoring(), engines.frozen(), Grader.BATCH));
            policyUpdater = closer.own(new PolicyUpdater(
                    models.policy(),
                    algorithm.objective(),
                    rollout.temperature(),
                    engines.gradient(),
                    engines.settings(),
                    policy));
            evaluation = new PolicyEvaluation(
                    source,
                    scoring,
                    scoring(start, engines, engines.frozen()),
                    reference,
                    data.evaluationPrompts(),
                    experiment.evaluation().completions(),
                    sampling,
                    data.judge());
        } catch (RuntimeException failed) {
            closer.closeAfter(failed);
            throw failed;
        }
    }

    private Scoring scoring(LoopModels of, LoopEngines engines, EngineSettings settings) {
        Grader grader = closer.own(new Grader(of.reward(), engines.scoring(), settings, Grader.BATCH));
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
                if (improvesReward()) {
                    reward.checkStart(start);
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
        reward.evaluate(metrics);
    }

    /** One step; returns what is logged beside the metrics. */
    private Map<String, Object> step(int step, Metrics metrics, StepLog samples) {
        Experiment.Rollout rollout = experiment.rollout();
        List<String> prompts = Arrays.stream(
                        seeds.draw("prompts", data.prompts().size(), rollout.prompts(), step))
                .mapToObj(data.prompts()::get)
                .toList();
        List<List<Answer>> answers = source.sample(prompts, rollout.group(), sampling, seeds.of("rollout", step));
        RewardImprovement.Graded graded = reward.grade(step, answers, metrics);
        if (!improvesReward()) {
            writeSamples(step, answers.get(0), graded, Labelling.none(graded.rewards().length), samples);
            updatePolicy(step, flat(answers), graded.rewards(), metrics);
            return Map.of();
        }
        Labels labels = reward.improve(step, answers, graded, metrics);
        writeSamples(step, answers.get(0), graded, labels, samples);
        switch (experiment.save().rescore()) {
            case FRESH -> {
                List<Answer> fresh =
                        flat(source.sample(prompts, rollout.group(), sampling, seeds.of("fresh rollout", step)));
                updatePolicy(step, fresh, reward.rewards(step, fresh), metrics);
            }
            case SAME -> updatePolicy(step, flat(answers), reward.rewards(step, flat(answers)), metrics);
            case NEXT -> updatePolicy(step, flat(answers), graded.rewards(), metrics);
        }
        return Map.of("save/advantage_histogram", labels.histogram());
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

    private void writeSamples(
            int step, List<Answer> group, RewardImprovement.Graded graded, Labels labels, StepLog samples) {
        double[] golds = Labelling.golds(data.judge(), group);
        for (int i = 0; i < group.size(); i++) {
            Answer answer = group.get(i);
            samples.write(new Sample(
                    step,
                    answer.prompt(),
                    answer.text(),
                    answer.completion().finish().name().toLowerCase(java.util.Locale.ROOT),
                    graded.rewards()[i],
                    graded.values()[0],
                    labels.advantage()[i],
                    labels.label()[i],
                    golds[i]));
        }
    }

    private void save(int step) {
        LoopCheckpoint.write(
                folder.checkpoint(mode, step), models, new LoopCheckpoint.State(policyUpdater.state(), reward.state()));
    }

    private void restore(Path checkpoint) {
        LoopCheckpoint.State state = LoopCheckpoint.read(checkpoint, models);
        policyUpdater.restore(state.policy());
        reward.restore(state.reward());
        source.refresh();
    }

    private static List<Answer> flat(List<List<Answer>> grouped) {
        return grouped.stream().flatMap(List::stream).toList();
    }

    @Override
    public void close() {
        closer.close();
    }
}
