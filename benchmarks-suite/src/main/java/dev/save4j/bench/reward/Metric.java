package dev.save4j.bench.reward;

import java.util.List;

/**
 * A number that a benchmark reports.
 *
 * @param name such as {@code overall}, {@code Chat Hard} or {@code chat, hard}
 * @param items how many items it rests on
 * @param prompts how many prompts it rests on, see {@link Item#group}; those of the smallest part when it is an average of parts, because a part weighs
 *     the same however few prompts it has
 */
public record Metric(String name, double value, int items, int prompts) {
    /** A number that is computed from items as they are. */
    static Metric of(String name, double value, List<Scored> items) {
        return new Metric(name, value, items.size(), (int)
                items.stream().map(scored -> scored.item().group()).distinct().count());
    }

    /** The mean of parts, at least one, each weighing the same. */
    static Metric mean(String name, List<Metric> parts) {
        return ofParts(name, Averages.mean(parts), parts);
    }

    /** A number that is computed from parts, at least one. */
    static Metric ofParts(String name, double value, List<Metric> parts) {
        return new Metric(
                name,
                value,
                parts.stream().mapToInt(Metric::items).sum(),
                parts.stream().mapToInt(Metric::prompts).min().orElseThrow());
    }
}
