package dev.save4j.report;

import java.util.Locale;
import java.util.OptionalDouble;

/**
 * A measured number with its standard error.
 *
 * @param error empty when it is not known; one of 0, as a single observation has, counts as not known
 */
public record Estimate(double value, OptionalDouble error) {
    /** Standard errors on either side of an interval that holds the truth 19 times out of 20. */
    public static final double INTERVAL = 1.96;

    public Estimate {
        if (error.isPresent() && !(error.getAsDouble() > 0 && Double.isFinite(error.getAsDouble()))) {
            error = OptionalDouble.empty();
        }
    }

    static Estimate of(double value, double error) {
        return new Estimate(value, OptionalDouble.of(error));
    }

    /** The difference of two independent measurements. */
    public Estimate minus(Estimate other) {
        return new Estimate(
                value - other.value,
                error.isPresent() && other.error.isPresent()
                        ? OptionalDouble.of(Math.hypot(error.getAsDouble(), other.error.getAsDouble()))
                        : OptionalDouble.empty());
    }

    /** Whether 0 lies outside the interval of ±1.96 standard errors; never without an error. */
    public boolean separable() {
        return error.isPresent() && Math.abs(value) > INTERVAL * error.getAsDouble();
    }

    /** With a sign, for differences. */
    String signed() {
        return text("%+.3f");
    }

    /** As in {@code 0.612 ± 0.012}: one standard error. */
    @Override
    public String toString() {
        return text("%.3f");
    }

    private String text(String format) {
        String number = String.format(Locale.ROOT, format, value);
        return error.isPresent() ? number + String.format(Locale.ROOT, " ± %.3f", error.getAsDouble()) : number;
    }
}
