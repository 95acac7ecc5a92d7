package dev.save4j.testkit;

import dev.save4j.engine.Optimization;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** The formulas of {@link Optimization} in double precision. */
final class DoubleAdamW {
    private final Optimization optimization;
    private final Map<String, double[]> weights;
    private final Map<String, double[]> first = new LinkedHashMap<>();
    private final Map<String, double[]> second = new LinkedHashMap<>();
    private final Map<String, Integer> steps = new LinkedHashMap<>();

    /** Changes the given arrays. */
    DoubleAdamW(Optimization optimization, Map<String, double[]> weights) {
        this.optimization = optimization;
        this.weights = weights;
    }

    /** @return the global norm before clipping, over the weights that are trained */
    double step(Map<String, double[]> gradients, double learningRate) {
        double squares = 0;
        for (Map.Entry<String, double[]> gradient : gradients.entrySet()) {
            if (optimization.groupOf(gradient.getKey()).learningRateScale() > 0) {
                for (double value : gradient.getValue()) {
                    squares += value * value;
                }
            }
        }
        double norm = Math.sqrt(squares);
        double clip = Math.min(1, optimization.maxGradientNorm() / norm);
        gradients.forEach((name, gradient) -> update(name, gradient, clip, learningRate));
        return norm;
    }

    private void update(String name, double[] gradient, double clip, double learningRate) {
        Optimization.Group group = optimization.groupOf(name);
        double rate = learningRate * group.learningRateScale();
        if (group.learningRateScale() == 0) {
            return;
        }
        double[] weight = Objects.requireNonNull(weights.get(name));
        double[] m = first.computeIfAbsent(name, key -> new double[weight.length]);
        double[] v = second.computeIfAbsent(name, key -> new double[weight.length]);
        int t = steps.merge(name, 1, Integer::sum);
        for (int i = 0; i < weight.length; i++) {
            double g = gradient[i] * clip;
            m[i] = optimization.beta1() * m[i] + (1 - optimization.beta1()) * g;
            v[i] = optimization.beta2() * v[i] + (1 - optimization.beta2()) * g * g;
            double root = Math.sqrt(v[i]) / Math.sqrt(1 - Math.pow(optimization.beta2(), t));
            weight[i] = weight[i] * (1 - rate * group.weightDecay())
                    - rate / (1 - Math.pow(optimization.beta1(), t)) * m[i] / (root + optimization.epsilon());
        }
    }
}
