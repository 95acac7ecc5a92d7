package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.Tensor;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Copies the bodies of control-flow operators from one graph to another in which their names mean something else. */
final class BodyCopy {
    private final UnaryOperator<String> fresh;

    /** @param fresh gives a free name to a value that a body defines */
    BodyCopy(UnaryOperator<String> fresh) {
        this.fresh = fresh;
    }

    /**
     * The attributes of a node with its bodies copied.
     *
     * @param outer new names of the values around the node
     */
    Map<String, Attribute> attributes(Map<String, Attribute> attributes, Map<String, String> outer) {
        Map<String, Attribute> copies = new LinkedHashMap<>(attributes);
        copies.replaceAll((name, value) ->
                value instanceof Attribute.Body body ? new Attribute.Body(copy(body.value(), outer)) : value);
        return copies;
    }

    private Graph copy(Graph body, Map<String, String> outer) {
        Map<String, String> names = new HashMap<>(outer);
        names.put("", "");
        List<ValueInfo> inputs = body.inputs().stream()
                .map(input -> new ValueInfo(define(names, input.name()), input.type(), input.preserved()))
                .toList();
        Map<String, Tensor> constants = new LinkedHashMap<>();
        body.constants().forEach((name, tensor) -> constants.put(define(names, name), tensor));
        List<Node> nodes =
                body.nodes().stream().map(node -> copy(body, node, names)).toList();
        List<ValueInfo> outputs = body.outputs().stream()
                .map(output -> new ValueInfo(read(body, names, output.name()), output.type(), output.preserved()))
                .toList();
        return new Graph(
                body.name(), body.opsets(), inputs, outputs, nodes, constants, body.parameters(), Preserved.NOTHING);
    }

    private Node copy(Graph body, Node node, Map<String, String> names) {
        return new Node(
                node.name(),
                node.domain(),
                node.operator(),
                node.inputs().stream().map(input -> read(body, names, input)).toList(),
                node.outputs().stream()
                        .map(output -> output.isEmpty() ? "" : define(names, output))
                        .toList(),
                attributes(node.attributes(), names),
                node.preserved());
    }

    private String define(Map<String, String> names, String inside) {
        String copy = fresh.apply(inside);
        names.put(inside, copy);
        return copy;
    }

    private static String read(Graph body, Map<String, String> names, String value) {
        String copy = names.get(value);
        if (copy == null) {
            throw SaveException.user(
                    "body '" + body.name() + "' reads '" + value + "', which nothing before it defines");
        }
        return copy;
    }

    /** The node reading other values, in its bodies as well; names that bodies define themselves are not among them. */
    static Node substitute(Node node, Map<String, String> names) {
        Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
        attributes.replaceAll((name, value) ->
                value instanceof Attribute.Body body ? new Attribute.Body(substitute(body.value(), names)) : value);
        return new Node(
                node.name(),
                node.domain(),
                node.operator(),
                node.inputs().stream()
                        .map(input -> names.getOrDefault(input, input))
                        .toList(),
                node.outputs(),
                attributes,
                node.preserved());
    }

    private static Graph substitute(Graph body, Map<String, String> names) {
        return new Graph(
                body.name(),
                body.opsets(),
                body.inputs(),
                body.outputs().stream()
                        .map(output -> new ValueInfo(
                                names.getOrDefault(output.name(), output.name()), output.type(), output.preserved()))
                        .toList(),
                body.nodes().stream().map(node -> substitute(node, names)).toList(),
                body.constants(),
                body.parameters(),
                body.preserved());
    }
}
