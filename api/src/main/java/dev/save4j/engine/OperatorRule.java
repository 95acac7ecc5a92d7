package dev.save4j.engine;

import dev.save4j.tensor.ElementType;
import java.util.Set;

/**
 * One row of an engine's operator table, for the one operator set to which graphs are normalised.
 *
 * @param domain empty for the standard operators
 * @param attributes the attributes the engine honours; any other attribute is refused
 * @param elements element types of the operands that the engine accepts
 * @param differentiable whether gradients flow through it
 */
public record OperatorRule(
        String domain, String operator, Set<String> attributes, Set<ElementType> elements, boolean differentiable) {
    public OperatorRule {
        attributes = Set.copyOf(attributes);
        elements = Set.copyOf(elements);
    }
}
