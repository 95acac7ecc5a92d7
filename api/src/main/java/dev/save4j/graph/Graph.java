package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.Tensor;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * An immutable ONNX graph. Nodes are in topological order and every value is assigned once; the constructor checks both. Weights are named in
 * {@code parameters} and held by a {@link dev.save4j.tensor.WeightStore}; {@code constants} are small tensors that belong to the graph itself.
 *
 * @param opsets version of each operator domain that the nodes use; the standard domain is the empty string. Empty for the body of a control-flow
 *     operator, which has those of the graph it belongs to
 */
public record Graph(
        String name,
        Map<String, Integer> opsets,
        List<ValueInfo> inputs,
        List<ValueInfo> outputs,
        List<Node> nodes,
        Map<String, Tensor> constants,
        Map<String, TensorType> parameters,
        Preserved preserved) {
    /** The standard operator set in which graphs are built and to which files are normalised. */
    public static final int OPSET = 23;

    public Graph {
        opsets = ordered(opsets);
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        nodes = List.copyOf(nodes);
        constants = ordered(constants);
        parameters = ordered(parameters);
    }

    public Graph(
            String name,
            Map<String, Integer> opsets,
            List<ValueInfo> inputs,
            List<ValueInfo> outputs,
            List<Node> nodes,
            Map<String, Tensor> constants,
            Map<String, TensorType> parameters) {
        this(name, opsets, inputs, outputs, nodes, constants, parameters, Preserved.NOTHING);
        validate(Set.of());
    }

    private static <V> Map<String, V> ordered(Map<String, V> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }

    /**
     * Checks that every value is defined before it is used and assigned once, in the bodies of control-flow operators as well; a USER error names the
     * node and value.
     *
     * @param outer values of the enclosing graph, visible in the body of a control-flow operator
     */
    public void validate(Set<String> outer) {
        validate(outer::contains);
    }

    private void validate(Predicate<String> outer) {
        Set<String> defined = new HashSet<>();
        Predicate<String> visible = value -> defined.contains(value) || outer.test(value);
        inputs.forEach(input -> define(defined, outer, input.name(), "an input"));
        // Old files list weights among the inputs as well.
        defined.addAll(constants.keySet());
        defined.addAll(parameters.keySet());
        for (Node node : nodes) {
            for (String input : node.inputs()) {
                if (!input.isEmpty() && !visible.test(input)) {
                    throw SaveException.user("graph '" + name + "': " + node.describe() + " reads '" + input
                            + "', which no earlier node, input or weight defines");
                }
            }
            for (Attribute attribute : node.attributes().values()) {
                if (attribute instanceof Attribute.Body body) {
                    body.value().validate(visible);
                }
            }
            for (String output : node.outputs()) {
                if (!output.isEmpty()) {
                    define(defined, outer, output, node.describe());
                }
            }
        }
        for (ValueInfo output : outputs) {
            if (!visible.test(output.name())) {
                throw SaveException.user(
                        "graph '" + name + "': output '" + output.name() + "' is not defined by any node");
            }
        }
    }

    private void define(Set<String> defined, Predicate<String> outer, String value, String by) {
        if (outer.test(value) || !defined.add(value)) {
            throw SaveException.user("graph '" + name + "': value '" + value + "' is assigned again by " + by);
        }
    }

    public boolean hasOutput(String value) {
        return outputs.stream().anyMatch(output -> output.name().equals(value));
    }

    /** The input of that name; a USER error that lists the inputs when there is none. */
    public ValueInfo input(String value) {
        return inputs.stream()
                .filter(input -> input.name().equals(value))
                .findFirst()
                .orElseThrow(() -> SaveException.user("graph '" + name + "' has no input '" + value + "'; it has "
                        + inputs.stream().map(ValueInfo::name).toList()));
    }

    /** The node that assigns each value. */
    public Map<String, Node> producers() {
        Map<String, Node> producers = new HashMap<>();
        nodes.forEach(node -> node.outputs().forEach(output -> producers.put(output, node)));
        return producers;
    }

    public Graph withNodes(List<Node> other) {
        return new Graph(name, opsets, inputs, outputs, other, constants, parameters, preserved);
    }

    public Graph withConstants(Map<String, Tensor> other) {
        return new Graph(name, opsets, inputs, outputs, nodes, other, parameters, preserved);
    }

    /** Equal in everything including the bytes of constants. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Graph graph
                && name.equals(graph.name)
                && opsets.equals(graph.opsets)
                && inputs.equals(graph.inputs)
                && outputs.equals(graph.outputs)
                && nodes.equals(graph.nodes)
                && parameters.equals(graph.parameters)
                && preserved.equals(graph.preserved)
                && sameTensors(constants, graph.constants);
    }

    /** Whether both have tensors of the same names, types, shapes and bytes. */
    static boolean sameTensors(Map<String, Tensor> left, Map<String, Tensor> right) {
        return left.keySet().equals(right.keySet())
                && left.entrySet().stream().allMatch(entry -> {
                    Tensor other = right.get(entry.getKey());
                    return other != null && entry.getValue().contentEquals(other);
                });
    }

    @Override
    public int hashCode() {
        return name.hashCode() * 31 + nodes.hashCode();
    }
}
