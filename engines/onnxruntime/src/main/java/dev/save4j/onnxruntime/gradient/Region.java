package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Node;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Nodes whose values are not kept for the gradient: behind the loss they are computed again.
 *
 * @param nodes in the order of the graph, those of the parts among them
 * @param results what the nodes compute and others read
 * @param parts regions within this one that are computed again one after the other
 */
record Region(List<Node> nodes, Set<String> results, List<Region> parts) {
    Region {
        nodes = List.copyOf(nodes);
        results = Set.copyOf(results);
        parts = List.copyOf(parts);
    }

    /** What no other node reads. */
    Set<String> inner() {
        Set<String> inner = new LinkedHashSet<>();
        nodes.forEach(node -> inner.addAll(node.outputs()));
        inner.removeAll(results);
        inner.remove("");
        return inner;
    }

    /** The same nodes over other values. */
    Region renamed(UnaryOperator<String> names) {
        return new Region(
                nodes.stream().map(node -> renamed(node, names)).toList(),
                new HashSet<>(results.stream().map(names).toList()),
                parts.stream().map(part -> part.renamed(names)).toList());
    }

    static Node renamed(Node node, UnaryOperator<String> names) {
        return new Node(
                node.outputs().stream()
                        .filter(output -> !output.isEmpty())
                        .map(names)
                        .findFirst()
                        .orElse(node.name()),
                node.domain(),
                node.operator(),
                node.inputs().stream().map(names).toList(),
                node.outputs().stream().map(names).toList(),
                node.attributes());
    }
}
