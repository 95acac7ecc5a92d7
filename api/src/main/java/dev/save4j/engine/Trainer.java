package dev.save4j.engine;

import dev.save4j.graph.Graph;
import dev.save4j.tensor.Tensor;
import java.util.Map;

/**
 * Training graphs opened over a store of weights. Owned and closed by whoever opened it; closing twice does nothing. One thread at a time.
 *
 * <pre>{@code
 * trainer.accumulate(loss, firstMicroBatch, 0.5);
 * trainer.accumulate(loss, secondMicroBatch, 0.5);
 * double norm = trainer.step(1e-5);
 * }</pre>
 */
public interface Trainer extends AutoCloseable {
    /**
     * Runs a graph forward and backward and adds {@code scale} times the gradient of its loss to what was accumulated since the last step.
     *
     * @param loss one of the graphs the trainer was opened with
     * @return every output by name, the loss unscaled
     */
    Map<String, Tensor> accumulate(Graph loss, Map<String, Tensor> inputs, double scale);

    /** Runs a graph forward only; its loss may depend on no weight at all. Nothing is accumulated. */
    Map<String, Tensor> evaluate(Graph loss, Map<String, Tensor> inputs);

    /**
     * Clips the accumulated gradients by their global norm, applies AdamW to the store in place and forgets the gradients.
     *
     * @param learningRate of this step
     * @return the global norm before clipping. When it is not finite nothing is changed and the gradients are forgotten: the caller decides.
     */
    double step(double learningRate);

    /** Copies of the accumulated gradients by weight; a weight that is frozen, or that no loss reached, is missing. */
    Map<String, Tensor> gradients();

    /** A copy of the optimizer's state. */
    OptimizerState state();

    /** Takes over a state; a USER error names the weight that does not fit. */
    void restore(OptimizerState state);

    @Override
    void close();
}
