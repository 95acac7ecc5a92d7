package dev.save4j.bench.reward;

/** The ends of a 95 % interval. */
public record Interval(double low, double high) {
    /** Where there is too little for an interval. */
    static final Interval NONE = new Interval(Double.NaN, Double.NaN);

    boolean exists() {
        return Double.isFinite(low) && Double.isFinite(high);
    }

    boolean holds(double value) {
        return low <= value && value <= high;
    }
}
