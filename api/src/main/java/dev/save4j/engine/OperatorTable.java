package dev.save4j.engine;

import dev.save4j.SaveException;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.ElementTypes;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The operators an engine accepts. A graph is checked against it when it is opened, so that nothing is computed by a rule that ignores an
 * attribute or a type. Immutable.
 */
public final class OperatorTable {
    private final Map<String, OperatorRule> rules = new LinkedHashMap<>();

    public OperatorTable(Collection<OperatorRule> rules) {
        for (OperatorRule rule : rules) {
            if (this.rules.put(key(rule.domain(), rule.operator()), rule) != null) {
                throw SaveException.internal("operator " + rule.operator() + " is listed twice");
            }
        }
    }

    private static String key(String domain, String operator) {
        return domain.isEmpty() ? operator : domain + "::" + operator;
    }

    public Collection<OperatorRule> rules() {
        return Collections.unmodifiableCollection(rules.values());
    }

    public Optional<OperatorRule> rule(String domain, String operator) {
        return Optional.ofNullable(rules.get(key(domain, operator)));
    }

    /** Every node of a graph, and of its bodies, that uses an operator, attribute or element type outside this table. */
    public List<Problem> problems(Graph graph) {
        List<Problem> problems = new ArrayList<>();
        collect(graph, new ElementTypes(graph), problems);
        return problems;
    }

    private void collect(Graph graph, ElementTypes types, List<Problem> problems) {
        for (Node node : graph.nodes()) {
            OperatorRule rule = rules.get(node.qualifiedOperator());
            if (rule == null) {
                problems.add(new Problem(node, "the operator is not supported"));
                continue;
            }
            List<String> unknown = new ArrayList<>(node.attributes().keySet());
            unknown.removeAll(rule.attributes());
            if (!unknown.isEmpty()) {
                problems.add(new Problem(node, "the attributes " + unknown + " are not supported"));
            }
            for (int i = 0; i < node.inputs().size(); i++) {
                Optional<ElementType> given = types.find(node.inputs().get(i));
                if (given.isPresent() && !rule.elements().contains(given.get())) {
                    problems.add(new Problem(
                            node,
                            "operand " + i + " is " + given.get() + ", but the operator is supported for "
                                    + rule.elements().stream().sorted().toList()));
                }
            }
            for (Attribute attribute : node.attributes().values()) {
                if (attribute instanceof Attribute.Body body) {
                    collect(body.value(), types.inside(body.value()), problems);
                }
            }
        }
    }

    /** The nodes that no gradient flows through. */
    public List<Problem> withoutGradient(GradientPath path) {
        return path.nodes().stream()
                .filter(node -> !rule(node.domain(), node.operator())
                        .map(OperatorRule::differentiable)
                        .orElse(false))
                .map(Problem::withoutGradient)
                .toList();
    }

    /** Refuses a graph with {@link #problems(Graph)}: a USER error that names all of them, and the engine. */
    public void check(String engine, Graph graph) {
        Problem.refuse(engine, graph, problems(graph));
    }
}
