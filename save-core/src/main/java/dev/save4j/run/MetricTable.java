package dev.save4j.run;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** The metrics of a JSON Lines file: numbers and lists of numbers by name and step. Immutable. */
public final class MetricTable {
    private static final String STEP = "step";

    private final Map<String, Series> series;
    private final Map<String, TreeMap<Integer, List<Double>>> lists;
    private final List<Integer> steps;

    private MetricTable(
            Map<String, Series> series, Map<String, TreeMap<Integer, List<Double>>> lists, List<Integer> steps) {
        this.series = series;
        this.lists = lists;
        this.steps = List.copyOf(steps);
    }

    /** Reads a file; empty when there is none. */
    static MetricTable read(Path file, Consumer<String> notes) {
        Map<String, List<Series.Point>> points = new LinkedHashMap<>();
        Map<String, TreeMap<Integer, List<Double>>> lists = new LinkedHashMap<>();
        List<Integer> steps = new ArrayList<>();
        for (RunLines.Line line : RunLines.read(file, notes)) {
            int step = line.step();
            if (!steps.isEmpty() && step <= steps.get(steps.size() - 1)) {
                throw line.damaged("step " + step + " comes after step " + steps.get(steps.size() - 1));
            }
            steps.add(step);
            for (Map.Entry<String, JsonNode> field : line.object().properties()) {
                String name = field.getKey();
                if (field.getValue().isArray()) {
                    TreeMap<Integer, List<Double>> earlier = lists.computeIfAbsent(name, key -> new TreeMap<>());
                    List<Double> list = field.getValue()
                            .valueStream()
                            .map(value -> line.number(name, value))
                            .toList();
                    if (!earlier.isEmpty() && earlier.firstEntry().getValue().size() != list.size()) {
                        throw line.damaged("'" + name + "' has " + list.size() + " numbers, in the lines before "
                                + earlier.firstEntry().getValue().size());
                    }
                    earlier.put(step, list);
                } else if (!name.equals(STEP)) {
                    points.computeIfAbsent(name, key -> new ArrayList<>())
                            .add(new Series.Point(step, line.number(name, field.getValue())));
                }
            }
        }
        Map<String, Series> series = new TreeMap<>();
        points.forEach((name, values) -> series.put(name, new Series(values)));
        return new MetricTable(series, lists, steps);
    }

    /** The numbers of a metric; empty when it was never written. */
    public Series series(String name) {
        return series.getOrDefault(name, new Series(List.of()));
    }

    /** The lists of a metric by ascending step, such as the counts of a histogram. */
    public Map<Integer, List<Double>> lists(String name) {
        return new TreeMap<>(lists.getOrDefault(name, new TreeMap<>()));
    }

    /** Every step that has a line, ascending. */
    public List<Integer> steps() {
        return steps;
    }

    public boolean isEmpty() {
        return steps.isEmpty();
    }
}
