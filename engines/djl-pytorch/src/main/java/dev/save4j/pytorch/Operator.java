package dev.save4j.pytorch;

import ai.djl.ndarray.NDArray;
import dev.save4j.engine.OperatorRule;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * An operator on the device.
 *
 * @param kernel computes all results of a node; each is new, none is one of its operands
 */
record Operator(OperatorRule rule, Function<Arguments, List<TorchValue>> kernel) {
    static final Set<ElementType> FLOATING =
            Set.of(ElementType.FLOAT, ElementType.DOUBLE, ElementType.FLOAT16, ElementType.BFLOAT16);
    static final Set<ElementType> DISCRETE = discrete();
    static final Set<ElementType> ANY = EnumSet.allOf(ElementType.class);

    private static Set<ElementType> discrete() {
        Set<ElementType> types = EnumSet.allOf(ElementType.class);
        types.removeAll(FLOATING);
        return types;
    }

    /** An operator of the standard domain with one result, through which gradients flow. */
    static Operator of(
            String name, Set<ElementType> elements, Set<String> attributes, Function<Arguments, NDArray> kernel) {
        return new Operator(new OperatorRule("", name, attributes, elements, true), single(kernel));
    }

    /** An operator of the standard domain with one result, through which no gradient flows. */
    static Operator constant(
            String name, Set<ElementType> elements, Set<String> attributes, Function<Arguments, NDArray> kernel) {
        return new Operator(new OperatorRule("", name, attributes, elements, false), single(kernel));
    }

    static Operator microsoft(String name, Set<String> attributes, Function<Arguments, List<TorchValue>> kernel) {
        return new Operator(new OperatorRule(Node.MICROSOFT, name, attributes, ANY, true), kernel);
    }

    static Function<Arguments, List<TorchValue>> single(Function<Arguments, NDArray> kernel) {
        return arguments -> List.of(new TorchValue.OnDevice(kernel.apply(arguments)));
    }
}
