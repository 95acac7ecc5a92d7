package dev.save4j.bench.reward;

/** The ends of a 95 % interval. */
public record Interval(double low, double high) {
    boolean holds(double value) {
        return low <= value && value <= high;
    }
}
