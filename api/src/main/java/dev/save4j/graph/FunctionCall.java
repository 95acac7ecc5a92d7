package dev.save4j.graph;

import dev.save4j.SaveException;
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
        Map<String, Attribute> attributes =
                new BodyCopy(inside -> scope.fresh(prefix + "/" + inside)).attributes(actual(node.attributes()), names);
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

    /** The attributes with the values that the call gives to the function's parameters, in bodies as well. */
    private Map<String, Attribute> actual(Map<String, Attribute> attributes) {
        Map<String, Attribute> actual = new LinkedHashMap<>();
        attributes.forEach((name, value) -> {
            if (value instanceof Attribute.Body body) {
                actual.put(name, new Attribute.Body(actual(body.value())));
            } else if (value instanceof Attribute.Reference reference) {
                String parameter = reference.parameter();
                Attribute given = call.attributes()
                        .getOrDefault(parameter, function.defaults().getOrDefault(parameter, value));
                if (!(given instanceof Attribute.Reference)) {
                    actual.put(name, given);
                }
            } else {
                actual.put(name, value);
            }
        });
        return actual;
    }

    private Graph actual(Graph body) {
        return body.withNodes(body.nodes().stream()
                .map(node -> new Node(
                        node.name(),
                        node.domain(),
                        node.operator(),
                        node.inputs(),
                        node.outputs(),
                        actual(node.attributes()),
                        node.preserved()))
                .toList());
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
