package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;

/**
 * Operators that work on each element by itself. Operands are x (or a and b), the result is y and the derivative of the loss by it dy; the derivative
 * by an operand that was broadcast is summed over the axes along which it was repeated.
 *
 * <p>Where Max and Min have equal operands each gets half of the derivative; Clip passes it on at its bounds, and none outside.
 */
final class ElementwiseGradients {
    private ElementwiseGradients() {}

    static void addTo(GradientRules.Registry rules) {
        rules.add("Add", ElementwiseGradients::add);
        rules.add("Sub", ElementwiseGradients::subtract);
        rules.add("Mul", ElementwiseGradients::multiply);
        rules.add("Div", ElementwiseGradients::divide);
        rules.add("Sum", ElementwiseGradients::sum);
        rules.add("Mean", ElementwiseGradients::mean);
        rules.add("Max", step -> extreme(step, true));
        rules.add("Min", step -> extreme(step, false));
        rules.add("Pow", ElementwiseGradients::power);
        rules.add(
                "Mod", ((GradientRule) ElementwiseGradients::remainder).unless(ElementwiseGradients::integerRemainder));
        rules.add("Clip", ElementwiseGradients::clip);
        rules.add("Where", ElementwiseGradients::choose);
        rules.add(
                "Cast CastLike",
                step -> step.give(0, step.slope().cast(step.type(0).element())));
        functions(rules);
    }

    private static void functions(GradientRules.Registry rules) {
        rules.add("Neg", GradientRules.unary(u -> u.dy().neg()));
        // dx = dy sign(x)
        rules.add("Abs", GradientRules.unary(u -> u.dy().mul(u.x().sign())));
        rules.add("Exp", GradientRules.unary(u -> u.dy().mul(u.y())));
        rules.add("Log", GradientRules.unary(u -> u.dy().div(u.x())));
        // dx = dy / 2y
        rules.add("Sqrt", GradientRules.unary(u -> u.dy().mul(0.5).div(u.y())));
        // dx = −dy y²
        rules.add(
                "Reciprocal",
                GradientRules.unary(u -> u.dy().mul(u.y().square()).neg()));
        // dx = dy 2/√π exp(−x²)
        rules.add(
                "Erf",
                GradientRules.unary(u -> u.dy().mul(u.x().square().neg().exp()).mul(2 / Math.sqrt(Math.PI))));
        rules.add("Sin", GradientRules.unary(u -> u.dy().mul(u.x().unary("Cos"))));
        rules.add("Cos", GradientRules.unary(u -> u.dy().mul(u.x().unary("Sin")).neg()));
        // dx = dy (1 + y²)
        rules.add("Tan", GradientRules.unary(u -> u.dy().mul(u.y().square().add(1))));
        rules.add("Sinh", GradientRules.unary(u -> u.dy().mul(u.x().unary("Cosh"))));
        rules.add("Cosh", GradientRules.unary(u -> u.dy().mul(u.x().unary("Sinh"))));
        // dx = dy / √(1 − x²)
        rules.add(
                "Asin",
                GradientRules.unary(u -> u.dy().div(u.x().square().subFrom(1).sqrt())));
        rules.add(
                "Acos",
                GradientRules.unary(
                        u -> u.dy().div(u.x().square().subFrom(1).sqrt()).neg()));
        // dx = dy / (1 + x²)
        rules.add("Atan", GradientRules.unary(u -> u.dy().div(u.x().square().add(1))));
        // dx = dy / √(x² + 1)
        rules.add(
                "Asinh",
                GradientRules.unary(u -> u.dy().div(u.x().square().add(1).sqrt())));
        // dx = dy / √(x² − 1)
        rules.add(
                "Acosh",
                GradientRules.unary(u -> u.dy().div(u.x().square().add(-1).sqrt())));
        // dx = dy / (1 − x²)
        rules.add("Atanh", GradientRules.unary(u -> u.dy().div(u.x().square().subFrom(1))));
    }

    /** da = dy, db = dy. */
    private static void add(Step step) {
        step.giveSummed(0, step.slope());
        step.giveSummed(1, step.slope());
    }

    /** da = dy, db = −dy. */
    private static void subtract(Step step) {
        step.giveSummed(0, step.slope());
        if (step.wants(1)) {
            // The sum first, so that there is less to negate.
            step.give(1, step.summed(step.slope(), step.resultType(0), 1).neg());
        }
    }

    /** da = dy b, db = dy a. */
    private static void multiply(Step step) {
        if (step.wants(0)) {
            step.giveSummed(0, step.slope().mul(step.input(1)));
        }
        if (step.wants(1)) {
            step.giveSummed(1, step.slope().mul(step.input(0)));
        }
    }

    /** da = dy / b, db = −dy y / b. */
    private static void divide(Step step) {
        Term part = step.slope().div(step.input(1));
        step.giveSummed(0, part);
        if (step.wants(1)) {
            Term product = part.mul(step.output(0));
            step.give(1, step.summed(product, step.resultType(0), 1).neg());
        }
    }

    private static void sum(Step step) {
        for (int i = 0; i < step.count(); i++) {
            step.giveSummed(i, step.slope());
        }
    }

    private static void mean(Step step) {
        Term part = step.slope().mul(1.0 / step.count());
        for (int i = 0; i < step.count(); i++) {
            step.giveSummed(i, part);
        }
    }

    /** With more than two operands as if they were taken one after the other. */
    private static void extreme(Step step, boolean largest) {
        int count = step.count();
        if (count == 1) {
            step.give(0, step.slope());
            return;
        }
        Term[] before = new Term[count];
        before[1] = step.input(0);
        for (int i = 2; i < count; i++) {
            Term other = step.input(i - 1);
            before[i] = largest ? before[i - 1].max(other) : before[i - 1].min(other);
        }
        Term slope = step.slope();
        for (int i = count - 1; i > 0; i--) {
            Term half = before[i].equalTo(step.input(i)).keep(slope.mul(0.5));
            Term first = won(before[i], step.input(i), largest).choose(slope, half);
            if (step.wants(i)) {
                step.giveSummed(i, won(step.input(i), before[i], largest).choose(slope, half));
            }
            slope = first;
        }
        step.giveSummed(0, slope);
    }

    private static Term won(Term left, Term right, boolean largest) {
        return largest ? left.greater(right) : left.less(right);
    }

    /** da = dy b a^(b−1), db = dy y ln a, the latter 0 where a is not positive. */
    private static void power(Step step) {
        Term base = step.input(0);
        Term slope = step.slope();
        if (step.wants(0)) {
            step.giveSummed(0, slope.mul(powerSlope(step, base)));
        }
        if (step.wants(1)) {
            Term logarithm = base.greater(0).choose(base, base.constant(1)).log();
            Term product = slope.mul(step.output(0)).mul(base.greater(0).keep(logarithm));
            step.giveSummed(1, product.cast(step.type(1).element()));
        }
    }

    private static Term powerSlope(Step step, Term base) {
        double exponent = step.constantNumber(1)
                .or(() -> step.constant(1).filter(values -> values.length == 1).map(values -> (double) values[0]))
                .orElse(Double.NaN);
        if (exponent == 1) {
            return base.constant(1);
        } else if (exponent == 2) {
            return base.mul(2);
        } else if (exponent == 3) {
            return base.square().mul(3);
        } else if (exponent == 0.5) {
            return step.output(0).reciprocal().mul(0.5);
        }
        Term power = step.input(1).cast(base.element());
        return base.pow(power.add(-1)).mul(power);
    }

    private static String integerRemainder(Node node) {
        return node.integer("fmod", 0) == 1 ? "" : "fmod must be 1 for floating operands";
    }

    /** a = b trunc(a / b) + y: da = dy, db = −dy trunc(a / b). */
    private static void remainder(Step step) {
        step.giveSummed(0, step.slope());
        if (step.wants(1)) {
            Term quotient = step.input(0).div(step.input(1));
            Term whole = quotient.abs().unary("Floor").mul(quotient.sign());
            step.giveSummed(1, step.slope().mul(whole).neg());
        }
    }

    private static void clip(Step step) {
        Term x = step.input(0);
        Term slope = step.slope();
        Term inside = slope;
        if (step.has(1)) {
            inside = x.less(step.input(1)).drop(inside);
        }
        if (step.has(2)) {
            inside = x.greater(step.input(2)).drop(inside);
        }
        step.give(0, inside);
        if (step.wants(1)) {
            Term below = x.less(step.input(1));
            Term low = step.has(2) ? step.input(1).greater(step.input(2)).not().and(below) : below;
            step.give(1, low.keep(slope).sum().reshape(step.shape(1)));
        }
        if (step.wants(2)) {
            Term raised = step.has(1) ? x.max(step.input(1)) : x;
            step.give(2, raised.greater(step.input(2)).keep(slope).sum().reshape(step.shape(2)));
        }
    }

    private static void choose(Step step) {
        Term condition = new Term(step.emitter(), step.node().inputs().get(0), ElementType.BOOL);
        if (step.wants(1)) {
            step.giveSummed(1, condition.keep(step.slope()));
        }
        if (step.wants(2)) {
            step.giveSummed(2, condition.drop(step.slope()));
        }
    }
}
