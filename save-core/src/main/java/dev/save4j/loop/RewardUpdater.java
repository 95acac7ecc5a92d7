package dev.save4j.loop;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.OptimizerState;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.models.Head;
import dev.save4j.models.RewardModel;
import dev.save4j.objectives.Composition;
import dev.save4j.objectives.ContrastObjective;
import dev.save4j.objectives.Feed;
import dev.save4j.objectives.Objective;
import dev.save4j.objectives.ValueRegression;
import dev.save4j.run.Experiment;
import dev.save4j.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Improves the reward model in the loop: L = L_contrast + λ_V L_V + λ_pref L_BT, one optimizer for all three. Closes its trainer, not the model.
 */
final class RewardUpdater implements AutoCloseable {
    private final Experiment.Save settings;
    private final ContrastObjective contrast;
    private final ValueRegression regression = new ValueRegression();
    private final Graph contrastLoss;
    private final Graph valueLoss;
    private final PairLoss replayLoss;
    private final Trainer trainer;

    /** @param group answers per prompt */
    RewardUpdater(
            RewardModel model, int group, GradientEngine engine, EngineSettings machine, Experiment.Save settings) {
        this.settings = settings;
        contrast = new ContrastObjective(
                settings.contrast(), group, settings.temperature(), settings.margin(), settings.centre());
        contrastLoss = Composition.of(model.rewardGraph(), contrast);
        valueLoss = Composition.of(model.valueGraph(), regression);
        replayLoss = new PairLoss(model, 0);
        Set<String> head = Head.VALUE.parameters(model.backbone().hiddenSize()).keySet();
        Experiment.Update update = settings.update();
        Optimization optimization = Optimization.DEFAULT
                .withWeightDecay(update.weightDecay())
                .withMaxGradientNorm(update.maxGradientNorm());
        Optimization.Group fastHead =
                new Optimization.Group(head, settings.value().learningRateScale(), 0);
        trainer = engine.open(
                model.weights(),
                List.of(contrastLoss, valueLoss, replayLoss.graph()),
                optimization.withGroups(List.of(fastHead)),
                machine);
    }

    /**
     * What one update learns from.
     *
     * @param answers prompts × group in order; empty when nothing is contrasted
     * @param anchors one per answer
     * @param labels one per answer: 1 positive, −1 negative, 0 dropped
     * @param prompts without answers
     * @param targets of the values, one per prompt; NaN for none
     * @param replay labelled pairs
     */
    record Batch(
            List<RewardInput> answers,
            double[] anchors,
            int[] labels,
            List<int[]> prompts,
            double[] targets,
            List<PairInput> replay) {}

    /** Makes one update. */
    Metrics update(Batch batch, double learningRate) {
        Metrics metrics = new Metrics();
        if (!batch.answers().isEmpty()) {
            Metrics part = accumulate(
                    contrastLoss,
                    contrast.feed(batch.anchors(), batch.labels()),
                    batch.answers().stream().map(RewardInput::ids).toList(),
                    1);
            part.rename(Objective.LOSS, "contrast_loss");
            metrics.addAll(part);
        }
        if (settings.value().weight() > 0 && !batch.prompts().isEmpty()) {
            Metrics part = accumulate(
                    valueLoss,
                    regression.feed(batch.targets(), 1),
                    batch.prompts(),
                    settings.value().weight());
            part.rename(Objective.LOSS, "value_loss");
            metrics.addAll(part);
        }
        if (!batch.replay().isEmpty() && settings.replay().weight() > 0) {
            Metrics part = replayLoss.accumulate(
                    trainer,
                    batch.replay(),
                    settings.update().microBatch(),
                    settings.replay().weight());
            part.rename(Objective.LOSS, "loss");
            metrics.addAll("replay_", part);
        }
        metrics.put("grad_norm", trainer.step(learningRate));
        return metrics;
    }

    private Metrics accumulate(Graph loss, Feed feed, List<int[]> rows, double scale) {
        Metrics metrics = new Metrics();
        int step = Math.max(1, settings.update().microBatch() / feed.unit()) * feed.unit();
        for (int from = 0; from < rows.size(); from += step) {
            int to = Math.min(from + step, rows.size());
            Map<String, Tensor> inputs = feed.slice(from, to);
            inputs.putAll(TokenBatch.of(rows.subList(from, to)));
            metrics.sum(trainer.accumulate(loss, inputs, scale));
        }
        return metrics;
    }

    OptimizerState state() {
        return trainer.state();
    }

    void restore(OptimizerState state) {
        trainer.restore(state);
    }

    @Override
    public void close() {
        trainer.close();
    }
}
