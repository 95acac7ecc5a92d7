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
    private final Map<String, List<Listed>> lists;
    private final List<Integer> steps;

    /** The numbers of one step. */
    public record Listed(int step, List<Double> values) {
        public Listed {
            values = List.copyOf(values);
        }
    }

    private MetricTable(Map<String, Series> series, Map<String, List<Listed>> lists, List<Integer> steps) {
        this.series = series;
        this.lists = lists;
        this.steps = List.copyOf(steps);
    }

    /** Reads a file; empty when there is none. */
    public static MetricTable read(Path file, Consumer<String> notes) {
        Map<String, List<Series.Point>> points = new LinkedHashMap<>();
        Map<String, List<Listed>> lists = new LinkedHashMap<>();
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
                    List<Listed> earlier = lists.computeIfAbsent(name, key -> new ArrayList<>());
                    List<Double> list = field.getValue()
                            .valueStream()
                            .map(value -> line.number(name, value))
                            .toList();
                    if (!earlier.isEmpty() && earlier.get(0).values().size() != list.size()) {
                        throw line.damaged("'" + name + "' has " + list.size() + " numbers, in the lines before "
                                + earlier.get(0).values().size());
                    }
                    earlier.add(new Listed(step, list));
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

    /** The sum of a metric over all steps. */
    public double sum(String name) {
        return series(name).points().stream().mapToDouble(Series.Point::value).sum();
    }

    /** The lists of a metric by ascending step, such as the counts of a histogram; all are of one length. */
    public List<Listed> lists(String name) {
        return List.copyOf(lists.getOrDefault(name, List.of()));
    }

    /** Every step that has a line, ascending. */
    public List<Integer> steps() {
        return steps;
    }

    public boolean isEmpty() {
        return steps.isEmpty();
    }
}
