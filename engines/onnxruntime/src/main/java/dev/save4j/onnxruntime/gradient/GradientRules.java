package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Node;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** The rule of every operator that has a gradient. */
final class GradientRules {
    private static final Map<String, GradientRule> RULES = new HashMap<>();

    static {
        ElementwiseGradients.addTo(GradientRules::add);
        ActivationGradients.addTo(GradientRules::add);
        ReductionGradients.addTo(GradientRules::add);
        LayoutGradients.addTo(GradientRules::add);
        IndexGradients.addTo(GradientRules::add);
        ProductGradients.addTo(GradientRules::add);
        NormalizationGradients.addTo(GradientRules::add);
    }

    private GradientRules() {}

    /** Where families of operators put their rules; the names of several operators are separated by spaces. */
    interface Registry {
        void add(String operators, GradientRule rule);
    }

    private static void add(String operators, GradientRule rule) {
        for (String operator : operators.split(" ", -1)) {
            if (RULES.put(operator, rule) != null) {
                throw new ExceptionInInitializerError(operator + " has two rules");
            }
        }
    }

    static Optional<GradientRule> of(Node node) {
        return Optional.ofNullable(RULES.get(node.qualifiedOperator()));
    }

    /** Operators as {@code domain::Operator}. */
    static Set<String> operators() {
        return Collections.unmodifiableSet(new TreeSet<>(RULES.keySet()));
    }

    /** A rule for one operand and one result: from operand x, result y and derivative dy to the derivative by x. */
    static GradientRule unary(Function<Unary, Term> formula) {
        return step -> step.give(0, formula.apply(new Unary(step)));
    }

    /** What formulas of one operand are made of. */
    record Unary(Step step) {
        Term x() {
            return step.input(0);
        }

        Term y() {
            return step.output(0);
        }

        Term dy() {
            return step.slope();
        }

        double real(String attribute, float orElse) {
            return step.node().real(attribute, orElse);
        }
    }
}
