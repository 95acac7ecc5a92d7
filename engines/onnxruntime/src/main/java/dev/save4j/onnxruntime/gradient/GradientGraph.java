package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Graph;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A graph that computes the outputs of a loss and the derivatives of the loss by its weights.
 *
 * @param graph its outputs are those of the loss, unscaled, and behind them the derivatives
 * @param scale name of an input, a FLOAT scalar by which all derivatives are multiplied
 * @param derivatives the output of each weight that the loss depends on
 * @param accumulators the input of each weight to which its derivative is added; empty when derivatives are handed out alone. Input and output may
 *     share their memory: each element is read by the one operation that writes it
 */
public record GradientGraph(
        Graph graph, String scale, Map<String, String> derivatives, Map<String, String> accumulators) {
    public GradientGraph {
        derivatives = Collections.unmodifiableMap(new LinkedHashMap<>(derivatives));
        accumulators = Collections.unmodifiableMap(new LinkedHashMap<>(accumulators));
    }
}
