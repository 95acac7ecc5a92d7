package dev.save4j.onnxruntime;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/**
 * The weight of a linear layer in 8 bits: that from input k to output n is {@code (value[k, n] − 128) · scale[n]}, with {@code scale[n] = max |w| / 127}
 * over the inputs and values rounded to the nearest. Unsigned, because products of signed weights saturate on processors without VNNI.
 */
final class Int8Weight {
    /** The value that stands for zero. */
    static final int ZERO = 128;

    static final int LARGEST = 127;

    /** Outputs that are written together, a cache line of each input. */
    private static final int TILE = 64;

    private final int inputs;
    private final int outputs;
    private final boolean transposed;
    private final Tensor values;
    private final Tensor scales;

    /** @param transposed whether the weight that this is made of is {@code [out, in]}, not {@code [in, out]} */
    Int8Weight(long[] shape, boolean transposed) {
        this.transposed = transposed;
        inputs = Math.toIntExact(shape[transposed ? 1 : 0]);
        outputs = Math.toIntExact(shape[transposed ? 0 : 1]);
        values = Tensor.allocate(ElementType.UINT8, inputs, outputs);
        scales = Tensor.allocate(ElementType.FLOAT, outputs);
    }

    /** UINT8 {@code [in, out]}. */
    Tensor values() {
        return values;
    }

    /** FLOAT {@code [out]}. */
    Tensor scales() {
        return scales;
    }

    /** Takes the numbers of a weight; an ENGINE error names it when one is not finite, which rounding to integers would hide. */
    void fill(String name, Tensor weight) {
        if (transposed) {
            fillFromRows(weight.floats());
        } else {
            fillFromColumns(weight.floats());
        }
        FloatBuffer each = scales.floats();
        for (int n = 0; n < outputs; n++) {
            if (!Float.isFinite(each.get(n))) {
                throw SaveException.engine("the weight '" + name + "' is not finite at output " + n
                        + "; it has diverged, so lower the learning rate or restore a checkpoint");
            }
        }
    }

    private void fillFromRows(FloatBuffer weight) {
        ByteBuffer written = values.bytes();
        FloatBuffer scale = scales.floats();
        float[] row = new float[inputs];
        byte[] tile = new byte[inputs * TILE];
        for (int first = 0; first < outputs; first += TILE) {
            int width = Math.min(TILE, outputs - first);
            for (int n = 0; n < width; n++) {
                weight.get((first + n) * inputs, row);
                float largest = 0;
                for (float value : row) {
                    largest = Math.max(largest, Math.abs(value));
                }
                scale.put(first + n, largest / LARGEST);
                float inverse = inverse(largest);
                for (int k = 0; k < inputs; k++) {
                    tile[k * TILE + n] = rounded(row[k] * inverse);
                }
            }
            for (int k = 0; k < inputs; k++) {
                written.put(k * outputs + first, tile, k * TILE, width);
            }
        }
    }

    private void fillFromColumns(FloatBuffer weight) {
        float[] row = new float[outputs];
        float[] factor = new float[outputs];
        for (int k = 0; k < inputs; k++) {
            weight.get(k * outputs, row);
            for (int n = 0; n < outputs; n++) {
                factor[n] = Math.max(factor[n], Math.abs(row[n]));
            }
        }
        FloatBuffer scale = scales.floats();
        for (int n = 0; n < outputs; n++) {
            scale.put(n, factor[n] / LARGEST);
            factor[n] = inverse(factor[n]);
        }
        ByteBuffer written = values.bytes();
        byte[] quantized = new byte[outputs];
        for (int k = 0; k < inputs; k++) {
            weight.get(k * outputs, row);
            for (int n = 0; n < outputs; n++) {
                quantized[n] = rounded(row[n] * factor[n]);
            }
            written.put(k * outputs, quantized);
        }
    }

    private static float inverse(float largest) {
        return largest == 0 ? 0 : LARGEST / largest;
    }

    /** Never negative before it is cut off. */
    private static byte rounded(float scaled) {
        return (byte) (int) (scaled + (ZERO + 0.5f));
    }
}
