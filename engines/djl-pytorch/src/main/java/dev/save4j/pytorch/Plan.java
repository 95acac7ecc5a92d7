package dev.save4j.pytorch;

import dev.save4j.SaveException;
import dev.save4j.engine.GradientPath;
import dev.save4j.engine.Problem;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.ElementTypes;
import dev.save4j.graph.Graph;
import dev.save4j.graph.HostArithmetic;
import dev.save4j.graph.Node;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How one graph is run: nodes that the outputs need, each with the slots of its values, where it runs, and which values are not needed after it. Made
 * and checked once, when the graph is opened. Immutable.
 */
final class Plan {
    private final Graph graph;
    private final List<Step> steps = new ArrayList<>();
    private final Map<String, Integer> slots = new HashMap<>();
    private final Map<String, Tensor> constants = new LinkedHashMap<>();
    private final Set<String> onHost = new HashSet<>();
    private final Set<String> reached;

    /**
     * One node.
     *
     * @param operator what runs it on the device, or null when it is evaluated on the host
     * @param inputs slots of the operands, -1 for one that is left out
     * @param outputs slots of the results, -1 for one that is not named
     * @param types element types of the results
     * @param dead slots whose values are not needed any more
     */
    record Step(
            Node node, @Nullable Operator operator, int[] inputs, int[] outputs, List<ElementType> types, int[] dead) {}

    /**
     * @param trainable which weights are trained
     */
    Plan(Graph graph, Predicate<String> trainable) {
        this.graph = graph;
        Problem.refuse(PyTorchEngine.NAME, graph, Operators.problems(graph));
        ElementTypes types = new ElementTypes(graph);
        graph.constants().forEach(constants::put);
        List<Node> nodes = needed();
        nodes.removeIf(this::isConstant);
        GradientPath path = GradientPath.of(graph, types::isFloating, PyTorchEngine.LOSS, trainable);
        Problem.refuse(PyTorchEngine.NAME, graph, Operators.table().withoutGradient(path));
        reached = path.weights();
        place(nodes, types);
    }

    Graph graph() {
        return graph;
    }

    List<Step> steps() {
        return steps;
    }

    int slotCount() {
        return slots.size();
    }

    /** The slot of a value, or -1 when nothing needs it. */
    int slot(String value) {
        return slots.getOrDefault(value, -1);
    }

    /** Constants by name, those of Constant nodes included. */
    Map<String, Tensor> constants() {
        return constants;
    }

    /** Trained weights on which the loss depends through differentiable operators. */
    Set<String> reached() {
        return reached;
    }

    private SaveException refused(Node node, String why) {
        return SaveException.user("engine '" + PyTorchEngine.NAME + "' cannot open graph '" + graph.name() + "': "
                + node.describe() + ": " + why);
    }

    /** The nodes on which an output depends, in order. */
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
        Attribute value = node.attributes().values().iterator().next();
        constants.put(node.outputs().get(0), tensor(node, value));
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

    private void place(List<Node> nodes, ElementTypes types) {
        graph.inputs().forEach(input -> define(input.name(), !types.isFloating(input.name())));
        graph.parameters().keySet().forEach(name -> define(name, false));
        constants.forEach((name, tensor) -> define(name, !tensor.type().isFloating()));
        Set<String> lasting = new HashSet<>(graph.parameters().keySet());
        lasting.addAll(constants.keySet());
        graph.outputs().stream().map(ValueInfo::name).forEach(lasting::add);
        Map<String, Integer> lastUse = new HashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            for (String input : nodes.get(i).inputs()) {
                lastUse.put(input, i);
            }
            for (String output : nodes.get(i).outputs()) {
                lastUse.put(output, i);
            }
        }
        Map<Integer, List<String>> dying = new HashMap<>();
        lastUse.forEach((value, at) -> {
            if (!value.isEmpty() && !lasting.contains(value)) {
                dying.computeIfAbsent(at, key -> new ArrayList<>()).add(value);
            }
        });
        for (int i = 0; i < nodes.size(); i++) {
            Node node = nodes.get(i);
            Operator operator = runsOnHost(node, types) ? null : onDevice(node);
            for (String output : node.outputs()) {
                if (!output.isEmpty()) {
                    define(output, operator == null || isInteger(types.of(output)));
                }
            }
            int[] inputs = node.inputs().stream().mapToInt(this::slot).toArray();
            int[] outputs = node.outputs().stream().mapToInt(this::slot).toArray();
            int[] dead = dying.getOrDefault(i, List.of()).stream()
                    .mapToInt(this::slot)
                    .toArray();
            List<ElementType> results = node.outputs().stream()
                    .map(output -> output.isEmpty() ? ElementType.BOOL : types.of(output))
                    .toList();
            steps.add(new Step(node, operator, inputs, outputs, results, dead));
        }
    }

    private void define(String value, boolean host) {
        slots.put(value, slots.size());
        if (host) {
            onHost.add(value);
        }
    }

    private Operator onDevice(Node node) {
        return Operators.onDevice(node)
                .orElseThrow(() -> refused(node, "the operator works on integers and booleans only"));
    }

    private static boolean isInteger(ElementType type) {
        return !type.isFloating() && type != ElementType.BOOL;
    }

    private boolean runsOnHost(Node node, ElementTypes types) {
        if (!HostArithmetic.supports(node)
                || node.outputs().stream().anyMatch(o -> !o.isEmpty() && types.isFloating(o))) {
            return false;
        }
        List<String> inputs =
                node.inputs().stream().filter(input -> !input.isEmpty()).toList();
        if (node.operator().equals("Shape") || node.operator().equals("Size")) {
            return true;
        }
        if (inputs.stream().anyMatch(types::isFloating)) {
            return false;
        }
        // Booleans that a comparison left on the device are fetched when integers come of them.
        return onHost.containsAll(inputs)
                || Operators.onDevice(node).isEmpty()
                || isInteger(types.of(node.outputs().get(0)));
    }
}
