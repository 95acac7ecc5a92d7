package dev.save4j.bench.reward;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

    /** The ends of a 95 % interval. */
    record Interval(double low, double high) {
        boolean holds(double value) {
            return low <= value && value <= high;
        }
    }

    /**
     * @param items in any order, at least one
     * @param of computes the number from the places of the items, which may come several times
     */
    static Interval interval(List<Item> items, ToDoubleFunction<int[]> of, long seed) {
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
        double[] numbers = new double[RESAMPLES];
        for (int resample = 0; resample < RESAMPLES; resample++) {
            numbers[resample] = of.applyAsDouble(draw(groups, random::nextInt, items.size()));
        }
        Arrays.sort(numbers);
        return new Interval(quantile(numbers, 0.025), quantile(numbers, 0.975));
    }

    /** Of the official number of a benchmark. */
    static Interval interval(Benchmark benchmark, List<Scored> items, long seed) {
        return interval(
                items.stream().map(Scored::item).toList(), places -> benchmark.headline(at(items, places)), seed);
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
        double place = share * (sorted.length - 1);
        int below = (int) place;
        return sorted[below] + (place - below) * (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]);
    }
}
