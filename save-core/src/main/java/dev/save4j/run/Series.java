package dev.save4j.run;

import dev.save4j.SaveException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One metric over the steps of a run.
 *
 * @param points in ascending order of their steps; a step that lacks the metric has none
 */
public record Series(List<Point> points) {
    /** A value as it was written; it may be NaN or infinite. */
    public record Point(int step, double value) {}

    public Series {
        points = List.copyOf(points);
        for (int i = 1; i < points.size(); i++) {
            if (points.get(i).step() <= points.get(i - 1).step()) {
                throw SaveException.internal("step " + points.get(i).step() + " comes after step "
                        + points.get(i - 1).step() + " in a series");
            }
        }
    }

    public boolean isEmpty() {
        return points.isEmpty();
    }

    public Optional<Point> first() {
        return isEmpty() ? Optional.empty() : Optional.of(points.get(0));
    }

    public Optional<Point> last() {
        return isEmpty() ? Optional.empty() : Optional.of(points.get(points.size() - 1));
    }

    /** The value at a step. */
    public Optional<Double> at(int step) {
        return points.stream()
                .filter(point -> point.step() == step)
                .map(Point::value)
                .findFirst();
    }

    /** Without the values that are not numbers, which no plot can show. */
    public Series finite() {
        return new Series(
                points.stream().filter(point -> Double.isFinite(point.value())).toList());
    }

    /** Each value replaced by the mean of those around it: {@code window / 2} to either side, fewer at the ends. */
    public Series smoothed(int window) {
        int reach = window / 2;
        List<Point> means = new ArrayList<>();
        for (int i = 0; i < points.size(); i++) {
            means.add(new Point(
                    points.get(i).step(),
                    points.subList(Math.max(0, i - reach), Math.min(points.size(), i + reach + 1)).stream()
                            .mapToDouble(Point::value)
                            .average()
                            .orElseThrow()));
        }
        return new Series(means);
    }

    /** The steps, ascending. */
    public double[] steps() {
        return points.stream().mapToDouble(Point::step).toArray();
    }

    /** The values in the order of their steps. */
    public double[] values() {
        return points.stream().mapToDouble(Point::value).toArray();
    }
}
