package dev.save4j.loop;

import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.models.RewardModel;
import dev.save4j.objectives.BradleyTerry;
import dev.save4j.objectives.Composition;
import dev.save4j.objectives.Feed;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The Bradley-Terry loss of a reward model over labelled pairs. */
final class PairLoss {
    private final BradleyTerry objective;
    private final Graph graph;

    PairLoss(RewardModel model, double centre) {
        objective = new BradleyTerry(centre);
        graph = Composition.of(model.rewardGraph(), objective);
    }

    Graph graph() {
        return graph;
    }

    /**
     * Accumulates the gradient of a batch in micro-batches.
     *
     * @param microBatch rows, two for each pair
     */
    Metrics accumulate(Trainer trainer, List<PairInput> pairs, int microBatch, double scale) {
        Feed feed = objective.feed(pairs.stream().mapToDouble(PairInput::margin).toArray());
        Metrics metrics = new Metrics();
        int step = Math.max(1, microBatch / 2);
        for (int from = 0; from < pairs.size(); from += step) {
            List<PairInput> part = pairs.subList(from, Math.min(from + step, pairs.size()));
            List<int[]> rows = new ArrayList<>();
            part.forEach(pair -> rows.add(pair.chosen().ids()));
            part.forEach(pair -> rows.add(pair.rejected().ids()));
            Map<String, Tensor> inputs = feed.slice(from, from + part.size());
            inputs.putAll(TokenBatch.of(rows));
            metrics.sum(trainer.accumulate(graph, inputs, scale));
        }
        return metrics;
    }
}
