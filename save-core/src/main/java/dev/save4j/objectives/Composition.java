package dev.save4j.objectives;

import dev.save4j.SaveException;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Node;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Joins graphs of models and objectives. */
public final class Composition {
    private Composition() {}

    /**
     * The training graph of a model under an objective. Outputs of the model become the equally named inputs of the objective; what the objective
     * needs besides becomes an input. Its outputs are those of the objective, and whatever they do not depend on is left out: nodes, weights (a
     * value head that the objective does not read gets no gradient) and inputs.
     *
     * <p>A USER error when the model has no output that the objective reads.
     */
    public static Graph of(Graph model, Objective objective) {
        Graph loss = objective.graph();
        GraphBuilder g = new GraphBuilder(model.name() + "/" + objective.name());
        Map<String, Value> outputs = g.scoped("model", () -> g.include(model, Map.of()));
        Map<String, Value> bound = new LinkedHashMap<>();
        for (ValueInfo input : loss.inputs()) {
            if (outputs.containsKey(input.name())) {
                bound.put(input.name(), outputs.get(input.name()));
            }
        }
        if (bound.isEmpty()) {
            throw SaveException.user("objective '" + objective.name() + "' reads "
                    + loss.inputs().stream().map(ValueInfo::name).toList() + ", but model '" + model.name()
                    + "' has only the outputs " + outputs.keySet() + "; give the model the head this objective needs");
        }
        g.scoped("objective", () -> g.include(loss, bound)).forEach(g::output);
        return pruned(g.build());
    }

    /** The same graph without nodes, inputs, constants and weights on which no output depends. */
    static Graph pruned(Graph graph) {
        Set<String> needed = new HashSet<>();
        graph.outputs().forEach(output -> needed.add(output.name()));
        List<Node> kept = new ArrayList<>();
        for (int i = graph.nodes().size() - 1; i >= 0; i--) {
            Node node = graph.nodes().get(i);
            if (node.outputs().stream().anyMatch(needed::contains)) {
                readBy(node, needed);
                kept.add(node);
            }
        }
        Collections.reverse(kept);
        Map<String, Tensor> constants = new LinkedHashMap<>(graph.constants());
        constants.keySet().retainAll(needed);
        Map<String, TensorType> parameters = new LinkedHashMap<>(graph.parameters());
        parameters.keySet().retainAll(needed);
        List<ValueInfo> inputs = graph.inputs().stream()
                .filter(input -> needed.contains(input.name()))
                .toList();
        return new Graph(graph.name(), graph.opsets(), inputs, graph.outputs(), kept, constants, parameters);
    }

    /** Adds what a node reads, within the bodies of control flow too. */
    private static void readBy(Node node, Set<String> names) {
        names.addAll(node.inputs());
        for (Attribute attribute : node.attributes().values()) {
            if (attribute instanceof Attribute.Body body) {
                body.value().nodes().forEach(inner -> readBy(inner, names));
                body.value().outputs().forEach(output -> names.add(output.name()));
            }
        }
    }
}
