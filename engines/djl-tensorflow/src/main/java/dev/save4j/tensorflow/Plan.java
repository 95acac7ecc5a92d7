package dev.save4j.tensorflow;

import dev.save4j.SaveException;
import dev.save4j.engine.GradientPath;
import dev.save4j.engine.Problem;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.ElementTypes;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
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
        Problem.refuse(TensorFlowEngine.NAME, graph, Operators.problems(graph));
        types = new ElementTypes(graph);
        constants.putAll(graph.constants());
        nodes = needed();
        nodes.removeIf(this::isConstant);
        GradientPath path = GradientPath.of(graph, types::isFloating, TensorFlowEngine.LOSS, trainable);
        Problem.refuse(TensorFlowEngine.NAME, graph, Operators.table().withoutGradient(path));
        reached = path.weights();
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
}
