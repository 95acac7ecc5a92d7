package dev.save4j.testkit;

import dev.save4j.tensor.Tensor;
import dev.save4j.testkit.reference.Numbers;
import java.util.Arrays;
import java.util.Optional;

/**
 * How far a floating result may lie from what is expected. Integers, booleans, infinities and shapes must be equal, NaN is equal to NaN.
 *
 * @param absolute added to everything
 * @param relative to the expected element
 * @param ofLargest relative to the largest finite element expected in the tensor
 */
record Tolerance(double absolute, double relative, double ofLargest) {
    /** As the tests of the ONNX project have it. */
    static final Tolerance ONNX = new Tolerance(1e-7, 1e-3, 0);
    /** For single precision against double precision. */
    static final Tolerance GENERATED = new Tolerance(1e-6, 1e-4, 2e-6);

    /** Says what differs first, empty when nothing does. */
    Optional<String> difference(Tensor expected, Tensor actual) {
        if (expected.type() != actual.type() || !Arrays.equals(expected.shape(), actual.shape())) {
            return Optional.of("expected " + expected + " but got " + actual);
        }
        double[] wanted = Numbers.of(expected).values();
        double[] got = Numbers.of(actual).values();
        double largest = Arrays.stream(wanted)
                .filter(Double::isFinite)
                .map(Math::abs)
                .max()
                .orElse(0);
        boolean floating = expected.type().isFloating();
        for (int i = 0; i < wanted.length; i++) {
            double allowed = floating ? absolute + relative * Math.abs(wanted[i]) + ofLargest * largest : 0;
            boolean same = Double.isNaN(wanted[i])
                    ? Double.isNaN(got[i])
                    : wanted[i] == got[i] || Double.isFinite(wanted[i]) && Math.abs(wanted[i] - got[i]) <= allowed;
            if (!same) {
                return Optional.of(
                        "element " + i + " of " + actual + " is " + got[i] + " but " + wanted[i] + " was expected");
            }
        }
        return Optional.empty();
    }
}
