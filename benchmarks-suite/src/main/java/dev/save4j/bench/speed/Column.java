package dev.save4j.bench.speed;

import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * A number of every row of a result.
 *
 * @param key in JSON
 * @param header in tables; empty for a number that is in JSON alone
 * @param form of {@link String#format} in tables
 * @param scale by which the number is multiplied in tables
 */
record Column(String key, String header, String form, double scale, Formula formula) {
    /** NaN where there is no such number. */
    @FunctionalInterface
    interface Formula {
        /**
         * The number of a row.
         *
         * @param first the first engine at the same size and shape, maybe {@code own} itself
         */
        double of(Measured own, Measured first);
    }

    static Column of(String key, String header, String form, ToDoubleFunction<Measured> formula) {
        return new Column(key, header, form, 1, (own, first) -> formula.applyAsDouble(own));
    }

    /** A number from 0 to 1, in tables in percent. */
    static Column share(String key, String header, ToDoubleFunction<Measured> formula) {
        return new Column(key, header, "%.0f %%", 100, (own, first) -> formula.applyAsDouble(own));
    }

    /** How many times as fast the first engine is. */
    static Column times(ToDoubleFunction<Measured> rate) {
        return new Column(
                "firstIsFasterBy", "×", "%.2f", 1, (own, first) -> rate.applyAsDouble(first) / rate.applyAsDouble(own));
    }

    /** The largest resident memory of the process. */
    static Column peakMemory() {
        return of("peakMegabytes", "peak MB", "%.0f", own -> own.most(Measured.PEAK_MEMORY) / 1e6);
    }

    boolean inTables() {
        return !header.isEmpty();
    }

    String cell(double value) {
        return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, form, scale * value);
    }
}
