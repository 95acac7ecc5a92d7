package dev.save4j.tensorflow;

import dev.save4j.SaveException;
import dev.save4j.engine.OperatorRule;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** What of a graph is run: the nodes that its outputs need, its constants, and the weights to differentiate by. Checked when it is opened. Immutable. */
final class Plan {
    private final Graph graph;
    private final ElementTypes types;
    private final List<Node> nodes;
    private final Map<String, Tensor> constants = new LinkedHashMap<>();
    private final Set<String> reached;

    /**
     * @param trainable which weights are trained
     */
    Plan(Graph graph, Predicate<String> trainable) {
        this.graph = graph;
        Operators.table().check(TensorFlowEngine.NAME, graph);
        types = new ElementTypes(graph);
        graph.nodes().forEach(this::check);
        constants.putAll(graph.constants());
        nodes = needed();
        nodes.removeIf(this::isConstant);
        reached = differentiate(trainable);
    }

    Graph graph() {
        return graph;
    }

    /** The nodes that the outputs need, but for constants, in order. */
    List<Node> nodes() {
        return nodes;
    }

    ElementType type(String value) {
        return types.of(value);
    }

    /** Constants by name, those of Constant nodes included. */
    Map<String, Tensor> constants() {
        return constants;
    }

    /** Trained weights on which the loss depends through differentiable operators, in the order of the graph's parameters. */
    Set<String> reached() {
        return reached;
    }

    private SaveException refused(Node node, String why) {
        return SaveException.user("engine '" + TensorFlowEngine.NAME + "' cannot open graph '" + graph.name() + "': "
                + node.describe() + ": " + why);
    }

    private OperatorRule rule(Node node) {
        return Operators.table()
                .rule(node.domain(), node.operator())
                .orElseThrow(() -> refused(node, "the operator is not supported"));
    }

    private void check(Node node) {
        Operators.onDevice(node).ifPresent(operator -> {
            for (int i = 0; i < operator.least(); i++) {
                if (!node.hasInput(i)) {
                    throw refused(node, "it needs " + operator.least() + " operands");
                }
            }
            if (node.inputs().size() > operator.most()) {
                throw refused(
                        node,
                        node.inputs().size() + " operands are given, but only " + operator.most() + " are supported");
            }
            String objection = operator.objection().apply(node);
            if (!objection.isEmpty()) {
                throw refused(node, objection);
            }
        });
        Set<ElementType> elements = rule(node).elements();
        for (String input : node.inputs()) {
            if (!input.isEmpty() && !elements.contains(types.of(input))) {
                throw refused(
                        node,
                        "operand '" + input + "' is " + types.of(input) + ", but the operator is supported for "
                                + elements.stream().sorted().toList());
            }
        }
    }

    private List<Node> needed() {
        Set<String> wanted = new HashSet<>();
        graph.outputs().forEach(output -> wanted.add(output.name()));
        Deque<Node> kept = new ArrayDeque<>();
        for (int i = graph.nodes().size() - 1; i >= 0; i--) {
            Node node = graph.nodes().get(i);
            if (node.outputs().stream().anyMatch(wanted::contains)) {
                kept.addFirst(node);
                wanted.addAll(node.inputs());
            }
        }
        return new ArrayList<>(kept);
    }

    private boolean isConstant(Node node) {
        if (!node.qualifiedOperator().equals("Constant")) {
            return false;
        }
        constants.put(
                node.outputs().get(0),
                tensor(node, node.attributes().values().iterator().next()));
        return true;
    }

    private Tensor tensor(Node node, Attribute value) {
        if (value instanceof Attribute.Constant constant) {
            return constant.value();
        } else if (value instanceof Attribute.Int integer) {
            return Tensor.scalar(integer.value());
        } else if (value instanceof Attribute.Ints integers) {
            return Tensor.vector(integers.toArray());
        } else if (value instanceof Attribute.Real real) {
            return Tensor.scalar(real.value());
        } else if (value instanceof Attribute.Reals reals) {
            float[] values = new float[reals.values().size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = reals.values().get(i);
            }
            return Tensor.of(values, values.length);
        }
        throw refused(node, "a constant must be a tensor or numbers");
    }

    /** Follows the trained weights forward and the loss backward; refuses an operator without a gradient where both meet. */
    private Set<String> differentiate(Predicate<String> trainable) {
        Set<String> carrying = new HashSet<>();
        graph.parameters().keySet().stream().filter(trainable).forEach(carrying::add);
        for (Node node : nodes) {
            if (!node.operator().equals("StopGradient")
                    && node.inputs().stream().anyMatch(carrying::contains)) {
                node.outputs().stream()
                        .filter(output -> !output.isEmpty() && types.isFloating(output))
                        .forEach(carrying::add);
            }
        }
        Set<String> needed = new HashSet<>(Set.of(TensorFlowEngine.LOSS));
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            if (node.outputs().stream().anyMatch(output -> needed.contains(output) && carrying.contains(output))) {
                if (!rule(node).differentiable()) {
                    throw refused(
                            node,
                            "the operator has no gradient, but lies between a trained weight and the loss;"
                                    + " put StopGradient before it if none should flow");
                }
                needed.addAll(node.inputs());
            }
        }
        Set<String> weights = new LinkedHashSet<>(graph.parameters().keySet());
        weights.removeIf(weight -> !needed.contains(weight) || !carrying.contains(weight));
        return weights;
    }
}
