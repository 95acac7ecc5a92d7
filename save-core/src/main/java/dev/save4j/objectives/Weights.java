package dev.save4j.objectives;

import dev.save4j.SaveException;

/** Weights of rows as shares of a batch. */
final class Weights {
    private Weights() {}

    /** Weights divided by their sum; all 0 when the sum is 0. */
    static double[] shares(double[] weights) {
        double total = 0;
        for (double weight : weights) {
            if (!(weight >= 0) || Double.isInfinite(weight)) {
                throw SaveException.user("the weight of a row must be 0 or more and finite, but is " + weight);
            }
            total += weight;
        }
        double[] shares = new double[weights.length];
        for (int i = 0; i < shares.length; i++) {
            shares[i] = total > 0 ? weights[i] / total : 0;
        }
        return shares;
    }
}
