package dev.save4j.bench.reward;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** Means over items and over parts. */
final class Averages {
    private Averages() {}

    static double mean(List<Scored> items, ToDoubleFunction<Scored> of) {
        double sum = 0;
        for (Scored item : items) {
            sum += of.applyAsDouble(item);
        }
        return sum / items.size();
    }

    /** The mean of the values, each part weighing the same. */
    static double mean(List<Metric> parts) {
        return parts.stream().mapToDouble(Metric::value).average().orElseThrow();
    }

    /** The items of each part, parts in the order of their names. */
    static Map<String, List<Scored>> by(List<Scored> items, Function<Scored, String> part) {
        Map<String, List<Scored>> parts = new TreeMap<>();
        items.forEach(item -> parts.computeIfAbsent(part.apply(item), name -> new ArrayList<>())
                .add(item));
        return parts;
    }

    /** The mean over each part, parts in the order of their names. */
    static List<Metric> bySubset(List<Scored> items, ToDoubleFunction<Scored> of) {
        return by(items, scored -> scored.item().subset()).entrySet().stream()
                .map(part -> Metric.of(part.getKey(), mean(part.getValue(), of), part.getValue()))
                .toList();
    }
}
