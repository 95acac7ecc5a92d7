package dev.save4j.tensorflow;

import dev.save4j.engine.OperatorRule;
import dev.save4j.engine.OperatorTable;
import dev.save4j.engine.Problem;
import dev.save4j.graph.Graph;
import dev.save4j.graph.HostArithmetic;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Every operator of the engine, in the TensorFlow graph and on the host. */
final class Operators {
    private static final Map<String, Operator> DEVICE = new HashMap<>();
    private static final OperatorTable TABLE;

    static {
        List<OperatorRule> rules = new ArrayList<>();
        Stream.of(
                        ElementwiseOperators.all(),
                        ActivationOperators.all(),
                        MatrixOperators.all(),
                        ReductionOperators.all(),
                        LayoutOperators.all(),
                        IndexOperators.all(),
                        ScatterOperators.all(),
                        NormalizationOperators.all(),
                        AttentionOperators.all())
                .flatMap(List::stream)
                .forEach(operator -> {
                    OperatorRule rule = operator.rule();
                    DEVICE.put(
                            rule.domain().isEmpty() ? rule.operator() : rule.domain() + "::" + rule.operator(),
                            operator);
                    rules.add(rule);
                });
        hostOnly("Shape", Set.of("start", "end"), Operator.ANY, rules);
        hostOnly("Size", Set.of(), Operator.ANY, rules);
        hostOnly("NonZero", Set.of(), Operator.DISCRETE, rules);
        rules.add(new OperatorRule(
                "",
                "Constant",
                Set.of("value", "value_float", "value_floats", "value_int", "value_ints"),
                Operator.ANY,
                false));
        TABLE = new OperatorTable(rules);
    }

    private Operators() {}

    private static void hostOnly(
            String name, Set<String> attributes, Set<ElementType> elements, List<OperatorRule> rules) {
        if (!HostArithmetic.operators().contains(name)) {
            throw new ExceptionInInitializerError(name + " has no rule on the host");
        }
        rules.add(new OperatorRule("", name, attributes, elements, false));
    }

    static OperatorTable table() {
        return TABLE;
    }

    /** Every node that the engine refuses. */
    static List<Problem> problems(Graph graph) {
        List<Problem> problems = new ArrayList<>(TABLE.problems(graph));
        graph.nodes()
                .forEach(node -> onDevice(node)
                        .flatMap(operator -> operator.problem(node))
                        .ifPresent(problems::add));
        return problems;
    }

    static Optional<Operator> onDevice(Node node) {
        return Optional.ofNullable(DEVICE.get(node.qualifiedOperator()));
    }
}
