package dev.save4j.testkit.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/** The activation functions of neural networks. */
final class ActivationReference {
    private ActivationReference() {}

    static List<ReferenceOperator> operators() {
        List<ReferenceOperator> all = new ArrayList<>();
        plain(all, "Erf", ActivationReference::erf);
        plain(all, "HardSwish", x -> x * Math.max(0, Math.min(1, x / 6 + 0.5)));
        plain(all, "Mish", x -> x * Math.tanh(softplus(x)));
        plain(all, "Relu", x -> Double.isNaN(x) ? x : Math.max(0, x));
        plain(all, "Sigmoid", ActivationReference::sigmoid);
        plain(all, "Softplus", ActivationReference::softplus);
        plain(all, "Softsign", x -> x / (1 + Math.abs(x)));
        all.add(ReferenceOperator.of("Celu", in -> celu(in.get(0), real(in, "alpha", 1)), "alpha"));
        all.add(ReferenceOperator.of(
                "Elu", in -> in.get(0).map(x -> x < 0 ? real(in, "alpha", 1) * Math.expm1(x) : x), "alpha"));
        all.add(ReferenceOperator.of(
                "LeakyRelu", in -> in.get(0).map(x -> x < 0 ? real(in, "alpha", 0.01f) * x : x), "alpha"));
        all.add(ReferenceOperator.of("PRelu", in -> in.get(0).with(in.get(1), (x, slope) -> x < 0 ? slope * x : x)));
        all.add(ReferenceOperator.of(
                "Swish", in -> in.get(0).map(x -> x * sigmoid(real(in, "alpha", 1) * x)), "alpha"));
        all.add(ReferenceOperator.of(
                "ThresholdedRelu", in -> in.get(0).map(x -> x > real(in, "alpha", 1) ? x : 0), "alpha"));
        all.add(ReferenceOperator.of(
                "HardSigmoid",
                in -> in.get(0)
                        .map(x -> Math.max(0, Math.min(1, real(in, "alpha", 0.2f) * x + real(in, "beta", 0.5f)))),
                "alpha",
                "beta"));
        all.add(ReferenceOperator.of("Selu", ActivationReference::selu, "alpha", "gamma"));
        all.add(ReferenceOperator.of("Shrink", ActivationReference::shrink, "bias", "lambd"));
        all.add(ReferenceOperator.of("Gelu", ActivationReference::gelu, "approximate"));
        all.add(ReferenceOperator.microsoft("Gelu", in -> List.of(in.get(0).map(ActivationReference::gelu))));
        all.add(ReferenceOperator.microsoft(
                "BiasGelu", in -> List.of(in.get(0).with(in.get(1), Double::sum).map(ActivationReference::gelu))));
        all.add(ReferenceOperator.microsoft(
                "FastGelu",
                in -> List.of((in.has(1) ? in.get(0).with(in.get(1), Double::sum) : in.get(0))
                        .map(ActivationReference::geluByTanh))));
        all.add(ReferenceOperator.microsoft(
                "QuickGelu", in -> List.of(in.get(0).map(x -> x * sigmoid(real(in, "alpha", 1.702f) * x))), "alpha"));
        return all;
    }

    private static void plain(List<ReferenceOperator> all, String operator, DoubleUnaryOperator function) {
        all.add(ReferenceOperator.of(operator, in -> in.get(0).map(function)));
    }

    private static double real(Operands in, String attribute, float orElse) {
        return in.node().real(attribute, orElse);
    }

    static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    /** 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)), all of one sign, so that nothing cancels. */
    static double erf(double x) {
        if (Double.isNaN(x)) {
            return x;
        }
        if (Math.abs(x) > 6) {
            return Math.signum(x);
        }
        double term = x;
        double sum = x;
        for (int n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }

    static double gelu(double x) {
        return x / 2 * (1 + erf(x / Math.sqrt(2)));
    }

    static double geluByTanh(double x) {
        return x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    }

    private static Numbers gelu(Operands in) {
        return in.get(0)
                .map(
                        in.node().text("approximate", "none").equals("tanh")
                                ? ActivationReference::geluByTanh
                                : ActivationReference::gelu);
    }

    private static Numbers celu(Numbers x, double alpha) {
        return x.map(v -> Math.max(0, v) + Math.min(0, alpha * Math.expm1(v / alpha)));
    }

    private static Numbers selu(Operands in) {
        double alpha = real(in, "alpha", 1.67326319217681884765625f);
        double gamma = real(in, "gamma", 1.05070102214813232421875f);
        return in.get(0).map(x -> gamma * (x > 0 ? x : alpha * Math.expm1(x)));
    }

    private static Numbers shrink(Operands in) {
        double bias = real(in, "bias", 0);
        double lambda = real(in, "lambd", 0.5f);
        return in.get(0).map(x -> x < -lambda ? x + bias : x > lambda ? x - bias : 0);
    }
}
