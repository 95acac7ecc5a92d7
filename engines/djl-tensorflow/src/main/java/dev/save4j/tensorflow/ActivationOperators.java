package dev.save4j.tensorflow;

import static dev.save4j.tensorflow.Operator.FLOATING;

import dev.save4j.graph.Node;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** Nonlinear functions of neural networks. At a bend the gradient is 0 for Relu at 0, the slope of the negative side for the others. */
final class ActivationOperators {
    private static final Set<String> NONE = Set.of();
    private static final Set<String> ALPHA = Set.of("alpha");

    private ActivationOperators() {}

    static List<Operator> all() {
        return List.of(
                plain("Sigmoid"),
                plain("Tanh"),
                plain("Relu"),
                plain("Softplus"),
                Operator.of("Softsign", 1, 1, FLOATING, NONE, ActivationOperators::softsign),
                Operator.of(
                        "Mish",
                        1,
                        1,
                        FLOATING,
                        NONE,
                        in -> in.ops().mul(in.symbol(0), in.ops().tanh(in.ops().unary("Softplus", in.symbol(0))))),
                Operator.of(
                        "LeakyRelu",
                        1,
                        1,
                        FLOATING,
                        ALPHA,
                        in -> bent(in, in.ops().mul(in.symbol(0), alpha(in, 0.01f)))),
                Operator.of("Elu", 1, 1, FLOATING, ALPHA, in -> exponential(in, alpha(in, 1), 1)),
                Operator.of("Selu", 1, 1, FLOATING, Set.of("alpha", "gamma"), ActivationOperators::selu),
                Operator.of("Celu", 1, 1, FLOATING, ALPHA, in -> exponential(in, alpha(in, 1), alpha(in, 1))),
                Operator.of(
                        "PRelu", 2, 2, FLOATING, NONE, in -> bent(in, in.ops().mul(in.symbol(0), in.symbol(1)))),
                Operator.of(
                        "ThresholdedRelu",
                        1,
                        1,
                        FLOATING,
                        ALPHA,
                        in -> in.ops()
                                .where(
                                        in.ops().binary("Greater", in.symbol(0), in.scalar(alpha(in, 1))),
                                        in.symbol(0),
                                        in.scalar(0))),
                Operator.of(
                        "HardSigmoid",
                        1,
                        1,
                        FLOATING,
                        Set.of("alpha", "beta"),
                        in -> ramp(in, alpha(in, 0.2f), in.node().real("beta", 0.5f))),
                Operator.of(
                        "HardSwish", 1, 1, FLOATING, NONE, in -> in.ops().mul(in.symbol(0), ramp(in, 1.0 / 6, 0.5))),
                Operator.of("Swish", 1, 1, FLOATING, ALPHA, in -> swish(in, in.symbol(0), alpha(in, 1))),
                Operator.of("Gelu", 1, 1, FLOATING, Set.of("approximate"), ActivationOperators::gelu)
                        .unless(ActivationOperators::unknownGelu),
                fused("Gelu", 1, 1, NONE, in -> geluByErf(in, in.symbol(0))),
                fused("BiasGelu", 2, 2, NONE, in -> geluByErf(in, in.ops().add(in.symbol(0), in.symbol(1)))),
                fused(
                        "FastGelu",
                        1,
                        2,
                        NONE,
                        in -> geluByTanh(in, in.has(1) ? in.ops().add(in.symbol(0), in.symbol(1)) : in.symbol(0))),
                fused("QuickGelu", 1, 1, ALPHA, in -> swish(in, in.symbol(0), alpha(in, 1.702f))));
    }

    private static Operator plain(String name) {
        return Operator.of(name, 1, 1, FLOATING, NONE, in -> in.ops().unary(name, in.symbol(0)));
    }

    private static Operator fused(
            String name, int least, int most, Set<String> attributes, Function<Arguments, Symbol> kernel) {
        return Operator.many(Node.MICROSOFT, name, least, most, FLOATING, attributes, Operator.single(kernel));
    }

    private static float alpha(Arguments in, float orElse) {
        return in.node().real("alpha", orElse);
    }

    private static String unknownGelu(Node node) {
        String approximate = node.text("approximate", "none");
        return approximate.equals("none") || approximate.equals("tanh")
                ? ""
                : "approximate is '" + approximate + "', expected 'none' or 'tanh'";
    }

    private static Symbol gelu(Arguments in) {
        return in.node().text("approximate", "none").equals("tanh")
                ? geluByTanh(in, in.symbol(0))
                : geluByErf(in, in.symbol(0));
    }

    /** x/2 (1 + erf(x/√2)). */
    private static Symbol geluByErf(Arguments in, Symbol x) {
        TensorOps ops = in.ops();
        Symbol error = ops.unary("Erf", ops.mul(x, Math.sqrt(0.5)));
        return ops.mul(ops.mul(x, 0.5), ops.add(error, 1));
    }

    /** x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))). */
    private static Symbol geluByTanh(Arguments in, Symbol x) {
        TensorOps ops = in.ops();
        Symbol cube = ops.mul(ops.mul(ops.square(x), x), 0.044715);
        Symbol inner = ops.mul(ops.add(x, cube), Math.sqrt(2 / Math.PI));
        return ops.mul(ops.mul(x, 0.5), ops.add(ops.tanh(inner), 1));
    }

    private static Symbol swish(Arguments in, Symbol x, float alpha) {
        return in.ops().mul(x, in.ops().unary("Sigmoid", in.ops().mul(x, alpha)));
    }

    private static Symbol softsign(Arguments in) {
        Symbol size = in.ops().add(in.ops().unary("Abs", in.symbol(0)), 1);
        return in.ops().div(in.symbol(0), size);
    }

    private static Symbol selu(Arguments in) {
        float alpha = alpha(in, 1.6732632f);
        return in.ops().mul(exponential(in, alpha, 1), in.node().real("gamma", 1.050701f));
    }

    /** x where it is positive, elsewhere {@code scale (exp(x / width) - 1)}. */
    private static Symbol exponential(Arguments in, float scale, float width) {
        TensorOps ops = in.ops();
        // Without the minimum the exponential that is not chosen could be infinite, and its gradient NaN.
        Symbol low = ops.binary("Minimum", in.symbol(0), in.scalar(0));
        Symbol negative = ops.unary("Expm1", ops.div(low, in.scalar(width)));
        return bent(in, ops.mul(negative, scale));
    }

    /** x where it is positive, elsewhere something else. */
    private static Symbol bent(Arguments in, Symbol otherwise) {
        Symbol positive = in.ops().binary("Greater", in.symbol(0), in.scalar(0));
        return in.ops().where(positive, in.symbol(0), otherwise);
    }

    /** {@code slope x + offset}, kept between 0 and 1. */
    private static Symbol ramp(Arguments in, double slope, double offset) {
        TensorOps ops = in.ops();
        Symbol line = ops.add(ops.mul(in.symbol(0), slope), offset);
        return ops.binary("Minimum", ops.binary("Maximum", line, in.scalar(0)), in.scalar(1));
    }
}
