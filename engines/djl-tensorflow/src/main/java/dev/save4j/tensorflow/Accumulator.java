package dev.save4j.tensorflow;

import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** The gradients since the last step, summed on the host in memory that is used again after every step. Not thread-safe. */
final class Accumulator {
    private static final int BLOCK = 1024;

    private final ElementType element;
    private final Map<String, Tensor> memory = new HashMap<>();
    private final Map<String, Tensor> sums = new LinkedHashMap<>();
    private final float[] sum = new float[BLOCK];
    private final float[] added = new float[BLOCK];

    /**
     * @param element FLOAT or DOUBLE
     */
    Accumulator(ElementType element) {
        this.element = element;
    }

    void add(String weight, long[] shape, ByteBuffer gradient) {
        Tensor known = sums.get(weight);
        if (known != null) {
            if (element == ElementType.DOUBLE) {
                add(known.bytes().asDoubleBuffer(), gradient.asDoubleBuffer());
            } else {
                add(known.floats(), gradient.asFloatBuffer());
            }
            return;
        }
        Tensor first = memory.computeIfAbsent(weight, key -> Tensor.allocate(element, shape));
        first.bytes().put(gradient);
        sums.put(weight, first);
    }

    private static void add(DoubleBuffer to, DoubleBuffer from) {
        for (int i = 0; i < to.limit(); i++) {
            to.put(i, to.get(i) + from.get(i));
        }
    }

    private void add(FloatBuffer to, FloatBuffer from) {
        for (int at = 0; at < to.limit(); at += BLOCK) {
            int length = Math.min(BLOCK, to.limit() - at);
            to.get(at, sum, 0, length);
            from.get(at, added, 0, length);
            for (int i = 0; i < length; i++) {
                sum[i] += added[i];
            }
            to.put(at, sum, 0, length);
        }
    }

    /** The sums themselves by weight, valid until they are forgotten. */
    Map<String, Tensor> sums() {
        return Collections.unmodifiableMap(sums);
    }

    void forget() {
        sums.clear();
    }
}
