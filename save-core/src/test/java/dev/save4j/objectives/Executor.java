package dev.save4j.objectives;

import dev.save4j.graph.Graph;
import java.util.Map;

/** Whoever computes a graph in a test. */
interface Executor {
    /** Scalar outputs by name. */
    Map<String, Double> run(Graph graph, Map<String, Array> inputs);
}
