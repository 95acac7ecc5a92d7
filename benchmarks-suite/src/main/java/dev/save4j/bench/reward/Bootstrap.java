package dev.save4j.bench.reward;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Percentile intervals by resampling (Efron and Tibshirani 1993, chapter 13): the groups of items of each subset are drawn with replacement, as many as there
 * are, and the number is computed again. What belongs to one prompt stays together, and every subset keeps its size.
 */
final class Bootstrap {
    /** Draws; the ends of the interval are then good to about a tenth of its width. */
    static final int RESAMPLES = 1000;

    private Bootstrap() {}

    /**
     * @param items in any order, at least one
     * @param of computes the number from the places of the items, which may come several times
     */
    static Interval interval(List<Item> items, ToDoubleFunction<int[]> of, long seed) {
        return intervals(items, places -> new double[] {of.applyAsDouble(places)}, 1, seed)
                .get(0);
    }

    /**
     * Of several numbers by the same draws. A number that is not finite in a draw is left out of its interval, which is NaN when that is so in all.
     *
     * @param of computes the numbers from the places of the items
     */
    static List<Interval> intervals(List<Item> items, Function<int[], double[]> of, int numbers, long seed) {
        Map<String, Map<String, List<Integer>>> strata = new LinkedHashMap<>();
        for (int i = 0; i < items.size(); i++) {
            strata.computeIfAbsent(items.get(i).subset(), subset -> new LinkedHashMap<>())
                    .computeIfAbsent(items.get(i).group(), group -> new ArrayList<>())
                    .add(i);
        }
        List<int[][]> groups = strata.values().stream()
                .map(stratum -> stratum.values().stream()
                        .map(group -> group.stream().mapToInt(i -> i).toArray())
                        .toArray(int[][]::new))
                .toList();
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        double[][] draws = new double[numbers][RESAMPLES];
        for (int resample = 0; resample < RESAMPLES; resample++) {
            double[] drawn = of.apply(draw(groups, random::nextInt, items.size()));
            for (int number = 0; number < numbers; number++) {
                draws[number][resample] = drawn[number];
            }
        }
        return Arrays.stream(draws)
                .map(draw ->
                        Arrays.stream(draw).filter(Double::isFinite).sorted().toArray())
                .map(draw -> new Interval(quantile(draw, 0.025), quantile(draw, 0.975)))
                .toList();
    }

    /** Of all metrics of a benchmark, in their order. */
    static List<Interval> intervals(Benchmark benchmark, List<Scored> items, long seed) {
        List<String> names = benchmark.metrics(items).stream().map(Metric::name).toList();
        Map<String, Integer> places = new HashMap<>();
        names.forEach(name -> places.put(name, places.size()));
        return intervals(
                items.stream().map(Scored::item).toList(),
                drawn -> {
                    double[] numbers = new double[names.size()];
                    Arrays.fill(numbers, Double.NaN);
                    for (Metric metric : benchmark.metrics(at(items, drawn))) {
                        Optional.ofNullable(places.get(metric.name()))
                                .ifPresent(place -> numbers[place] = metric.value());
                    }
                    return numbers;
                },
                names.size(),
                seed);
    }

    static List<Scored> at(List<Scored> items, int[] places) {
        Scored[] drawn = new Scored[places.length];
        for (int i = 0; i < places.length; i++) {
            drawn[i] = items.get(places[i]);
        }
        return Arrays.asList(drawn);
    }

    private static int[] draw(List<int[][]> strata, IntUnaryOperator below, int expected) {
        int[] places = new int[expected + 16];
        int count = 0;
        for (int[][] groups : strata) {
            for (int i = 0; i < groups.length; i++) {
                for (int place : groups[below.applyAsInt(groups.length)]) {
                    if (count == places.length) {
                        places = Arrays.copyOf(places, 2 * count);
                    }
                    places[count++] = place;
                }
            }
        }
        return Arrays.copyOf(places, count);
    }

    private static double quantile(double[] sorted, double share) {
        if (sorted.length == 0) {
            return Double.NaN;
        }
        double place = share * (sorted.length - 1);
        int below = (int) place;
        return sorted[below] + (place - below) * (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]);
    }
}
