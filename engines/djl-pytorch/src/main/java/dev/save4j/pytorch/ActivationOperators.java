package dev.save4j.pytorch;

import static dev.save4j.pytorch.Operator.FLOATING;

import ai.djl.ndarray.NDArray;
import dev.save4j.graph.Node;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Nonlinear functions of neural networks. At a bend the gradient is the one PyTorch gives: 0 for Relu at 0, the slope for the others. */
final class ActivationOperators {
    private static final Set<String> NONE = Set.of();
    private static final Set<String> ALPHA = Set.of("alpha");

    private ActivationOperators() {}

    static List<Operator> all() {
        return List.of(
                plain("Sigmoid", array -> array.getNDArrayInternal().sigmoid()),
                plain("Tanh", NDArray::tanh),
                plain("Relu", array -> array.getNDArrayInternal().relu()),
                plain("Softplus", array -> array.getNDArrayInternal().softPlus()),
                plain("Softsign", array -> array.getNDArrayInternal().softSign()),
                plain("Mish", x -> x.mul(x.getNDArrayInternal().softPlus().tanh())),
                Operator.of(
                        "LeakyRelu",
                        1,
                        1,
                        FLOATING,
                        ALPHA,
                        in -> in.array(0).getNDArrayInternal().leakyRelu(alpha(in, 0.01f))),
                Operator.of(
                        "Elu",
                        1,
                        1,
                        FLOATING,
                        ALPHA,
                        in -> in.array(0).getNDArrayInternal().elu(alpha(in, 1))),
                Operator.of("Selu", 1, 1, FLOATING, Set.of("alpha", "gamma"), ActivationOperators::selu),
                Operator.of("Celu", 1, 1, FLOATING, ALPHA, in -> exponential(in, alpha(in, 1), alpha(in, 1))),
                Operator.of("PRelu", 2, 2, FLOATING, NONE, ActivationOperators::parametric),
                Operator.of(
                        "ThresholdedRelu",
                        1,
                        1,
                        FLOATING,
                        ALPHA,
                        in -> TorchNative.where(in.array(0).gt(in.scalar(alpha(in, 1))), in.array(0), in.scalar(0))),
                Operator.of(
                        "HardSigmoid",
                        1,
                        1,
                        FLOATING,
                        Set.of("alpha", "beta"),
                        in -> ramp(in, alpha(in, 0.2f), in.node().real("beta", 0.5f))),
                Operator.of("HardSwish", 1, 1, FLOATING, NONE, in -> in.array(0).mul(ramp(in, 1.0 / 6, 0.5))),
                Operator.of("Swish", 1, 1, FLOATING, ALPHA, in -> swish(in, in.array(0), alpha(in, 1))),
                Operator.of("Gelu", 1, 1, FLOATING, Set.of("approximate"), ActivationOperators::gelu)
                        .unless(ActivationOperators::unknownGelu),
                fused("Gelu", 1, 1, NONE, in -> in.array(0).getNDArrayInternal().gelu()),
                fused(
                        "BiasGelu",
                        2,
                        2,
                        NONE,
                        in -> in.array(0).add(in.array(1)).getNDArrayInternal().gelu()),
                fused(
                        "FastGelu",
                        1,
                        2,
                        NONE,
                        in -> geluByTanh(in, in.has(1) ? in.array(0).add(in.array(1)) : in.array(0))),
                fused("QuickGelu", 1, 1, ALPHA, in -> swish(in, in.array(0), alpha(in, 1.702f))));
    }

    private static Operator plain(String name, UnaryOperator<NDArray> function) {
        return Operator.of(name, 1, 1, FLOATING, NONE, in -> function.apply(in.array(0)));
    }

    private static Operator fused(
            String name, int least, int most, Set<String> attributes, Function<Arguments, NDArray> kernel) {
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

    private static NDArray gelu(Arguments in) {
        NDArray x = in.array(0);
        return in.node().text("approximate", "none").equals("tanh")
                ? geluByTanh(in, x)
                : x.getNDArrayInternal().gelu();
    }

    /** x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))). */
    private static NDArray geluByTanh(Arguments in, NDArray x) {
        NDArray cube = x.square().mul(x).mul(in.scalar(0.044715));
        NDArray inner = x.add(cube).mul(in.scalar(Math.sqrt(2 / Math.PI)));
        return x.mul(in.scalar(0.5)).mul(inner.tanh().add(in.scalar(1)));
    }

    private static NDArray swish(Arguments in, NDArray x, float alpha) {
        NDArray inner = alpha == 1 ? x : x.mul(in.scalar(alpha));
        return x.mul(inner.getNDArrayInternal().sigmoid());
    }

    private static NDArray selu(Arguments in) {
        float alpha = alpha(in, 1.67326319217681884765625f);
        return exponential(in, alpha, 1).mul(in.scalar(in.node().real("gamma", 1.05070102214813232421875f)));
    }

    /** x where it is positive, elsewhere {@code scale (exp(x / width) - 1)}. */
    private static NDArray exponential(Arguments in, float scale, float width) {
        NDArray x = in.array(0);
        // Without the minimum the exponential that is not chosen could be infinite, and its gradient NaN.
        NDArray negative = x.minimum(in.scalar(0)).div(in.scalar(width)).exp().sub(in.scalar(1));
        return TorchNative.where(x.gt(in.scalar(0)), x, negative.mul(in.scalar(scale)));
    }

    private static NDArray parametric(Arguments in) {
        NDArray x = in.array(0);
        return TorchNative.where(x.gte(in.scalar(0)), x, x.mul(in.array(1)));
    }

    /** {@code slope x + offset}, kept between 0 and 1. */
    private static NDArray ramp(Arguments in, double slope, double offset) {
        return in.array(0).mul(in.scalar(slope)).add(in.scalar(offset)).clip(0, 1);
    }
}
