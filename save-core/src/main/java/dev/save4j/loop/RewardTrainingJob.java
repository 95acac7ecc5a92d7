package dev.save4j.loop;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.models.Head;
import dev.save4j.models.RewardModel;
import dev.save4j.run.RewardTrainingFolder;
import dev.save4j.run.RewardTrainingSettings;
import dev.save4j.tensor.WeightStore;
import dev.save4j.tokenizers.Tokenizer;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/** Trains a reward model on labelled pairs outside the loop. */
public final class RewardTrainingJob {
    /** So many pairs tell the mean reward well enough. */
    private static final int PAIRS_OF_MEAN = 256;

    private RewardTrainingJob() {}

    /**
     * What came out.
     *
     * @param scores of every held-out pair after training, chosen before rejected
     * @param cut answers of training and held-out pairs that were too long for the model
     */
    public record Outcome(List<double[]> scores, long cut) {}

    /**
     * Trains the model in place and scores the held-out pairs. Afterwards the value head, where there is one, answers with the mean reward of
     * training pairs, which is the best start without a policy to sample from.
     *
     * @param data its labelled pairs are learned from, its held-out pairs measured on
     * @param folder gets the metrics and the times of every step
     */
    public static Outcome train(
            RewardModel model,
            Tokenizer tokenizer,
            TrainingData data,
            RewardTrainingSettings settings,
            GradientEngine gradient,
            InferenceEngine scoring,
            EngineSettings machine,
            RewardTrainingFolder folder,
            Progress progress) {
        RewardFormat format = new RewardFormat(
                tokenizer,
                model.backbone().causal(),
                Math.min(settings.maxLength(), model.backbone().maxLength()));
        try (Grader grader = new Grader(model, scoring, machine, Grader.BATCH);
                StepLog log = new StepLog(folder.metrics(), 0);
                StepLog timing = new StepLog(folder.timing(), 0)) {
            Scoring scores = new Scoring(grader, format);
            List<PairInput> training =
                    scores.readAll(data.preferences(), settings.training().useMargin());
            StopWatch watch = new StopWatch();
            List<PairInput> measured = scores.readAll(data.heldOut(), false);
            RewardTraining.train(
                    model,
                    training,
                    measured,
                    scores,
                    settings.training(),
                    gradient,
                    machine,
                    new Seeds(settings.seed()),
                    (step, metrics) -> {
                        log.write(step, metrics);
                        timing.write(step, Map.of("step_time", watch.seconds()));
                    },
                    progress);
            if (model.hasValueHead()) {
                startValueAtMean(model, scores.scores(spread(training)));
            }
            return new Outcome(scores.scores(measured), cut(training) + cut(measured));
        }
    }

    /** Some of the pairs, from all over the file. */
    private static List<PairInput> spread(List<PairInput> pairs) {
        int stride = (pairs.size() + PAIRS_OF_MEAN - 1) / PAIRS_OF_MEAN;
        return IntStream.iterate(0, i -> i < pairs.size(), i -> i + stride)
                .mapToObj(pairs::get)
                .toList();
    }

    private static long cut(List<PairInput> pairs) {
        return pairs.stream()
                .mapToLong(
                        pair -> (pair.chosen().cut() ? 1 : 0) + (pair.rejected().cut() ? 1 : 0))
                .sum();
    }

    private static void startValueAtMean(RewardModel model, List<double[]> scores) {
        OptionalDouble mean =
                scores.stream().mapToDouble(score -> (score[0] + score[1]) / 2).average();
        if (mean.isEmpty()) {
            return;
        }
        try (WeightStore.Lease lease = model.weights().writing()) {
            Head.VALUE.setConstant(model.weights(), (float) mean.getAsDouble());
        }
    }
}
