package dev.save4j.graph;

import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The graph, or body of an operator, that comes out of normalising. Not thread-safe. */
final class NormalScope {
    private final @Nullable NormalScope outer;
    private final Set<String> taken;
    private final Set<String> nodeNames;
    private final Map<String, Integer> counters;
    private final Ranks ranks;
    private final boolean singlePrecision;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Tensor> constants = new LinkedHashMap<>();

    /**
     * @param taken names that values have somewhere already
     * @param singlePrecision whether FLOAT is the only floating type of the model
     */
    NormalScope(Set<String> taken, boolean singlePrecision) {
        this.outer = null;
        this.taken = new HashSet<>(taken);
        this.nodeNames = new HashSet<>();
        this.counters = new HashMap<>();
        this.ranks = new Ranks();
        this.singlePrecision = singlePrecision;
    }

    private NormalScope(NormalScope outer) {
        this.outer = outer;
        this.taken = outer.taken;
        this.nodeNames = outer.nodeNames;
        this.counters = outer.counters;
        this.ranks = outer.ranks;
        this.singlePrecision = outer.singlePrecision;
    }

    NormalScope inner() {
        return new NormalScope(this);
    }

    Ranks ranks() {
        return ranks;
    }

    List<Node> nodes() {
        return nodes;
    }

    Map<String, Tensor> constants() {
        return constants;
    }

    /**
     * Adds a finished node: attributes at their default, uninterpreted fields and trailing absent operands are left out, and its name is made its
     * own, because ONNX Runtime refuses two nodes of one name.
     */
    void add(Node node) {
        Node plain = new Node(
                node.name().isEmpty() ? "" : unique(node.name(), nodeNames),
                node.domain(),
                node.operator(),
                trimmed(node.inputs()),
                trimmed(node.outputs()),
                AttributeDefaults.drop(node));
        ranks.follow(plain);
        nodes.add(plain);
    }

    private static List<String> trimmed(List<String> values) {
        int size = values.size();
        while (size > 0 && values.get(size - 1).isEmpty()) {
            size--;
        }
        return values.subList(0, size);
    }

    /** Makes a value constant. */
    void constant(String name, Tensor tensor) {
        constants.put(name, tensor);
        ranks.declare(name, tensor);
    }

    /** A new constant. */
    String newConstant(String label, Tensor tensor) {
        String name = fresh(label);
        constant(name, tensor);
        return name;
    }

    /** A scalar of the floating type of another value. */
    String scalarLike(String other, String label, float value) {
        String scalar = newConstant(label, Tensor.scalar(value));
        if (singlePrecision) {
            return scalar;
        }
        String converted = fresh(label + "_converted");
        add(new Node(converted, "", "CastLike", List.of(scalar, other), List.of(converted), Map.of()));
        return converted;
    }

    /** The constant of that name here or around here. */
    Optional<Tensor> constantOf(String name) {
        for (NormalScope scope = this; scope != null; scope = scope.outer) {
            Tensor tensor = scope.constants.get(name);
            if (tensor != null) {
                return Optional.of(tensor);
            }
        }
        return Optional.empty();
    }

    String fresh(String label) {
        return unique(label, taken);
    }

    private String unique(String label, Set<String> taken) {
        String candidate = label;
        while (!taken.add(candidate)) {
            candidate = label + "_" + counters.merge(label, 1, Integer::sum);
        }
        return candidate;
    }

    /** Takes over the finished graph, without the nodes and constants that its outputs do not need. */
    Graph finish(Graph source, Map<String, Integer> opsets) {
        Set<String> needed = new HashSet<>();
        source.outputs().forEach(output -> needed.add(output.name()));
        List<Node> live = new ArrayList<>();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            if (node.outputs().stream().anyMatch(needed::contains)) {
                live.add(node);
                needed.addAll(node.reads());
            }
        }
        Collections.reverse(live);
        Map<String, Tensor> keptConstants = new LinkedHashMap<>(constants);
        keptConstants.keySet().retainAll(needed);
        Map<String, TensorType> keptParameters = new LinkedHashMap<>(source.parameters());
        keptParameters.keySet().retainAll(needed);
        return new Graph(
                source.name(),
                opsets,
                source.inputs(),
                source.outputs(),
                live,
                keptConstants,
                keptParameters,
                Preserved.NOTHING);
    }

    /** Whether FLOAT is the only floating type among what a graph states. */
    static boolean singlePrecision(Graph graph) {
        return graph.inputs().stream()
                        .allMatch(input ->
                                !input.type().isKnown() || single(input.type().element()))
                && graph.parameters().values().stream().allMatch(type -> single(type.element()))
                && graph.constants().values().stream().allMatch(tensor -> single(tensor.type()))
                && graph.nodes().stream()
                        .flatMap(node -> node.attributes().entrySet().stream())
                        .allMatch(NormalScope::single);
    }

    private static boolean single(Map.Entry<String, Attribute> attribute) {
        Attribute value = attribute.getValue();
        if (value instanceof Attribute.Body body) {
            return singlePrecision(body.value());
        }
        if (value instanceof Attribute.Constant constant) {
            return single(constant.value().type());
        }
        return !(value instanceof Attribute.Int code)
                || !attribute.getKey().equals("to") && !attribute.getKey().equals("dtype")
                || code.value() != ElementType.DOUBLE.onnxCode()
                        && code.value() != ElementType.FLOAT16.onnxCode()
                        && code.value() != ElementType.BFLOAT16.onnxCode();
    }

    private static boolean single(ElementType element) {
        return element == ElementType.FLOAT || !element.isFloating();
    }
}
