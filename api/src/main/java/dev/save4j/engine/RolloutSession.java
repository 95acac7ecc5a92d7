package dev.save4j.engine;

import java.util.List;

/** An open decoder. Owned and closed by whoever opened it; closing twice does nothing. One thread at a time. */
public interface RolloutSession extends AutoCloseable {
    /**
     * Samples all requests. Tokens do not depend on how requests are batched or scheduled; log-probabilities agree to 1e-5.
     *
     * @param progress called with the number of finished completions, from the calling thread
     * @return for each request, in order, its completions in order
     */
    List<List<Completion>> generate(
            List<RolloutRequest> requests, Sampling sampling, java.util.function.IntConsumer progress);

    default List<List<Completion>> generate(List<RolloutRequest> requests, Sampling sampling) {
        return generate(requests, sampling, finished -> {});
    }

    /** Makes changes of the weights visible; needed after every update, before anything is sampled. */
    void refresh();

    @Override
    void close();
}
