package dev.save4j.objectives;

import dev.save4j.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Puts inputs together. */
final class Feeds {
    private Feeds() {}

    /** Data of a feed and one output of a model. */
    static Map<String, Array> with(Map<String, Tensor> feed, String output, Array values) {
        Map<String, Array> inputs = new HashMap<>();
        feed.forEach((name, tensor) -> inputs.put(name, Array.of(tensor)));
        inputs.put(output, values);
        return inputs;
    }

    /** Log-probs of answers set into {@code [batch, tokens]} among {@code filler}. */
    static Array logProbs(List<double[]> answers, int tokens, int[] start, double filler) {
        double[] data = new double[answers.size() * tokens];
        java.util.Arrays.fill(data, filler);
        for (int i = 0; i < answers.size(); i++) {
            System.arraycopy(answers.get(i), 0, data, i * tokens + start[i], answers.get(i).length);
        }
        return Array.of(data, answers.size(), tokens);
    }

    static float[] floats(double... values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}
