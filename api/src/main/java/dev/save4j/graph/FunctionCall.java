package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Puts the body of a model's function in place of a node that calls it. */
final class FunctionCall {
    private final OnnxFunction function;
    private final Node call;
    private final NormalScope scope;
    private final String prefix;

    FunctionCall(OnnxFunction function, Node call, NormalScope scope) {
        this.function = function;
        this.call = call;
        this.scope = scope;
        this.prefix = call.name().isEmpty() ? function.name() : call.name();
        if (call.inputs().size() > function.inputs().size()
                || call.outputs().size() > function.outputs().size()) {
            throw SaveException.user(call.describe() + " passes "
                    + call.inputs().size() + " inputs and "
                    + call.outputs().size() + " outputs to function '" + function.qualifiedName() + "', which takes "
                    + function.inputs().size() + " and " + function.outputs().size());
        }
    }

    /** The nodes of the body with the names and attributes of this call. */
    List<Node> expand() {
        Map<String, String> names = new HashMap<>(Map.of("", ""));
        for (int i = 0; i < function.inputs().size(); i++) {
            names.put(function.inputs().get(i), call.hasInput(i) ? call.inputs().get(i) : "");
        }
        List<Node> copies = new ArrayList<>();
        Map<String, String> results = new LinkedHashMap<>();
        for (int i = 0; i < call.outputs().size(); i++) {
            String inside = function.outputs().get(i);
            if (call.hasOutput(i) && !names.containsKey(inside) && !results.containsKey(inside)) {
                results.put(inside, call.outputs().get(i));
            }
        }
        for (Node node : function.nodes()) {
            copies.add(copy(node, names, results));
        }
        for (int i = 0; i < call.outputs().size(); i++) {
            String inside = function.outputs().get(i);
            String outside = call.outputs().get(i);
            if (call.hasOutput(i) && !outside.equals(results.get(inside))) {
                // An input handed through, or one value returned twice.
                copies.add(new Node(
                        prefix + "/" + outside,
                        "",
                        "Identity",
                        List.of(name(names, inside)),
                        List.of(outside),
                        Map.of()));
            }
        }
        return copies;
    }

    private Node copy(Node node, Map<String, String> names, Map<String, String> results) {
        List<String> inputs =
                node.inputs().stream().map(input -> name(names, input)).toList();
        Map<String, Attribute> attributes = new LinkedHashMap<>();
        node.attributes().forEach((name, value) -> {
            Attribute actual = value instanceof Attribute.Reference reference
                    ? call.attributes()
                            .getOrDefault(
                                    reference.parameter(),
                                    function.defaults().getOrDefault(reference.parameter(), value))
                    : value;
            if (actual instanceof Attribute.Body body) {
                attributes.put(name, new Attribute.Body(copy(body.value(), names)));
            } else if (!(actual instanceof Attribute.Reference)) {
                attributes.put(name, actual);
            }
        });
        List<String> outputs = new ArrayList<>();
        for (String output : node.outputs()) {
            if (!output.isEmpty()) {
                String result = results.get(output);
                names.put(output, result == null ? scope.fresh(prefix + "/" + output) : result);
            }
            outputs.add(names.getOrDefault(output, ""));
        }
        return new Node(
                prefix + "/" + (node.name().isEmpty() ? node.operator() : node.name()),
                node.domain(),
                node.operator(),
                inputs,
                outputs,
                attributes,
                node.preserved());
    }

    private Graph copy(Graph body, Map<String, String> outer) {
        Map<String, String> names = new HashMap<>(outer);
        List<ValueInfo> inputs = new ArrayList<>();
        for (ValueInfo input : body.inputs()) {
            inputs.add(new ValueInfo(define(names, input.name()), input.type()));
        }
        Map<String, Tensor> constants = new LinkedHashMap<>();
        body.constants().forEach((name, tensor) -> constants.put(define(names, name), tensor));
        List<Node> nodes =
                body.nodes().stream().map(node -> copy(node, names, Map.of())).toList();
        List<ValueInfo> outputs = body.outputs().stream()
                .map(output -> new ValueInfo(name(names, output.name()), output.type()))
                .toList();
        return new Graph(body.name(), body.opsets(), inputs, outputs, nodes, constants, Map.of(), Preserved.NOTHING);
    }

    private String define(Map<String, String> names, String inside) {
        String outside = scope.fresh(prefix + "/" + inside);
        names.put(inside, outside);
        return outside;
    }

    private String name(Map<String, String> names, String inside) {
        String outside = names.get(inside);
        if (outside == null) {
            throw SaveException.user("function '" + function.qualifiedName() + "' uses '" + inside
                    + "', which none of its inputs and earlier nodes defines");
        }
        return outside;
    }
}
