package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Node;

/** How the derivatives by the operands of one operator follow from those by its results. */
interface GradientRule {
    /** Gives the derivative to every operand that {@linkplain Step#wants wants} one. */
    void apply(Step step);

    /** Why this node has no gradient although its operator has, or an empty string. */
    default String objection(Node node) {
        return "";
    }

    /** The same rule, which refuses some nodes. */
    default GradientRule unless(java.util.function.Function<Node, String> reason) {
        GradientRule rule = this;
        return new GradientRule() {
            @Override
            public void apply(Step step) {
                rule.apply(step);
            }

            @Override
            public String objection(Node node) {
                return reason.apply(node);
            }
        };
    }
}
