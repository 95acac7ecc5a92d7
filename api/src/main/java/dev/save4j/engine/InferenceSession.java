package dev.save4j.engine;

import dev.save4j.tensor.Tensor;
import java.util.Map;

/** An open graph. Owned and closed by whoever opened it; closing twice does nothing. Runs may be called from several threads at once. */
public interface InferenceSession extends AutoCloseable {
    /**
     * Runs the graph while holding the store's read lock.
     *
     * @param inputs one tensor per input of the graph; not kept
     * @return every output by name, owned by the caller
     */
    Map<String, Tensor> run(Map<String, Tensor> inputs);

    /** Makes changes of the weights visible. Does nothing unless the weights are PREPACKED. */
    void refresh();

    @Override
    void close();
}
