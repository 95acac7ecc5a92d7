package dev.save4j.models;

import dev.save4j.graph.TensorType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** What several tests need: batches, random weights, distances. */
final class Numbers {
    private Numbers() {}

    /** {@code input_ids} and {@code attention_mask} of rows padded on the right with a token that is not 0. */
    static Map<String, Tensor> batch(int width, long[]... rows) {
        long[] ids = new long[rows.length * width];
        long[] mask = new long[rows.length * width];
        java.util.Arrays.fill(ids, 2);
        for (int row = 0; row < rows.length; row++) {
            System.arraycopy(rows[row], 0, ids, row * width, rows[row].length);
            java.util.Arrays.fill(mask, row * width, row * width + rows[row].length, 1);
        }
        Map<String, Tensor> inputs = new HashMap<>();
        inputs.put("input_ids", Tensor.of(ids, rows.length, width));
        inputs.put("attention_mask", Tensor.of(mask, rows.length, width));
        return inputs;
    }

    /** Weights of which none is 0 or 1, so that each matters. */
    static WeightStore noisy(Map<String, TensorType> parameters, double deviation) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        parameters.forEach((name, type) -> weights.put(
                name, Backbones.draw(name, type, new Initial(name.contains("norm") ? 1 : 0, deviation), 11)));
        return new WeightStore(weights);
    }

    static double distance(float[] actual, double[] expected) {
        double worst = actual.length == expected.length ? 0 : Double.POSITIVE_INFINITY;
        for (int i = 0; i < Math.min(actual.length, expected.length); i++) {
            double difference = Math.abs(actual[i] - expected[i]);
            worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
        }
        return worst;
    }

    static double[] doubles(float[] values) {
        double[] results = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            results[i] = values[i];
        }
        return results;
    }
}
