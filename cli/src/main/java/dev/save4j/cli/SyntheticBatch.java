package dev.save4j.cli;

import dev.save4j.graph.Dimension;
import dev.save4j.graph.Graph;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Makes inputs that a model of text accepts, for graphs of which nothing but names and types is known: two rows of six real tokens with small ids,
 * two tokens in the cache if there is one, and random numbers for all else.
 */
final class SyntheticBatch {
    static final int ROWS = 2;
    static final int TOKENS = 6;
    private static final int PAST = 2;

    private final Map<String, Long> sizes = new HashMap<>();
    private final SplittableRandom random = new SplittableRandom(1);

    private SyntheticBatch() {}

    static Map<String, Tensor> of(Graph graph) {
        SyntheticBatch batch = new SyntheticBatch();
        boolean cached = graph.inputs().stream().anyMatch(input -> isPast(input.name()));
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        graph.inputs().forEach(input -> inputs.put(input.name(), batch.tensor(input, cached ? PAST : 0)));
        return inputs;
    }

    private static boolean isPast(String name) {
        return name.startsWith("past");
    }

    private Tensor tensor(ValueInfo input, int past) {
        TensorType type = input.type();
        long[] shape = new long[type.rank()];
        for (int axis = 0; axis < shape.length; axis++) {
            shape[axis] = size(type.dimension(axis), axis);
        }
        Tensor tensor = Tensor.allocate(type.element(), shape);
        String name = input.name().toLowerCase(Locale.ROOT);
        long columns = shape.length == 0 ? 1 : Math.max(1, shape[shape.length - 1]);
        ByteBuffer bytes = tensor.bytes();
        for (int i = 0; i < tensor.size(); i++) {
            double real = 2 * random.nextDouble() - 1;
            long integer = name.contains("mask") || name.contains("length")
                    ? 1
                    : name.contains("position")
                            ? past + i % columns
                            : name.contains("type") || name.contains("segment") ? 0 : i % 2;
            put(bytes, type.element(), name.contains("mask") ? 1 : real, integer);
        }
        return tensor;
    }

    private static void put(ByteBuffer bytes, ElementType element, double real, long integer) {
        switch (element) {
            case FLOAT -> bytes.putFloat((float) real);
            case DOUBLE -> bytes.putDouble(real);
            // A half in both formats.
            case FLOAT16 -> bytes.putShort((short) 0x3800);
            case BFLOAT16 -> bytes.putShort((short) 0x3F00);
            case INT64, UINT64 -> bytes.putLong(integer);
            case INT32, UINT32 -> bytes.putInt((int) integer);
            case INT16, UINT16 -> bytes.putShort((short) integer);
            case INT8, UINT8 -> bytes.put((byte) integer);
            case BOOL -> bytes.put((byte) 1);
        }
    }

    /** A symbol may be a sum, as in {@code past_sequence_length + 1}. */
    private long size(Dimension dimension, int axis) {
        if (dimension.isFixed()) {
            return dimension.size();
        }
        long sum = 0;
        for (String term : dimension.symbol().split("\\+", -1)) {
            String name = term.trim();
            String key = name.isEmpty() ? "axis " + axis : name;
            sum += name.matches("\\d+") ? Long.parseLong(name) : sizes.computeIfAbsent(key, k -> named(name, axis));
        }
        return sum;
    }

    private static long named(String symbol, int axis) {
        String name = symbol.toLowerCase(Locale.ROOT);
        if (name.contains("past")) {
            return PAST;
        }
        return name.contains("batch") || axis == 0 && !name.contains("seq") ? ROWS : TOKENS;
    }
}
