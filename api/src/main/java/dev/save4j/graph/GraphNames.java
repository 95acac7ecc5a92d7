package dev.save4j.graph;

import java.util.HashSet;
import java.util.Set;

/** The names of values in a graph, the bodies of its operators included. */
final class GraphNames {
    private GraphNames() {}

    /** Every name that is given to a value anywhere in the graph. */
    static Set<String> defined(Graph graph) {
        Set<String> names = new HashSet<>();
        defined(graph, names);
        return names;
    }

    private static void defined(Graph graph, Set<String> names) {
        graph.inputs().forEach(input -> names.add(input.name()));
        names.addAll(graph.constants().keySet());
        names.addAll(graph.parameters().keySet());
        for (Node node : graph.nodes()) {
            names.addAll(node.outputs());
            for (Attribute attribute : node.attributes().values()) {
                if (attribute instanceof Attribute.Body body) {
                    defined(body.value(), names);
                }
            }
        }
    }
}
