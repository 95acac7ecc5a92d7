package dev.save4j.loop;

import dev.save4j.Closer;
import dev.save4j.engine.RolloutSession;
import dev.save4j.models.PolicyModel;
import dev.save4j.run.Experiment;
import dev.save4j.tokenizers.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Makes the models with which every mode of a run starts. Trains in place; closes what it opens, not the models. */
public final class Preparation {
    private static final int VALUE_PROMPTS = 64;
    private static final int VALUE_ANSWERS = 4;

    private final Experiment experiment;
    private final LoopEngines engines;
    private final TrainingData data;
    private final Seeds seeds;
    private final Progress progress;

    public Preparation(Experiment experiment, LoopEngines engines, TrainingData data, Progress progress) {
        this.experiment = experiment;
        this.engines = engines;
        this.data = data;
        this.seeds = new Seeds(experiment.seed());
        this.progress = progress;
    }

    /** The settings on which the prepared models depend: experiments that agree in them start from the same models. */
    public static List<Object> basis(Experiment experiment) {
        Experiment.Policy policy = experiment.policy();
        return List.of(
                experiment.seed(),
                experiment.engines(),
                experiment.parallel(),
                experiment.data(),
                experiment.evaluation().prompts(),
                experiment.rollout(),
                policy.backbone(),
                policy.model(),
                policy.tokenizer(),
                policy.size(),
                policy.fineTuning(),
                experiment.reward());
    }

    /** Supervised fine-tuning of the policy, if the experiment asks for it. */
    public void fineTune(PolicyModel policy, Tokenizer tokenizer, Path metrics) {
        if (experiment.policy().fineTuning().steps() == 0) {
            return;
        }
        try (StepLog log = new StepLog(metrics, 0)) {
            FineTuning.train(
                    policy,
                    tokenizer,
                    data.demonstrations(),
                    experiment.policy().fineTuning(),
                    engines.gradient(),
                    engines.settings(),
                    seeds,
                    log::write,
                    progress);
        }
    }

    /**
     * Trains the reward model on labelled pairs, then fits the value head to the mean reward of answers that the policy gives. Each part only if the
     * experiment asks for it.
     */
    public void trainReward(LoopModels models, Path metrics) {
        Experiment.RewardTraining training = experiment.reward().training();
        try (Closer closer = new Closer();
                StepLog log = new StepLog(metrics, 0)) {
            Grader grader =
                    closer.own(new Grader(models.reward(), engines.scoring(), engines.settings(), Grader.BATCH));
            Scoring scoring = new Scoring(grader, RewardFormat.of(models, experiment));
            if (training.epochs() > 0) {
                RewardTraining.train(
                        models.reward(),
                        scoring.readAll(data.preferences(), training.useMargin()),
                        scoring.readAll(data.heldOut(), false),
                        scoring,
                        training,
                        engines.gradient(),
                        engines.settings(),
                        seeds,
                        log::write,
                        progress);
            }
            if (training.valueSteps() > 0) {
                fitValues(models, scoring, training, closer);
            }
        }
    }

    private void fitValues(LoopModels models, Scoring scoring, Experiment.RewardTraining training, Closer closer) {
        List<String> prompts =
                data.prompts().subList(0, Math.min(VALUE_PROMPTS, data.prompts().size()));
        RolloutSession session = closer.own(engines.rollout()
                .open(
                        models.policy().decoder(AnswerSource.cacheLength(models, prompts, experiment.rollout())),
                        models.policy().weights(),
                        experiment.rollout().slots(),
                        engines.settings()));
        List<List<Answer>> groups = new AnswerSource(session, models.policyTokenizer())
                .sample(
                        prompts,
                        VALUE_ANSWERS,
                        AnswerSource.sampling(models, experiment.rollout()),
                        seeds.of("value start", 0));
        double[][] rewards = scoring.grade(groups).rewards();
        double[] means = Arrays.stream(rewards)
                .mapToDouble(group -> Arrays.stream(group).average().orElseThrow())
                .toArray();
        try (ValueFitting fitting = new ValueFitting(models.reward(), engines.gradient(), engines.settings())) {
            fitting.fit(scoring.prompts(groups), means, training.valueSteps(), training.valueLearningRate());
        }
    }
}
