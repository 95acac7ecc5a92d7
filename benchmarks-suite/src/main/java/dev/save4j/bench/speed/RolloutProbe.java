package dev.save4j.bench.speed;

import dev.save4j.engine.Completion;
import dev.save4j.engine.Engines;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.engine.WeightBinding;
import dev.save4j.models.PolicyModel;
import dev.save4j.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;

/** Measures one rollout engine. A program to run by itself. */
final class RolloutProbe {
    private RolloutProbe() {}

    /** Reports the times and numbers of {@link Sampled}, and {@code refresh}, to make an update of the weights visible, and {@code gap}. */
    public static void main(String[] arguments) {
        Assignment task = Assignment.parse(arguments);
        RolloutVariant variant = RolloutVariant.parse(task.engine());
        RolloutWork work = RolloutWork.parse(task.shape());
        PolicyModel policy = task.policy();
        List<RolloutRequest> requests = work.requests(task.size());
        try (RolloutSession session = variant.engine()
                .open(
                        policy.decoder(RolloutWork.PROMPT + RolloutWork.NEW),
                        policy.weights(),
                        work.rows(),
                        variant.settings(task))) {
            Sampled sampled = Sampled.measure(task, work, limit -> count(session, requests, work, task, limit));
            if (!work.mixed()) {
                sampled.times().put("refresh", Chunks.measure(session::refresh, task.seconds() / 4, 0.1));
            }
            Reading reading = sampled.reading(variant.title());
            Map<String, Double> numbers = new HashMap<>(reading.numbers());
            numbers.put("gap", gap(session, requests.get(0), policy, task));
            Probe.report(new Reading(reading.engine(), reading.times(), numbers));
        }
    }

    /** The mean distance of the log-probabilities of answers to one prompt from those of ONNX Runtime in single precision without a cache. */
    private static double gap(RolloutSession session, RolloutRequest request, PolicyModel policy, Assignment task) {
        List<Completion> completions = session.generate(List.of(request), Sampling.unbiased(RolloutWork.NEW, Set.of()))
                .get(0);
        int length = RolloutWork.PROMPT + RolloutWork.NEW;
        long[] ids = completions.stream()
                .flatMapToLong(completion -> IntStream.concat(
                                IntStream.of(request.prompt()), IntStream.of(completion.tokens()))
                        .asLongStream())
                .toArray();
        long[] mask = new long[ids.length];
        Arrays.fill(mask, 1);
        long[] shape = {completions.size(), length};
        double sum = 0;
        try (InferenceSession scorer = Engines.inference()
                .named("onnxruntime")
                .open(policy.logProbGraph(1), policy.weights(), WeightBinding.INPUT, task.settings())) {
            float[] expected = Objects.requireNonNull(scorer.run(Map.of(
                                    "input_ids", Tensor.of(ids, shape), "attention_mask", Tensor.of(mask, shape)))
                            .get("log_prob"))
                    .toFloats();
            for (int i = 0; i < completions.size(); i++) {
                for (int t = 0; t < RolloutWork.NEW; t++) {
                    sum += Math.abs(
                            completions.get(i).logProbs()[t] - expected[i * (length - 1) + RolloutWork.PROMPT - 1 + t]);
                }
            }
        }
        return sum / (completions.size() * RolloutWork.NEW);
    }

    private static long count(
            RolloutSession session, List<RolloutRequest> requests, RolloutWork work, Assignment task, int limit) {
        Sampling sampling = work.sampling(task.size(), limit);
        return session.generate(requests, sampling).stream()
                .flatMap(List::stream)
                .mapToLong(completion -> completion.tokens().length)
                .sum();
    }
}
