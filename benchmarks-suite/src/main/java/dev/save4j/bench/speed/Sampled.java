package dev.save4j.bench.speed;

import java.util.HashMap;
import java.util.Map;

/**
 * What is measured of any way to sample: {@code batch}, all answers from prompt to last token; {@code first}, until every sequence has its first token;
 * {@code tokens}, new ones of a batch up to the end of each answer; {@code allocated}, bytes on the Java heap for each of them
 * once warm, the answers included.
 */
record Sampled(Map<String, Chunks> times, Map<String, Double> numbers) {
    /** A way to sample. */
    @FunctionalInterface
    interface Sampler {
        /** Makes all answers, of so many tokens at most, and counts their tokens. */
        long sample(int limit);
    }

    static Sampled measure(Assignment task, RolloutWork work, Sampler sampler) {
        Map<String, Chunks> times = new HashMap<>();
        Map<String, Double> numbers = new HashMap<>();
        Tally tokens = new Tally();
        // Once more than the other measurements: for what was called some hundred times the virtual machine makes
        // faster calls, which it keeps on the heap.
        sampler.sample(RolloutWork.NEW);
        times.put(
                "batch",
                Chunks.measure(() -> tokens.count(() -> sampler.sample(RolloutWork.NEW)), task.seconds(), 0.5));
        numbers.put("allocated", tokens.allocatedPerStep() / tokens.perStep());
        numbers.put("tokens", tokens.perStep());
        if (!work.mixed()) {
            times.put("first", Chunks.measure(() -> sampler.sample(1), task.seconds() / 4, 0.1));
        }
        return new Sampled(times, numbers);
    }

    /** With the peak of memory until now. */
    Reading reading(String engine) {
        numbers.put(Measured.PEAK_MEMORY, (double) Clocks.peakMemory());
        return new Reading(engine, times, numbers);
    }
}
