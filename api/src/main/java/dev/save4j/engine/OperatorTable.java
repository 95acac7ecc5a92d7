package dev.save4j.engine;

import dev.save4j.SaveException;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The operators an engine accepts. A graph is checked against it when it is opened, so that nothing is computed by a rule that ignores an
 * attribute. Immutable.
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
        return java.util.Collections.unmodifiableCollection(rules.values());
    }

    public Optional<OperatorRule> rule(String domain, String operator) {
        return Optional.ofNullable(rules.get(key(domain, operator)));
    }

    /**
     * Refuses a graph that uses an operator or attribute outside this table: a USER error that names every such node once per operator, and the
     * engine.
     */
    public void check(String engine, Graph graph) {
        Map<String, String> problems = new LinkedHashMap<>();
        check(graph, problems);
        if (!problems.isEmpty()) {
            throw SaveException.user(
                    "engine '" + engine + "' cannot open graph '" + graph.name() + "':\n  - "
                            + String.join("\n  - ", problems.values())
                            + "\nUse another engine, or export the model with operators that `save4j engines` lists for this one.");
        }
    }

    private void check(Graph graph, Map<String, String> problems) {
        for (Node node : graph.nodes()) {
            OperatorRule rule = rules.get(node.qualifiedOperator());
            if (rule == null) {
                problems.putIfAbsent(node.qualifiedOperator(), node.describe() + ": the operator is not supported");
                continue;
            }
            List<String> unknown = new ArrayList<>(node.attributes().keySet());
            unknown.removeAll(rule.attributes());
            if (!unknown.isEmpty()) {
                problems.putIfAbsent(
                        node.qualifiedOperator() + unknown,
                        node.describe() + ": the attributes " + unknown + " are not supported");
            }
            for (Attribute attribute : node.attributes().values()) {
                if (attribute instanceof Attribute.Body body) {
                    check(body.value(), problems);
                }
            }
        }
    }
}
