package dev.save4j.engine;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * {@link Optimization} carried out on the host, in place on the buffers of a store: for engines that hand out gradients and have no optimizer of
 * their own. Single precision, one fixed order of operations whatever the number of threads, so the same gradients give the same bytes. Not
 * thread-safe.
 */
public final class AdamW {
    /** Elements that are worked on at a time, in arrays that stay in the first-level cache. */
    private static final int BLOCK = 1024;
    /** Elements that a thread takes at a time. Sums are kept for each part, so that they do not depend on who took it. */
    private static final int PART = 64 * BLOCK;

    private final Optimization optimization;
    private final int threads;
    private final Map<String, Moments> moments = new LinkedHashMap<>();

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

    /** @param threads that share a step of a large model, the caller's among them */
    public AdamW(Optimization optimization, int threads) {
        this.optimization = optimization;
        this.threads = threads;
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
            List<Consumer<Worker>> parts = new ArrayList<>();
            gradients.forEach((name, gradient) -> {
                if (optimization.groupOf(name).learningRateScale() > 0) {
                    Tensor weight = weights.get(name);
                    Moments moment = advance(name, weight);
                    Update update = update(name, moment.steps, clip, learningRate);
                    split(weight.floats().limit(), (from, to) -> {
                        FloatBuffer w = weight.floats();
                        FloatBuffer g = gradient.floats();
                        FloatBuffer m = moment.first.floats();
                        FloatBuffer v = moment.second.floats();
                        parts.add(worker -> worker.update(update, w, g, m, v, from, to));
                    });
                }
            });
            share(parts);
        }
        return norm;
    }

    /** The square root of the sum of all squares, added up in double precision in the order of the map. */
    double norm(Map<String, Tensor> gradients) {
        List<Consumer<Worker>> parts = new ArrayList<>();
        List<Double> sums = new ArrayList<>();
        for (Tensor gradient : gradients.values()) {
            FloatBuffer values = gradient.floats();
            split(values.limit(), (from, to) -> {
                int part = parts.size();
                sums.add(0.0);
                parts.add(worker -> sums.set(part, worker.squares(values, from, to)));
            });
        }
        share(parts);
        return Math.sqrt(sums.stream().reduce(0.0, Double::sum));
    }

    /** What is done with the elements from one index to before another. */
    private interface Range {
        void apply(int from, int to);
    }

    private static void split(int length, Range range) {
        for (int from = 0; from < length; from += PART) {
            range.apply(from, Math.min(length, from + PART));
        }
    }

    /** Starting a thread costs less than a thousandth of what it then does. */
    private void share(List<Consumer<Worker>> parts) {
        AtomicInteger next = new AtomicInteger();
        Runnable work = () -> {
            Worker worker = new Worker();
            for (int part = next.getAndIncrement(); part < parts.size(); part = next.getAndIncrement()) {
                parts.get(part).accept(worker);
            }
        };
        List<CompletableFuture<Void>> others = new ArrayList<>();
        for (int thread = 1; thread < Math.min(threads, parts.size()); thread++) {
            others.add(CompletableFuture.runAsync(work, command -> new Thread(command, "save4j-adamw").start()));
        }
        work.run();
        others.forEach(CompletableFuture::join);
    }

    private Moments advance(String name, Tensor weight) {
        Moments moment = moments.computeIfAbsent(
                name,
                key -> new Moments(
                        Tensor.allocate(ElementType.FLOAT, weight.shape()),
                        Tensor.allocate(ElementType.FLOAT, weight.shape()),
                        0));
        moment.steps++;
        return moment;
    }

    private Update update(String name, long steps, float clip, double learningRate) {
        Optimization.Group group = optimization.groupOf(name);
        double rate = learningRate * group.learningRateScale();
        double correction = 1 - Math.pow(optimization.beta1(), (double) steps);
        double root = Math.sqrt(1 - Math.pow(optimization.beta2(), (double) steps));
        return new Update(
                clip,
                (float) optimization.beta1(),
                (float) (1 - optimization.beta1()),
                (float) optimization.beta2(),
                (float) (1 - optimization.beta2()),
                (float) (1 - rate * group.weightDecay()),
                (float) (rate / correction),
                (float) (1 / root),
                (float) optimization.epsilon());
    }

    /** The arrays in which one thread works. */
    private static final class Worker {
        private final float[] weight = new float[BLOCK];
        private final float[] gradient = new float[BLOCK];
        private final float[] first = new float[BLOCK];
        private final float[] second = new float[BLOCK];

        double squares(FloatBuffer values, int from, int to) {
            double sum = 0;
            for (int at = from; at < to; at += BLOCK) {
                int length = Math.min(BLOCK, to - at);
                values.get(at, gradient, 0, length);
                Arrays.fill(gradient, length, BLOCK, 0);
                double a = 0;
                double b = 0;
                double c = 0;
                double d = 0;
                // Four sums do not wait for each other.
                for (int i = 0; i < BLOCK; i += 4) {
                    a += (double) gradient[i] * gradient[i];
                    b += (double) gradient[i + 1] * gradient[i + 1];
                    c += (double) gradient[i + 2] * gradient[i + 2];
                    d += (double) gradient[i + 3] * gradient[i + 3];
                }
                sum += a + b + (c + d);
            }
            return sum;
        }

        void update(Update update, FloatBuffer w, FloatBuffer g, FloatBuffer m, FloatBuffer v, int from, int to) {
            for (int at = from; at < to; at += BLOCK) {
                int length = Math.min(BLOCK, to - at);
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
