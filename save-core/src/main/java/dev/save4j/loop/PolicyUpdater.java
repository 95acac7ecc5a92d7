package dev.save4j.loop;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.OptimizerState;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.models.PolicyModel;
import dev.save4j.objectives.AnswerTokens;
import dev.save4j.objectives.Composition;
import dev.save4j.objectives.Feed;
import dev.save4j.objectives.PolicyObjective;
import dev.save4j.run.Experiment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** Updates the policy on order answers. Closes its trainer, not the model. */
final class PolicyUpdater implements AutoCloseable {
    private final PolicyObjective objective;
    private final Experiment.Policy settings;
    private final Graph loss;
    private final Trainer trainer;

    PolicyUpdater(
            PolicyModel policy,
            PolicyObjective objective,
            double temperature,
            GradientEngine engine,
            EngineSettings machine,
            Experiment.Policy settings) {
        this.objective = objective;
        this.settings = settings;
        this.loss = Composition.of(policy.logProbGraph(temperature, objective.withEntropy()), objective);
        this.trainer = engine.open(
                policy.weights(),
                List.of(loss),
                Optimization.DEFAULT
                        .withWeightDecay(settings.weightDecay())
                        .withMaxGradientNorm(settings.maxGradientNorm()),
                machine);
    }

    /**
     * Makes {@code epochs × mini_batches} updates.
     *
     * @param advantages per answer, as the objective wants them
     * @param reference log-probs of the answers under the reference model, empty when there is none
     * @param seed of the order of the answers
     * @return the metrics of the objective, averaged over the updates, and {@code grad_norm}
     */
    Metrics update(
            List<Answer> answers, List<double[]> advantages, List<float[]> reference, double learningRate, long seed) {
        Metrics metrics = new Metrics();
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, answers.size()).boxed().toList());
        Random random = new Random(seed);
        for (int epoch = 0; epoch < settings.epochs(); epoch++) {
            if (settings.epochs() * settings.miniBatches() > 1) {
                Collections.shuffle(order, random);
            }
            int size = -Math.floorDiv(-order.size(), settings.miniBatches());
            for (int from = 0; from < order.size(); from += size) {
                List<Integer> rows = order.subList(from, Math.min(from + size, order.size()));
                metrics.addAll(updateOnce(rows, answers, advantages, reference, learningRate));
            }
        }
        return metrics;
    }

    private Metrics updateOnce(
            List<Integer> rows,
            List<Answer> answers,
            List<double[]> advantages,
            List<float[]> reference,
            double learningRate) {
        List<int[]> sequences =
                rows.stream().map(row -> answers.get(row).sequence()).toList();
        int width = TokenBatch.longest(sequences);
        AnswerTokens tokens = new AnswerTokens(
                width - 1,
                rows.stream()
                        .mapToInt(row -> answers.get(row).promptTokens().length - 1)
                        .toArray(),
                rows.stream()
                        .map(row -> answers.get(row).completion().logProbs())
                        .toList(),
                rows.stream().map(advantages::get).toList(),
                reference.isEmpty()
                        ? List.of()
                        : rows.stream().map(reference::get).toList());
        Feed feed = objective.feed(tokens);
        Metrics metrics = new Metrics();
        for (int from = 0; from < rows.size(); from += settings.microBatch()) {
            int to = Math.min(from + settings.microBatch(), rows.size());
            Map<String, dev.save4j.tensor.Tensor> inputs = feed.slice(from, to);
            inputs.putAll(TokenBatch.of(sequences.subList(from, to), width));
            metrics.sum(trainer.accumulate(loss, inputs, 1));
        }
        metrics.put("grad_norm", trainer.step(learningRate));
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
