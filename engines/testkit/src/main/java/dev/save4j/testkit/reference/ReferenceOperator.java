package dev.save4j.testkit.reference;

import dev.save4j.engine.OperatorRule;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** An operator of the reference: the attributes it honours and what it computes. */
record ReferenceOperator(OperatorRule rule, Function<Operands, List<Numbers>> kernel) {
    static final Set<ElementType> ANY = EnumSet.allOf(ElementType.class);

    /** An operator of the standard domain with one result. */
    static ReferenceOperator of(String operator, Function<Operands, Numbers> kernel, String... attributes) {
        return several(operator, in -> List.of(kernel.apply(in)), attributes);
    }

    static ReferenceOperator several(String operator, Function<Operands, List<Numbers>> kernel, String... attributes) {
        return new ReferenceOperator(new OperatorRule("", operator, Set.of(attributes), ANY, true), kernel);
    }

    static ReferenceOperator microsoft(
            String operator, Function<Operands, List<Numbers>> kernel, String... attributes) {
        return new ReferenceOperator(new OperatorRule(Node.MICROSOFT, operator, Set.of(attributes), ANY, true), kernel);
    }
}
