package dev.save4j.loop;

import dev.save4j.tensor.Tensor;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** Named numbers of one step. Values put or added under one name several times are averaged; shares of one batch are summed. */
final class Metrics {
    private final Map<String, Total> totals = new TreeMap<>();

    private record Total(double sum, int count) {
        Total plus(Total other) {
            return new Total(sum + other.sum, count + other.count);
        }
    }

    /** One observation of a metric. */
    void put(String name, double value) {
        totals.merge(name, new Total(value, 1), Total::plus);
    }

    /** Scalar outputs of one micro-batch, which are shares of the batch and add up. */
    void sum(Map<String, Tensor> shares) {
        shares.forEach((name, value) ->
                totals.merge(name, new Total(value.item(), 1), (one, other) -> new Total(one.sum + other.sum, 1)));
    }

    /** The observations of another step. */
    void addAll(Metrics other) {
        addAll("", other);
    }

    /** As {@link #addAll(Metrics)} with a prefix to the names. */
    void addAll(String prefix, Metrics other) {
        other.values().forEach((name, value) -> put(prefix + name, value));
    }

    void rename(String from, String to) {
        Total total = totals.remove(from);
        if (total != null) {
            totals.put(to, total);
        }
    }

    /** Means by name, sorted. */
    Map<String, Double> values() {
        Map<String, Double> means = new TreeMap<>();
        totals.forEach((name, total) -> means.put(name, total.sum / total.count));
        return Collections.unmodifiableMap(means);
    }
}
