package dev.save4j.algorithms;

/** Means and deviations of the numbers in a stretch of an array; NaN entries are left out. Two passes, so that large means cost no digits. */
final class Statistics {
    private Statistics() {}

    static int count(double[] values, int from, int to) {
        int count = 0;
        for (int i = from; i < to; i++) {
            count += Double.isNaN(values[i]) ? 0 : 1;
        }
        return count;
    }

    /** NaN when there is no number. */
    static double mean(double[] values, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += Double.isNaN(values[i]) ? 0 : values[i];
        }
        return sum / count(values, from, to);
    }

    static double mean(double[] values) {
        return mean(values, 0, values.length);
    }

    /** Sum of squared distances from the mean over n − ddof; 0 when that is not positive. */
    static double variance(double[] values, int from, int to, int ddof) {
        int degrees = count(values, from, to) - ddof;
        if (degrees <= 0) {
            return 0;
        }
        double mean = mean(values, from, to);
        double sum = 0;
        for (int i = from; i < to; i++) {
            double distance = values[i] - mean;
            sum += Double.isNaN(distance) ? 0 : distance * distance;
        }
        return sum / degrees;
    }

    static double deviation(double[] values, int from, int to, int ddof) {
        return Math.sqrt(variance(values, from, to, ddof));
    }

    static double deviation(double[] values, int ddof) {
        return deviation(values, 0, values.length, ddof);
    }

    /** The mean of the other numbers in the stretch; NaN when there is none. */
    static double meanOfOthers(double[] values, int from, int to, int row) {
        return mean(without(values, from, to, row));
    }

    static double deviationOfOthers(double[] values, int from, int to, int row, int ddof) {
        return deviation(without(values, from, to, row), ddof);
    }

    private static double[] without(double[] values, int from, int to, int row) {
        double[] others = java.util.Arrays.copyOfRange(values, from, to);
        others[row - from] = Double.NaN;
        return others;
    }
}
