package dev.save4j.loop;

import dev.save4j.tensor.Tensor;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** Named numbers of one step. Values put or added under one name several times are averaged; shares of one batch are summed. */
final class Metrics {
    private final Map<String, Double> sums = new TreeMap<>();
    private final Map<String, Integer> counts = new TreeMap<>();

    /** One observation of a metric. */
    void put(String name, double value) {
        sums.merge(name, value, Double::sum);
        counts.merge(name, 1, Integer::sum);
    }

    /** Scalar outputs of one micro-batch, which are shares of the batch and add up. */
    void sum(Map<String, Tensor> shares) {
        shares.forEach((name, value) -> {
            sums.merge(name, (double) value.item(), Double::sum);
            counts.put(name, 1);
        });
    }

    /** The observations of another step. */
    void addAll(Metrics other) {
        other.values().forEach(this::put);
    }

    /** As {@link #addAll} with a prefix to the names. */
    void addAll(String prefix, Metrics other) {
        other.values().forEach((name, value) -> put(prefix + name, value));
    }

    void rename(String from, String to) {
        sums.put(to, sums.remove(from));
        counts.put(to, counts.remove(from));
    }

    /** Means by name, sorted. */
    Map<String, Double> values() {
        Map<String, Double> means = new TreeMap<>();
        sums.forEach((name, sum) -> means.put(name, sum / counts.get(name)));
        return Collections.unmodifiableMap(means);
    }
}
