package dev.save4j.bench.save;

import dev.save4j.report.Estimate;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The mean of a measure over seeds.
 *
 * @param half half the width of the 95 % interval: Student's t over the seeds, but never less than the evaluation prompts alone allow; with one seed that
 *     of the prompts, which says nothing about another seed; empty when neither is known
 * @param promptError standard error of the mean from evaluation prompts alone; empty when not known
 */
public record SeedMean(int seeds, double mean, OptionalDouble half, OptionalDouble promptError) {
    /** The 97.5 % quantiles of Student's t distribution for 1, 2, … degrees of freedom. */
    private static final double[] QUANTILES = {
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
        2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042
    };

    /**
     * Of independent measurements, one for each seed, with their errors from evaluation prompts; empty without any.
     */
    public static Optional<SeedMean> of(List<Estimate> bySeed) {
        if (bySeed.isEmpty()) {
            return Optional.empty();
        }
        int seeds = bySeed.size();
        double mean = bySeed.stream().mapToDouble(Estimate::value).average().orElseThrow();
        OptionalDouble promptError = errorOfMean(bySeed);
        if (seeds == 1) {
            return Optional.of(new SeedMean(1, mean, scaled(promptError, Estimate.INTERVAL), promptError));
        }
        double squares = bySeed.stream()
                .mapToDouble(one -> Math.pow(one.value() - mean, 2))
                .sum();
        double error = Math.max(Math.sqrt(squares / (seeds - 1) / seeds), promptError.orElse(0));
        return Optional.of(new SeedMean(seeds, mean, OptionalDouble.of(quantile(seeds - 1) * error), promptError));
    }

    /**
     * Of the mean of independent estimates; empty when none has one. Those without take the average of the others: a difference that happens to be 0 at
     * every prompt has no error of its own, and must not make the mean look exact.
     */
    static OptionalDouble errorOfMean(List<Estimate> estimates) {
        OptionalDouble square = estimates.stream()
                .flatMapToDouble(one -> one.error().stream())
                .map(error -> error * error)
                .average();
        return square.isPresent()
                ? OptionalDouble.of(Math.sqrt(square.getAsDouble() / estimates.size()))
                : OptionalDouble.empty();
    }

    private static OptionalDouble scaled(OptionalDouble value, double factor) {
        return value.isPresent() ? OptionalDouble.of(factor * value.getAsDouble()) : value;
    }

    /** Beyond the table the first term of the expansion around the normal quantile, which is then right to three decimals. */
    private static double quantile(int degrees) {
        double z = 1.95996;
        return degrees <= QUANTILES.length ? QUANTILES[degrees - 1] : z + (z * z * z + z) / (4 * degrees);
    }

    /** Whether the interval over seeds lies above 0; never with one seed. */
    boolean above() {
        return seeds > 1 && half.isPresent() && mean > half.getAsDouble();
    }

    /** Whether the interval over seeds lies below 0; never with one seed. */
    boolean below() {
        return seeds > 1 && half.isPresent() && -mean > half.getAsDouble();
    }

    /** As in {@code 0.229 [0.184, 0.274]}. */
    @Override
    public String toString() {
        return text("%.3f");
    }

    /** With signs, for differences. */
    String signed() {
        return text("%+.3f");
    }

    private String text(String number) {
        return half.isEmpty()
                ? String.format(Locale.ROOT, number, mean)
                : String.format(
                        Locale.ROOT,
                        number + " [" + number + ", " + number + "]",
                        mean,
                        mean - half.getAsDouble(),
                        mean + half.getAsDouble());
    }
}
