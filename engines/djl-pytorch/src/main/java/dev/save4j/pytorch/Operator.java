package dev.save4j.pytorch;

import ai.djl.ndarray.NDArray;
import dev.save4j.engine.OperatorRule;
import dev.save4j.engine.Problem;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * An operator on the device.
 *
 * @param least operands it needs
 * @param most operands it reads; a node with more is refused
 * @param objection why a node is refused although its attributes are known, or an empty string
 * @param kernel computes all results of a node; each is new, none is one of its operands
 */
record Operator(
        OperatorRule rule,
        int least,
        int most,
        Function<Node, String> objection,
        Function<Arguments, List<TorchValue>> kernel) {
    static final Set<ElementType> FLOATING =
            Set.of(ElementType.FLOAT, ElementType.DOUBLE, ElementType.FLOAT16, ElementType.BFLOAT16);
    static final Set<ElementType> DISCRETE = discrete();
    static final Set<ElementType> ANY = EnumSet.allOf(ElementType.class);

    /** The most operands of an operator that takes any number. */
    static final int MANY = Integer.MAX_VALUE;

    private static Set<ElementType> discrete() {
        Set<ElementType> types = EnumSet.allOf(ElementType.class);
        types.removeAll(FLOATING);
        return types;
    }

    /** An operator of the standard domain with one result, through which gradients flow. */
    static Operator of(
            String name,
            int least,
            int most,
            Set<ElementType> elements,
            Set<String> attributes,
            Function<Arguments, NDArray> kernel) {
        return many("", name, least, most, elements, attributes, single(kernel));
    }

    /** An operator with any number of results, through which gradients flow. */
    static Operator many(
            String domain,
            String name,
            int least,
            int most,
            Set<ElementType> elements,
            Set<String> attributes,
            Function<Arguments, List<TorchValue>> kernel) {
        return new Operator(
                new OperatorRule(domain, name, attributes, elements, true), least, most, node -> "", kernel);
    }

    /** The same operator, through which no gradient flows. */
    Operator withoutGradient() {
        return new Operator(
                new OperatorRule(rule.domain(), rule.operator(), rule.attributes(), rule.elements(), false),
                least,
                most,
                objection,
                kernel);
    }

    /** The same operator, which refuses nodes for a reason of its own. */
    Operator unless(Function<Node, String> reason) {
        return new Operator(rule, least, most, reason, kernel);
    }

    /** Why a node of this operator is refused although its attributes and types are known. */
    Optional<Problem> problem(Node node) {
        for (int i = 0; i < least; i++) {
            if (!node.hasInput(i)) {
                return Optional.of(new Problem(node, "it needs " + least + " operands"));
            }
        }
        if (node.inputs().size() > most) {
            return Optional.of(new Problem(
                    node, node.inputs().size() + " operands are given, but only " + most + " are supported"));
        }
        String reason = objection.apply(node);
        return reason.isEmpty() ? Optional.empty() : Optional.of(new Problem(node, reason));
    }

    static Function<Arguments, List<TorchValue>> single(Function<Arguments, NDArray> kernel) {
        return arguments -> List.of(new TorchValue.OnDevice(kernel.apply(arguments)));
    }
}
