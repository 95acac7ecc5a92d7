package dev.save4j.bench.speed;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.save4j.SaveException;
import dev.save4j.models.LlamaConfig;
import dev.save4j.models.PolicyModel;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Sampling by ONNX Runtime alone: rows at once until the last of them has ended, one run a token, the cache handed from run to run. A program to run by
 * itself.
 */
final class PlainRollout implements AutoCloseable {
    private final PlainSession session;
    private final LlamaConfig config;
    private final RolloutWork work;
    private final List<int[]> prompts;
    private final int stopTokens;
    private final SplittableRandom random = new SplittableRandom(5);
    private final double[] weights;

    PlainRollout(Assignment task) {
        work = RolloutWork.parse(task.shape());
        config = task.size().config();
        stopTokens = work.stopTokens(task.size());
        weights = new double[config.vocabularySize()];
        prompts = work.requests(task.size()).stream()
                .flatMap(request -> Collections.nCopies(request.completions(), request.prompt()).stream())
                .toList();
        PolicyModel policy = task.policy();
        session = new PlainSession(
                PlainDecoder.of(task.llama(), RolloutWork.PROMPT + RolloutWork.NEW), policy.weights(), task.threads());
    }

    /** Reports the times and numbers of {@link Sampled}, and {@code refresh}, to export and load the model again. */
    public static void main(String[] arguments) {
        Assignment task = Assignment.parse(arguments);
        try (PlainRollout rollout = new PlainRollout(task)) {
            Sampled sampled = Sampled.measure(task, rollout.work, rollout::generate);
            if (!rollout.work.mixed()) {
                sampled.times().put("refresh", Chunks.measure(rollout.session::refresh, task.seconds() / 4, 0.1));
            }
            Probe.report(sampled.reading(rollout.session.engine()));
        }
    }

    /** New tokens up to the end of each answer. */
    long generate(int limit) {
        long tokens = 0;
        try {
            for (int from = 0; from < prompts.size(); from += work.rows()) {
                tokens += batch(prompts.subList(from, from + work.rows()), limit);
            }
        } catch (OrtException failed) {
            throw PlainSession.failure(failed);
        }
        return tokens;
    }

    private long batch(List<int[]> rows, int limit) throws OrtException {
        long[] ids = rows.stream().flatMapToInt(Arrays::stream).asLongStream().toArray();
        boolean[] ended = new boolean[rows.size()];
        int going = ended.length;
        int length = 0;
        long tokens = 0;
        OrtSession.Result past = null;
        try {
            for (int step = 0; step < limit && going > 0; step++) {
                int fed = ids.length / ended.length;
                length += fed;
                OrtSession.Result present = step(ids, ended.length, length, past);
                close(past);
                past = present;
                FloatBuffer logits = tensor(present, "logits").getFloatBuffer();
                ids = new long[ended.length];
                for (int row = 0; row < ended.length; row++) {
                    int token = draw(logits, (row * fed + fed - 1) * weights.length);
                    ids[row] = token;
                    if (!ended[row]) {
                        tokens++;
                        ended[row] = token < stopTokens;
                        going -= ended[row] ? 1 : 0;
                    }
                }
            }
        } finally {
            close(past);
        }
        return tokens;
    }

    private OrtSession.Result step(long[] ids, int rows, int length, OrtSession.@Nullable Result past)
            throws OrtException {
        int fed = ids.length / rows;
        long[] mask = new long[rows * length];
        Arrays.fill(mask, 1);
        long[] positions = new long[ids.length];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = length - fed + i % fed;
        }
        Map<String, OnnxTensor> own = new HashMap<>();
        try {
            own.put("input_ids", session.longs(ids, rows, fed));
            own.put("attention_mask", session.longs(mask, rows, length));
            own.put("position_ids", session.longs(positions, rows, fed));
            Map<String, OnnxTensor> inputs = new HashMap<>();
            for (int layer = 0; layer < config.layers(); layer++) {
                for (String kind : List.of(".key", ".value")) {
                    String name = "past_key_values." + layer + kind;
                    if (past == null) {
                        own.put(name, session.floats(new float[0], rows, config.keyValueHeads(), 0, config.headSize()));
                    } else {
                        inputs.put(name, tensor(past, "present." + layer + kind));
                    }
                }
            }
            inputs.putAll(own);
            return session.run(inputs);
        } finally {
            own.values().forEach(OnnxTensor::close);
        }
    }

    private static OnnxTensor tensor(OrtSession.Result result, String name) {
        OnnxValue value = result.get(name).orElseThrow();
        if (value instanceof OnnxTensor tensor) {
            return tensor;
        }
        throw SaveException.internal("'" + name + "' is no tensor");
    }

    private static void close(OrtSession.@Nullable Result result) {
        if (result != null) {
            result.close();
        }
    }

    /** By inverting the cumulative distribution. */
    private int draw(FloatBuffer logits, int from) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < weights.length; i++) {
            largest = Math.max(largest, logits.get(from + i));
        }
        double total = 0;
        for (int i = 0; i < weights.length; i++) {
            weights[i] = Math.exp(logits.get(from + i) - largest);
            total += weights[i];
        }
        double left = random.nextDouble() * total;
        int token = 0;
        while (token < weights.length - 1 && left >= weights[token]) {
            left -= weights[token];
            token++;
        }
        return token;
    }

    @Override
    public void close() {
        session.close();
    }
}
