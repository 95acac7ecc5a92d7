package dev.save4j.report;

import dev.save4j.SaveException;
import java.util.Locale;

/**
 * A share of trials, such as an accuracy.
 *
 * @param trials at least 1
 */
public record Proportion(int successes, int trials) {
    /** 97.5 % quantile of the normal distribution. */
    private static final double Z = 1.959963984540054;

    public Proportion {
        if (trials < 1 || successes < 0 || successes > trials) {
            throw SaveException.internal(successes + " successes in " + trials + " trials");
        }
    }

    public double value() {
        return successes / (double) trials;
    }

    /** The lower end of the 95 % interval of Wilson (1927), which holds for few trials and extreme shares too. */
    public double low() {
        return Math.max(0, centre() - half());
    }

    /** The upper end of that interval. */
    public double high() {
        return Math.min(1, centre() + half());
    }

    private double centre() {
        return (value() + Z * Z / (2 * trials)) / (1 + Z * Z / trials);
    }

    private double half() {
        double variance = value() * (1 - value()) / trials + Z * Z / (4.0 * trials * trials);
        return Z * Math.sqrt(variance) / (1 + Z * Z / trials);
    }

    /** As in {@code 0.612 [0.568, 0.654]}. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.3f [%.3f, %.3f]", value(), low(), high());
    }
}
