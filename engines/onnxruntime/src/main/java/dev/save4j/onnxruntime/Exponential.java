package dev.save4j.onnxruntime;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * The exponential function in float, by range reduction and a polynomial. Unlike {@link Math#exp} it gives the same bits on every machine: only sums
 * and products in a fixed order, none of them fused. Not thread-safe.
 *
 * <p>It works through parts that stay in the cache, by loops that the compiler turns into vector instructions. It does so with loops over whole arrays
 * that read and write the same index, and not where a loop takes the bits of a float; those are had instead by copying floats into memory that is read
 * as integers. So it takes 1.0 to 1.3 times as long as the same steps written with {@code jdk.incubator.vector}, which is why there is no such variant.
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

    /** The power of two below it, 2^-127, is 0 by the bits that stand for it. */
    private static final float SMALLEST = -88;

    private final float[] values;
    private final float[] results;
    private final float[] powers;
    private final int[] bits;
    private final FloatBuffer asFloats;
    private final IntBuffer asInts;

    /** @param part how many values are worked on at once */
    Exponential(int part) {
        values = new float[part];
        results = new float[part];
        powers = new float[part];
        bits = new int[part];
        ByteBuffer memory = ByteBuffer.allocateDirect(part * Float.BYTES).order(ByteOrder.nativeOrder());
        asFloats = memory.asFloatBuffer();
        asInts = memory.asIntBuffer();
    }

    /**
     * {@code weights[i] = exp(logits[i] - maximum)} within 2e-7 of its value down to a difference of -70; 0 below -88.
     *
     * @param maximum finite, and no logit is larger
     */
    void ofDifferences(float[] logits, float maximum, float[] weights) {
        for (int from = 0; from < logits.length; from += values.length) {
            int count = Math.min(values.length, logits.length - from);
            // Behind the last part something older is computed in vain: loops are fast over whole arrays.
            System.arraycopy(logits, from, values, 0, count);
            reduce(values, maximum, results, powers);
            asFloats.put(0, powers);
            asInts.get(0, bits);
            raise(bits);
            asInts.put(0, bits);
            asFloats.get(0, powers);
            multiply(results, powers);
            System.arraycopy(results, 0, weights, from, count);
        }
    }

    /** The exponential of what is left beside a power of two, and the exponent of that power in the lowest bits. */
    private static void reduce(float[] values, float maximum, float[] results, float[] powers) {
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
            powers[i] = power;
        }
    }

    /** From an exponent in the lowest bits to the bits of the power of two. */
    private static void raise(int[] bits) {
        for (int i = 0; i < bits.length; i++) {
            bits[i] = (bits[i] << MANTISSA) + ONE;
        }
    }

    private static void multiply(float[] results, float[] powers) {
        for (int i = 0; i < results.length; i++) {
            results[i] *= powers[i];
        }
    }
}
