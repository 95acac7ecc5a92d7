package dev.save4j.engine;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * {@link Optimization} carried out on the host, in place on the buffers of a store: for engines that hand out gradients and have no optimizer of
 * their own. Single precision, one fixed order of operations, so the same gradients give the same bytes. Not thread-safe.
 */
public final class AdamW {
    /** Elements that are worked on at a time, in arrays that stay in the first-level cache. */
    private static final int BLOCK = 1024;

    private final Optimization optimization;
    private final Map<String, Moments> moments = new LinkedHashMap<>();
    private final float[] weight = new float[BLOCK];
    private final float[] gradient = new float[BLOCK];
    private final float[] first = new float[BLOCK];
    private final float[] second = new float[BLOCK];

    private static final class Moments {
        private final Tensor first;
        private final Tensor second;
        private long steps;

        private Moments(Tensor first, Tensor second, long steps) {
            this.first = first;
            this.second = second;
            this.steps = steps;
        }
    }

    public AdamW(Optimization optimization) {
        this.optimization = optimization;
    }

    /**
     * Clips the gradients by their global norm and updates the weights they belong to, holding the store's write lease.
     *
     * @param gradients FLOAT, of the weights' shapes; only read
     * @return the global norm before clipping; when it is not finite nothing is changed
     */
    public double step(WeightStore weights, Map<String, Tensor> gradients, double learningRate) {
        double norm = norm(gradients);
        if (!Double.isFinite(norm) || gradients.isEmpty()) {
            return norm;
        }
        double limit = optimization.maxGradientNorm();
        float clip = norm > limit ? (float) (limit / norm) : 1;
        try (WeightStore.Lease lease = weights.writing()) {
            gradients.forEach((name, tensor) -> update(name, weights.get(name), tensor, clip, learningRate));
        }
        return norm;
    }

    /** The square root of the sum of all squares, added up in double precision in the order of the map. */
    public static double norm(Map<String, Tensor> gradients) {
        double sum = 0;
        float[] block = new float[BLOCK];
        for (Tensor gradient : gradients.values()) {
            FloatBuffer values = gradient.floats();
            while (values.hasRemaining()) {
                int length = Math.min(BLOCK, values.remaining());
                values.get(block, 0, length);
                Arrays.fill(block, length, BLOCK, 0);
                double a = 0;
                double b = 0;
                double c = 0;
                double d = 0;
                // Four sums do not wait for each other.
                for (int i = 0; i < BLOCK; i += 4) {
                    a += (double) block[i] * block[i];
                    b += (double) block[i + 1] * block[i + 1];
                    c += (double) block[i + 2] * block[i + 2];
                    d += (double) block[i + 3] * block[i + 3];
                }
                sum += a + b + (c + d);
            }
        }
        return Math.sqrt(sum);
    }

    private void update(String name, Tensor tensor, Tensor slope, float clip, double learningRate) {
        Optimization.Group group = optimization.groupOf(name);
        double rate = learningRate * group.learningRateScale();
        if (group.learningRateScale() == 0) {
            return;
        }
        Moments moment = moments.computeIfAbsent(
                name,
                key -> new Moments(
                        Tensor.allocate(ElementType.FLOAT, tensor.shape()),
                        Tensor.allocate(ElementType.FLOAT, tensor.shape()),
                        0));
        moment.steps++;
        double correction = 1 - Math.pow(optimization.beta1(), (double) moment.steps);
        double root = Math.sqrt(1 - Math.pow(optimization.beta2(), (double) moment.steps));
        Update update = new Update(
                clip,
                (float) optimization.beta1(),
                (float) (1 - optimization.beta1()),
                (float) optimization.beta2(),
                (float) (1 - optimization.beta2()),
                (float) (1 - rate * group.weightDecay()),
                (float) (rate / correction),
                (float) (1 / root),
                (float) optimization.epsilon());
        FloatBuffer w = tensor.floats();
        FloatBuffer g = slope.floats();
        FloatBuffer m = moment.first.floats();
        FloatBuffer v = moment.second.floats();
        for (int at = 0; at < w.limit(); at += BLOCK) {
            int length = Math.min(BLOCK, w.limit() - at);
            w.get(at, weight, 0, length);
            g.get(at, gradient, 0, length);
            m.get(at, first, 0, length);
            v.get(at, second, 0, length);
            update.apply(weight, gradient, first, second, length);
            w.put(at, weight, 0, length);
            m.put(at, first, 0, length);
            v.put(at, second, 0, length);
        }
    }

    /** The factors of one step of one weight. */
    private record Update(
            float clip,
            float keepFirst,
            float addFirst,
            float keepSecond,
            float addSecond,
            float decay,
            float rate,
            float scale,
            float epsilon) {
        /** A small loop over arrays, which the compiler turns into vector instructions. */
        void apply(float[] weight, float[] gradient, float[] first, float[] second, int length) {
            float clip = this.clip;
            float keepFirst = this.keepFirst;
            float addFirst = this.addFirst;
            float keepSecond = this.keepSecond;
            float addSecond = this.addSecond;
            float decay = this.decay;
            float rate = this.rate;
            float scale = this.scale;
            float epsilon = this.epsilon;
            for (int i = 0; i < length; i++) {
                float g = gradient[i] * clip;
                float m = keepFirst * first[i] + addFirst * g;
                float v = keepSecond * second[i] + addSecond * g * g;
                first[i] = m;
                second[i] = v;
                weight[i] = weight[i] * decay - rate * m / ((float) Math.sqrt(v) * scale + epsilon);
            }
        }
    }

    /** A copy of the moments. */
    public OptimizerState state() {
        Map<String, OptimizerState.Moments> copies = new LinkedHashMap<>();
        moments.forEach((name, moment) ->
                copies.put(name, new OptimizerState.Moments(moment.steps, moment.first.copy(), moment.second.copy())));
        return new OptimizerState(copies);
    }

    /** Takes over a copy of a state; a USER error names the weight that does not fit, before anything is changed. */
    public void restore(OptimizerState state, WeightStore weights) {
        Map<String, Moments> restored = new LinkedHashMap<>();
        state.moments().forEach((name, moment) -> {
            if (!weights.contains(name)) {
                throw SaveException.user("the optimizer's state has moments of a weight '" + name
                        + "' that this model does not have; restore the state of the same model");
            }
            Tensor weight = weights.get(name);
            require(name, "first moment", weight, moment.first());
            require(name, "second moment", weight, moment.second());
            if (moment.steps() < 1) {
                throw SaveException.user(
                        "the optimizer's state of weight '" + name + "' counts " + moment.steps() + " steps");
            }
            restored.put(
                    name, new Moments(moment.first().copy(), moment.second().copy(), moment.steps()));
        });
        moments.clear();
        moments.putAll(restored);
    }

    private static void require(String name, String role, Tensor weight, Tensor moment) {
        if (moment.type() != ElementType.FLOAT || !Arrays.equals(moment.shape(), weight.shape())) {
            throw SaveException.user("the " + role + " of weight '" + name + "' is " + moment + " but FLOAT"
                    + Arrays.toString(weight.shape()) + " was expected");
        }
    }
}
