package dev.save4j.loop;

/** Mean and standard error of numbers, by Welford's method. */
final class Spread {
    private int count;
    private double mean;
    private double squares;

    void add(double value) {
        count++;
        double delta = value - mean;
        mean += delta / count;
        squares += delta * (value - mean);
    }

    int count() {
        return count;
    }

    double mean() {
        return mean;
    }

    /** Standard error of the mean, 0 for a single number. */
    double error() {
        return count < 2 ? 0 : Math.sqrt(squares / (count - 1) / count);
    }
}
