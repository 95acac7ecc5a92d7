package dev.save4j.testkit.reference;

import dev.save4j.SaveException;
import dev.save4j.engine.OperatorRule;
import dev.save4j.engine.OperatorTable;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.graph.ValueInfo;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Runs graphs in double precision, node after node. Stateless and thread-safe. */
public final class ReferenceInterpreter {
    /** The name by which messages call the reference. */
    public static final String NAME = "reference";

    private static final Map<String, ReferenceOperator> OPERATORS = operators();

    /** Every operator of the reference with the attributes it honours. */
    public static final OperatorTable TABLE = new OperatorTable(
            OPERATORS.values().stream().map(ReferenceOperator::rule).toList());

    private ReferenceInterpreter() {}

    private static Map<String, ReferenceOperator> operators() {
        Map<String, ReferenceOperator> operators = new LinkedHashMap<>();
        Stream.of(
                        ElementwiseReference.operators(),
                        ActivationReference.operators(),
                        ReductionReference.operators(),
                        OrderReference.operators(),
                        LayoutReference.operators(),
                        RearrangementReference.operators(),
                        IndexReference.operators(),
                        ProductReference.operators(),
                        AttentionReference.operators(),
                        NormalizationReference.operators(),
                        LossReference.operators(),
                        ConvolutionReference.operators(),
                        PoolingReference.operators(),
                        ResamplingReference.operators(),
                        RecurrentReference.operators(),
                        QuantizationReference.operators(),
                        ControlReference.operators())
                .flatMap(Collection::stream)
                .forEach(operator -> {
                    OperatorRule rule = operator.rule();
                    String key = rule.domain().isEmpty() ? rule.operator() : rule.domain() + "::" + rule.operator();
                    if (operators.put(key, operator) != null) {
                        throw SaveException.internal("the reference has two rules for " + key);
                    }
                });
        return operators;
    }

    /**
     * Runs a graph.
     *
     * @param given inputs and weights by name
     * @return every value of the graph by name, its outputs among them
     */
    public static Map<String, Numbers> run(Graph graph, Map<String, Numbers> given) {
        TABLE.check(NAME, graph);
        return runBody(graph, Map.of(), given);
    }

    /** The outputs of a graph alone. */
    public static Map<String, Numbers> outputs(Graph graph, Map<String, Numbers> given) {
        Map<String, Numbers> values = run(graph, given);
        Map<String, Numbers> outputs = new LinkedHashMap<>();
        graph.outputs().forEach(output -> outputs.put(output.name(), value(values, output.name())));
        return outputs;
    }

    static Map<String, Numbers> runBody(Graph graph, Map<String, Numbers> outer, Map<String, Numbers> given) {
        Map<String, Numbers> values = new HashMap<>(outer);
        graph.constants().forEach((name, tensor) -> values.put(name, Numbers.of(tensor)));
        values.putAll(given);
        for (ValueInfo input : graph.inputs()) {
            value(values, input.name());
        }
        for (Node node : graph.nodes()) {
            List<Numbers> results = run(node, values);
            for (int i = 0; i < node.outputs().size(); i++) {
                if (node.hasOutput(i)) {
                    if (i >= results.size()) {
                        throw SaveException.user("engine '" + NAME + "' cannot run " + node.describe()
                                + ": its output '" + node.outputs().get(i) + "' is not computed");
                    }
                    values.put(node.outputs().get(i), results.get(i));
                }
            }
        }
        return values;
    }

    private static Numbers value(Map<String, Numbers> values, String name) {
        Numbers value = values.get(name);
        if (value == null) {
            throw SaveException.user("the reference is not given a value for '" + name + "'");
        }
        return value;
    }

    /** Runs one node on its own; an absent operand is empty. */
    public static List<Numbers> run(Node node, List<Optional<Numbers>> operands) {
        return operator(node).kernel().apply(new Operands(node, operands, Map.of()));
    }

    private static List<Numbers> run(Node node, Map<String, Numbers> values) {
        List<Optional<Numbers>> operands = node.inputs().stream()
                .map(input -> input.isEmpty() ? Optional.<Numbers>empty() : Optional.of(value(values, input)))
                .toList();
        return operator(node).kernel().apply(new Operands(node, operands, values));
    }

    private static ReferenceOperator operator(Node node) {
        ReferenceOperator operator = OPERATORS.get(node.qualifiedOperator());
        if (operator == null) {
            throw SaveException.user(
                    "engine '" + NAME + "' cannot run " + node.describe() + ": the operator is not supported");
        }
        return operator;
    }
}
