package dev.save4j.testkit;

import dev.save4j.SaveException;
import dev.save4j.engine.OperatorTable;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A graph with what goes in and what must come out. */
record OperatorCase(
        String name,
        Graph graph,
        Map<String, Tensor> weights,
        Map<String, Tensor> inputs,
        Map<String, Tensor> expected,
        Tolerance tolerance) {
    /** What came of a case that did not fail. */
    enum Outcome {
        PASSED,
        REFUSED
    }

    /** The operators of the case, and their attributes as {@code Operator.attribute}. */
    Set<String> claims() {
        return graph.nodes().stream()
                .flatMap(node -> Stream.concat(
                        Stream.of(node.qualifiedOperator()),
                        node.attributes().keySet().stream()
                                .map(attribute -> node.qualifiedOperator() + "." + attribute)))
                .collect(Collectors.toSet());
    }

    /**
     * Tries the case on an engine. One whose table lacks an operator or attribute must refuse it when it is opened, with a USER error that names the
     * engine, the node and the operator. Any other must compute the right answer, or refuse with such an error what no table can say: the values
     * of attributes and operands, and combinations of element types.
     */
    Outcome tryOn(ForwardEngine engine) {
        Optional<Node> foreign = foreign(engine.operators());
        if (foreign.isPresent()) {
            requireRefusal(engine, foreign.get());
            return Outcome.REFUSED;
        }
        try {
            requireRightAnswer(engine);
            return Outcome.PASSED;
        } catch (SaveException refused) {
            if (graph.nodes().stream().anyMatch(node -> isRefusal(engine, refused, node))) {
                return Outcome.REFUSED;
            }
            throw new AssertionError(
                    "engine '" + engine.name() + "' lists every operator and attribute of " + name
                            + ", so it must run it, or refuse it with a USER error that names itself, the node and the"
                            + " operator; it failed (" + refused.kind() + "): " + refused.getMessage(),
                    refused);
        }
    }

    private static boolean isRefusal(ForwardEngine engine, SaveException refused, Node node) {
        String message = refused.getMessage();
        return refused.kind() == SaveException.Kind.USER
                && message.contains("'" + engine.name() + "'")
                && message.contains(node.describe());
    }

    /** The first node that the table does not list with all its attributes. */
    private Optional<Node> foreign(OperatorTable table) {
        return graph.nodes().stream()
                .filter(node -> table.rule(node.domain(), node.operator())
                        .filter(rule ->
                                rule.attributes().containsAll(node.attributes().keySet()))
                        .isEmpty())
                .findFirst();
    }

    private void requireRefusal(ForwardEngine engine, Node node) {
        try {
            engine.open(graph, new WeightStore(weights)).close();
        } catch (SaveException refused) {
            if (!isRefusal(engine, refused, node)) {
                throw new AssertionError(
                        "engine '" + engine.name() + "' refuses " + name + " but must do so with a USER error that"
                                + " names itself and " + node.describe() + "; it said (" + refused.kind() + "): "
                                + refused.getMessage(),
                        refused);
            }
            return;
        }
        throw new AssertionError("engine '" + engine.name() + "' does not list " + node.describe()
                + " with all attributes of it, " + node.attributes().keySet() + ", and yet opens " + name);
    }

    private void requireRightAnswer(ForwardEngine engine) {
        try (ForwardEngine.Session session = engine.open(graph, new WeightStore(weights))) {
            Map<String, Tensor> outputs = session.run(inputs);
            if (!outputs.keySet().equals(expected.keySet())) {
                throw new AssertionError(
                        name + ": the outputs must be " + expected.keySet() + " but are " + outputs.keySet());
            }
            expected.forEach((output, tensor) -> tolerance
                    .difference(tensor, java.util.Objects.requireNonNull(outputs.get(output)))
                    .ifPresent(difference -> {
                        throw new AssertionError(
                                name + " on engine '" + engine.name() + "': output '" + output + "': " + difference);
                    }));
        }
    }
}
