package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Node;
import dev.save4j.onnxruntime.gradient.GradientRules.Unary;

/**
 * Nonlinear functions of neural networks, y = f(x) with the derivative dy of the loss by y. At a bend the derivative is the one PyTorch gives: 0 for
 * Relu at 0, the slope for the others.
 */
final class ActivationGradients {
    private static final double ROOT = Math.sqrt(2 / Math.PI);
    private static final double CUBIC = 0.044715;

    private ActivationGradients() {}

    static void addTo(GradientRules.Registry rules) {
        // dx = dy y (1 − y)
        rules.add("Sigmoid", GradientRules.unary(u -> u.dy().mul(u.y()).mul(u.y().subFrom(1))));
        // dx = dy (1 − y²)
        rules.add("Tanh", GradientRules.unary(u -> u.dy().mul(u.y().square().subFrom(1))));
        rules.add("Relu", GradientRules.unary(u -> u.x().greater(0).keep(u.dy())));
        // dx = dy σ(x)
        rules.add("Softplus", GradientRules.unary(u -> u.dy().mul(u.x().sigmoid())));
        // dx = dy / (1 + |x|)²
        rules.add(
                "Softsign",
                GradientRules.unary(u -> u.dy().div(u.x().abs().add(1).square())));
        rules.add("Mish", GradientRules.unary(ActivationGradients::mish));
        rules.add(
                "LeakyRelu",
                GradientRules.unary(u -> u.x().greater(0).choose(u.dy(), u.dy().mul(u.real("alpha", 0.01f)))));
        // Below 0 y = α (eˣ − 1), so dx = dy (y + α)
        rules.add("Elu", GradientRules.unary(u -> below(u, u.y().add(u.real("alpha", 1)), 1)));
        rules.add("Selu", GradientRules.unary(ActivationGradients::selu));
        // Below 0 y = α (exp(x/α) − 1), so dx = dy (y/α + 1)
        rules.add(
                "Celu",
                GradientRules.unary(u ->
                        below(u, u.y().mul(1 / u.real("alpha", 1)).add(1), 1)));
        rules.add("PRelu", ActivationGradients::parametric);
        rules.add(
                "ThresholdedRelu",
                GradientRules.unary(u -> u.x().greater(u.real("alpha", 1)).keep(u.dy())));
        rules.add(
                "Shrink",
                GradientRules.unary(
                        u -> u.x().abs().greater(u.real("lambd", 0.5f)).keep(u.dy())));
        rules.add("HardSigmoid", GradientRules.unary(ActivationGradients::hardSigmoid));
        rules.add("HardSwish", GradientRules.unary(ActivationGradients::hardSwish));
        rules.add("Swish", GradientRules.unary(u -> swish(u, u.real("alpha", 1))));
        rules.add("com.microsoft::QuickGelu", GradientRules.unary(u -> swish(u, u.real("alpha", 1.702f))));
        rules.add("Gelu", GradientRules.unary(ActivationGradients::gelu).unless(ActivationGradients::unknownGelu));
    }

    /** dy times the slope where x is not positive, dy times a constant elsewhere. */
    private static Term below(Unary u, Term slope, double above) {
        return u.x().greater(0).choose(u.dy().mul(above), u.dy().mul(slope));
    }

    /** y = x t with t = tanh(softplus(x)): dx = dy (t + x σ(x) (1 − t²)). */
    private static Term mish(Unary u) {
        Term t = u.x().unary("Softplus").tanh();
        Term rest = u.x().mul(u.x().sigmoid()).mul(t.square().subFrom(1));
        return u.dy().mul(t.add(rest));
    }

    /** Below 0 y = γ α (eˣ − 1), so dx = dy (y + γ α). */
    private static Term selu(Unary u) {
        double alpha = u.real("alpha", 1.67326319217681884765625f);
        double gamma = u.real("gamma", 1.05070102214813232421875f);
        return below(u, u.y().add(alpha * gamma), gamma);
    }

    /** y = s x where x is not positive: dx = dy s, ds = dy x. */
    private static void parametric(Step step) {
        Term positive = step.input(0).greater(0);
        Term slope = step.slope();
        if (step.wants(0)) {
            step.give(0, positive.choose(slope, slope.mul(step.input(1))));
        }
        if (step.wants(1)) {
            step.giveSummed(1, positive.drop(slope.mul(step.input(0))));
        }
    }

    private static Term hardSigmoid(Unary u) {
        Term inside = u.y().greater(0).and(u.y().less(u.y().constant(1)));
        return inside.keep(u.dy().mul(u.real("alpha", 0.2f)));
    }

    /** y = x r with r = x/6 + 1/2 between 0 and 1: dx = dy (r + x/6) there, dy r elsewhere. */
    private static Term hardSwish(Unary u) {
        Term x = u.x();
        Term ramp = x.mul(1.0 / 6).add(0.5).max(x.constant(0)).min(x.constant(1));
        Term inside = ramp.greater(0).and(ramp.less(ramp.constant(1)));
        return u.dy().mul(ramp.add(inside.keep(x.mul(1.0 / 6))));
    }

    /** y = x s with s = σ(αx): dx = dy (s + α y (1 − s)). */
    private static Term swish(Unary u, double alpha) {
        Term s = u.x().mul(alpha).sigmoid();
        return u.dy().mul(s.add(u.y().mul(alpha).mul(s.subFrom(1))));
    }

    private static String unknownGelu(Node node) {
        String approximate = node.text("approximate", "none");
        return approximate.equals("none") || approximate.equals("tanh")
                ? ""
                : "approximate is '" + approximate + "', expected 'none' or 'tanh'";
    }

    private static Term gelu(Unary u) {
        return u.dy().mul(
                        u.step().node().text("approximate", "none").equals("tanh")
                                ? tanhSlope(u.x())
                                : normalSlope(u.x()));
    }

    /** y = x Φ(x) with the normal distribution Φ and its density φ: Φ(x) + x φ(x). */
    private static Term normalSlope(Term x) {
        Term distribution = x.mul(Math.sqrt(0.5)).unary("Erf").add(1).mul(0.5);
        Term density = x.square().mul(-0.5).exp().mul(1 / Math.sqrt(2 * Math.PI));
        return distribution.add(x.mul(density));
    }

    /** y = x/2 (1 + t) with t = tanh(√(2/π) (x + 0.044715 x³)): (1 + t)/2 + x/2 (1 − t²) √(2/π) (1 + 3 · 0.044715 x²). */
    private static Term tanhSlope(Term x) {
        Term square = x.square();
        Term t = square.mul(CUBIC).add(1).mul(x).mul(ROOT).tanh();
        Term inner = square.mul(3 * CUBIC).add(1).mul(x).mul(0.5 * ROOT);
        return t.add(1).mul(0.5).add(t.square().subFrom(1).mul(inner));
    }
}
