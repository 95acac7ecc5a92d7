package dev.save4j.bench.speed;

import dev.save4j.engine.Engines;
import dev.save4j.engine.RolloutEngine;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.models.PolicyModel;
import java.util.List;

/** Measures one rollout engine. A program to run by itself. */
final class RolloutProbe {
    private RolloutProbe() {}

    /** Reports the times and numbers of {@link Sampled}, and {@code refresh}, to make an update of the weights visible. */
    public static void main(String[] arguments) {
        Assignment task = Assignment.parse(arguments);
        RolloutEngine engine = Engines.rollout().named(task.engine());
        RolloutWork work = RolloutWork.parse(task.shape());
        PolicyModel policy = task.policy();
        List<RolloutRequest> requests = work.requests(task.size());
        try (RolloutSession session = engine.open(
                policy.decoder(RolloutWork.PROMPT + RolloutWork.NEW), policy.weights(), work.rows(), task.settings())) {
            Sampled sampled = Sampled.measure(task, work, limit -> count(session, requests, work, task, limit));
            if (!work.mixed()) {
                sampled.times().put("refresh", Chunks.measure(session::refresh, task.seconds() / 4, 0.1));
            }
            Probe.report(
                    sampled.reading(engine.name() + " " + engine.capabilities().version()));
        }
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
