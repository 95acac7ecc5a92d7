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
import dev.save4j.objectives.ValueRegression;
import dev.save4j.tensor.Tensor;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Fits the value head alone; the backbone and the rewards stay as they are. Closes its trainer, not the model. */
final class ValueFitting implements AutoCloseable {
    private final ValueRegression objective = new ValueRegression();
    private final Graph loss;
    private final Trainer trainer;

    ValueFitting(RewardModel model, GradientEngine engine, EngineSettings machine) {
        Set<String> frozen = new HashSet<>(model.weights().names());
        frozen.removeAll(Head.VALUE.parameters(model.backbone().hiddenSize()).keySet());
        loss = Composition.of(model.valueGraph(), objective);
        trainer = engine.open(
                model.weights(),
                List.of(loss),
                Optimization.DEFAULT.withGroups(List.of(new Optimization.Group(frozen, 0, 0))),
                machine);
    }

    /**
     * Makes {@code steps} updates on the same batch.
     *
     * @param targets one per prompt; NaN for none
     */
    void fit(List<int[]> prompts, double[] targets, int steps, double learningRate) {
        Map<String, Tensor> inputs = objective.feed(targets, 1).whole();
        inputs.putAll(TokenBatch.of(prompts));
        for (int i = 0; i < steps; i++) {
            trainer.accumulate(loss, inputs, 1);
            trainer.step(learningRate);
        }
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
