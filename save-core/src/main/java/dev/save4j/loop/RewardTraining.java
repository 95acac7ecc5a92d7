package dev.save4j.loop;

import dev.save4j.SaveException;
import dev.save4j.algorithms.LearningRate;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.models.RewardModel;
import dev.save4j.objectives.Objective;
import dev.save4j.run.Experiment;
import dev.save4j.tensor.WeightStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/** Trains a reward model on labelled pairs: Bradley-Terry with margin and centring term. */
final class RewardTraining {
    private static final String TASK = "reward training";

    private RewardTraining() {}

    /**
     * Trains the reward model in place.
     *
     * @param heldOut decides which epoch is kept; empty: the last one
     * @param scoring of the same model, for the accuracy on {@code heldOut}
     * @param log gets the metrics of every step, with {@code held_out_accuracy} at the end of an epoch
     */
    static void train(
            RewardModel model,
            List<PairInput> pairs,
            List<PairInput> heldOut,
            Scoring scoring,
            Experiment.RewardTraining settings,
            GradientEngine engine,
            EngineSettings machine,
            Seeds seeds,
            BiConsumer<Integer, Map<String, Double>> log,
            Progress progress) {
        if (pairs.isEmpty()) {
            throw SaveException.user("reward.training.epochs is " + settings.epochs()
                    + ", but there are no labelled pairs to learn from");
        }
        PairLoss loss = new PairLoss(model, settings.centre());
        int perEpoch = -Math.floorDiv(-pairs.size(), settings.batch());
        int steps = settings.epochs() * perEpoch;
        LearningRate rate =
                LearningRate.fitting(settings.schedule(), settings.learningRate(), settings.warmUp(), steps);
        Optimization optimization = Optimization.DEFAULT
                .withWeightDecay(settings.weightDecay())
                .withMaxGradientNorm(settings.maxGradientNorm());
        Optional<WeightStore> best = Optional.empty();
        double bestAccuracy = -1;
        try (Trainer trainer = engine.open(model.weights(), List.of(loss.graph()), optimization, machine)) {
            for (int epoch = 1; epoch <= settings.epochs(); epoch++) {
                int[] order = Seeds.permutation(pairs.size(), seeds.of(TASK, epoch));
                for (int part = 0; part < perEpoch; part++) {
                    int step = (epoch - 1) * perEpoch + part + 1;
                    List<PairInput> batch = new ArrayList<>();
                    for (int i = part * settings.batch();
                            i < Math.min((part + 1) * settings.batch(), order.length);
                            i++) {
                        batch.add(pairs.get(order[i]));
                    }
                    Metrics metrics = loss.accumulate(trainer, batch, settings.microBatch(), 1);
                    metrics.put("grad_norm", trainer.step(rate.at(step - 1)));
                    metrics.put("learning_rate", rate.at(step - 1));
                    boolean endOfEpoch = part == perEpoch - 1;
                    if (endOfEpoch && !heldOut.isEmpty()) {
                        double accuracy = scoring.accuracy(heldOut);
                        metrics.put("held_out_accuracy", accuracy);
                        if (settings.keepBest() && accuracy > bestAccuracy) {
                            bestAccuracy = accuracy;
                            best = Optional.of(model.weights().snapshot());
                        }
                    }
                    log.accept(step, metrics.values());
                    progress.advance(
                            TASK,
                            step,
                            steps,
                            "loss %.3f".formatted(metrics.values().get(Objective.LOSS))
                                    + (bestAccuracy < 0
                                            ? ""
                                            : ", best held-out accuracy %.3f".formatted(bestAccuracy)));
                }
            }
        }
        best.ifPresent(weights -> model.weights().copyFrom(weights));
    }
}
