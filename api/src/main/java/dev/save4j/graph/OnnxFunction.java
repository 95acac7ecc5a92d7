package dev.save4j.graph;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A function that a model defines itself: a node of its domain and name stands for its body.
 *
 * @param overload tells functions of the same domain and name apart; mostly empty
 * @param attributes names that {@link Attribute.Reference}s in the body may use, without a default
 * @param defaults names with the value they have when the calling node lacks them
 * @param opsets the operator sets of the body
 */
public record OnnxFunction(
        String domain,
        String name,
        String overload,
        List<String> inputs,
        List<String> outputs,
        List<String> attributes,
        Map<String, Attribute> defaults,
        Map<String, Integer> opsets,
        List<Node> nodes,
        Preserved preserved) {
    public OnnxFunction {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        attributes = List.copyOf(attributes);
        defaults = Collections.unmodifiableMap(new LinkedHashMap<>(defaults));
        opsets = Collections.unmodifiableMap(new LinkedHashMap<>(opsets));
        nodes = List.copyOf(nodes);
    }

    /** The function with its domain, as in {@code pkg.torch::aten_gelu}. */
    public String qualifiedName() {
        return domain + "::" + name + (overload.isEmpty() ? "" : ":" + overload);
    }
}
