package dev.save4j.engine;

import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The part of a graph that lies between trained weights and the loss.
 *
 * @param values that depend on a trained weight, and on which the loss depends
 * @param nodes with such a value among operands and results, in order
 * @param weights trained weights the loss depends on, in the order of the graph
 */
public record GradientPath(Set<String> values, List<Node> nodes, Set<String> weights) {
    /**
     * Follows the trained weights forward and the loss backward.
     *
     * @param floating whether a value has a floating type; gradients flow through no other
     * @param loss name of an output
     * @param trained whether a weight is trained
     */
    public static GradientPath of(Graph graph, Predicate<String> floating, String loss, Predicate<String> trained) {
        Set<String> moving = new HashSet<>();
        graph.parameters().forEach((name, type) -> {
            if (type.element().isFloating() && trained.test(name)) {
                moving.add(name);
            }
        });
        for (Node node : graph.nodes()) {
            if (!stops(node) && node.reads().stream().anyMatch(moving::contains)) {
                node.outputs().stream()
                        .filter(output -> !output.isEmpty() && floating.test(output))
                        .forEach(moving::add);
            }
        }
        Set<String> values = new HashSet<>(moving.contains(loss) ? Set.of(loss) : Set.of());
        List<Node> nodes = new ArrayList<>();
        for (int i = graph.nodes().size() - 1; i >= 0; i--) {
            Node node = graph.nodes().get(i);
            if (!stops(node) && node.outputs().stream().anyMatch(values::contains)) {
                nodes.add(node);
                node.reads().stream().filter(moving::contains).forEach(values::add);
            }
        }
        Collections.reverse(nodes);
        Set<String> weights = new LinkedHashSet<>(graph.parameters().keySet());
        weights.retainAll(values);
        return new GradientPath(values, nodes, weights);
    }

    private static boolean stops(Node node) {
        return node.qualifiedOperator().equals(Node.SAVE4J + "::StopGradient");
    }
}
