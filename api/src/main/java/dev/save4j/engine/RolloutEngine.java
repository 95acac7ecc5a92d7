package dev.save4j.engine;

import dev.save4j.tensor.WeightStore;

/** Samples completions. Implementations are thread-safe factories of sessions. */
public interface RolloutEngine extends Engine {
    /**
     * Opens a decoder over a store.
     *
     * @param slots how many sequences are decoded at once
     */
    RolloutSession open(DecoderGraph decoder, WeightStore weights, int slots, EngineSettings settings);
}
