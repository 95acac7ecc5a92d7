package dev.save4j.testkit.reference;

import dev.save4j.SaveException;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A node with the values of its operands.
 *
 * @param values one for each operand, empty where an optional one is left out
 * @param scope every value computed so far, for the bodies of control-flow operators
 */
record Operands(Node node, List<Optional<Numbers>> values, Map<String, Numbers> scope) {
    int count() {
        return values.size();
    }

    boolean has(int operand) {
        return operand < values.size() && values.get(operand).isPresent();
    }

    Numbers get(int operand) {
        if (!has(operand)) {
            throw unsupported("operand " + operand + " is missing");
        }
        return values.get(operand).orElseThrow();
    }

    Optional<Numbers> optional(int operand) {
        return has(operand) ? values.get(operand) : Optional.empty();
    }

    double number(int operand, double orElse) {
        return optional(operand).map(Numbers::item).orElse(orElse);
    }

    long[] longs(int operand) {
        return get(operand).longs();
    }

    boolean flag(String attribute, boolean orElse) {
        return node.integer(attribute, orElse ? 1 : 0) != 0;
    }

    int integer(String attribute, long orElse) {
        return Math.toIntExact(node.integer(attribute, orElse));
    }

    /** An axis of the first operand, from the start. */
    int axis(long orElse) {
        return get(0).axis(node.integer("axis", orElse));
    }

    int[] integers(String attribute, int... orElse) {
        return node.has(attribute)
                ? java.util.Arrays.stream(node.integers(attribute))
                        .mapToInt(Math::toIntExact)
                        .toArray()
                : orElse;
    }

    boolean isInteger() {
        ElementType type = get(0).type();
        return !type.isFloating() && type != ElementType.BOOL;
    }

    /** How many results the node has. */
    int results() {
        return node.outputs().size();
    }

    Map<String, Numbers> runBody(Graph body, Map<String, Numbers> inputs) {
        return ReferenceInterpreter.runBody(body, scope, inputs);
    }

    SaveException unsupported(String why) {
        return SaveException.user(
                "engine '" + ReferenceInterpreter.NAME + "' cannot run " + node.describe() + ": " + why);
    }
}
