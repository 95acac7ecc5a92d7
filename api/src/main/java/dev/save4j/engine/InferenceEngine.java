package dev.save4j.engine;

import dev.save4j.graph.Graph;
import dev.save4j.tensor.WeightStore;

/** Runs graphs forward. Implementations are thread-safe factories of sessions. */
public interface InferenceEngine extends Engine {
    /**
     * Opens a graph over a store. A USER error names node and operator that the engine does not accept; an ENGINE error tells when a LIVE graph does
     * not see changes of a weight.
     */
    InferenceSession open(Graph graph, WeightStore weights, WeightBinding binding, EngineSettings settings);
}
