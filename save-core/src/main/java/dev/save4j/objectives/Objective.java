package dev.save4j.objectives;

import dev.save4j.graph.Graph;

/**
 * A scalar to be minimised, as a graph. Some inputs are outputs of a model, such as {@code reward} or {@code log_prob}; the others are data.
 * Implementations are immutable.
 *
 * <p><b>Shares of a batch.</b> Every output is a sum over rows in which each row already carries its weight in the <em>whole</em> batch; the
 * normalisers (one over the number of pairs, of answer tokens, of positive answers, …) are inputs, counted in Java by the {@code feed} method of
 * the objective. So the outputs of the micro-batches of a {@link Feed} add up to the outputs of the whole batch, metrics included, and
 * {@code trainer.accumulate(graph, microBatch, 1.0)} over all of them accumulates exactly the gradient of the batch, however it was cut.
 */
public interface Objective {
    /** The output that is minimised. */
    String LOSS = "loss";

    /** Lower case with dashes, the name of the graph. */
    String name();

    /** A graph without weights whose first output is the scalar FLOAT {@code loss}; every further output is a scalar metric. */
    Graph graph();
}
