package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import java.util.ArrayList;
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
record GradientPath(Set<String> values, List<Node> nodes, Set<String> weights) {
    static GradientPath of(Graph graph, Types types, String loss, Predicate<String> trained) {
        Set<String> moving = new HashSet<>();
        graph.parameters().forEach((name, type) -> {
            if (type.element().isFloating() && trained.test(name)) {
                moving.add(name);
            }
        });
        for (Node node : graph.nodes()) {
            if (!stops(node) && reads(node).stream().anyMatch(moving::contains)) {
                node.outputs().stream()
                        .filter(output ->
                                !output.isEmpty() && types.of(output).element().isFloating())
                        .forEach(moving::add);
            }
        }
        Set<String> values = new HashSet<>(moving.contains(loss) ? Set.of(loss) : Set.of());
        List<Node> nodes = new ArrayList<>();
        for (int i = graph.nodes().size() - 1; i >= 0; i--) {
            Node node = graph.nodes().get(i);
            if (!stops(node) && node.outputs().stream().anyMatch(values::contains)) {
                nodes.add(0, node);
                reads(node).stream().filter(moving::contains).forEach(values::add);
            }
        }
        Set<String> weights = new LinkedHashSet<>(graph.parameters().keySet());
        weights.retainAll(values);
        return new GradientPath(values, nodes, weights);
    }

    private static boolean stops(Node node) {
        return node.qualifiedOperator().equals(Node.SAVE4J + "::StopGradient");
    }

    /** Operands, and what the bodies of a control-flow operator take from outside. */
    static Set<String> reads(Node node) {
        Set<String> names = new HashSet<>(node.inputs());
        for (Attribute attribute : node.attributes().values()) {
            if (attribute instanceof Attribute.Body body) {
                body.value().nodes().forEach(inner -> names.addAll(reads(inner)));
                body.value().outputs().forEach(output -> names.add(output.name()));
            }
        }
        return names;
    }
}
