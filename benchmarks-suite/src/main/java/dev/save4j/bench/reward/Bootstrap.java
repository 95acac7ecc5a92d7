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
import java.util.stream.IntStream;

/**
 * Percentile intervals by resampling (Efron and Tibshirani 1993, chapter 13): prompts are drawn with replacement, as many as there are, and the number is
 * computed again.
 *
 * <p>What belongs to one prompt, {@link Item#group}, is drawn together, because its items are right and wrong together. Prompts are drawn within the parts
 * that the official number averages, {@link Benchmark#stratum}, so that each part keeps its size as it does in the number. Not within subsets, of which some
 * have one prompt: drawn from alone, it never varies, and the interval would claim a certainty that is not there.
 *
 * <p>A number with a part of fewer than {@link #FEWEST_PROMPTS} prompts has no interval: what so few prompts have in common says too little about others.
 */
final class Bootstrap {
    /** Draws; the ends of the interval are then good to about a tenth of its width. */
    static final int RESAMPLES = 1000;

    /** With fewer, drawing anew misses a good part of the spread, and a part may be right or wrong as a whole by chance. */
    static final int FEWEST_PROMPTS = 10;

    private Bootstrap() {}

    /**
     * @param items in any order, at least one
     * @param stratum what an item is drawn within
     * @param of computes the number from the places of the items, which may come several times
     */
    static Interval interval(List<Item> items, Function<Item, String> stratum, ToDoubleFunction<int[]> of, long seed) {
        return intervals(items, stratum, places -> new double[] {of.applyAsDouble(places)}, 1, seed)
                .get(0);
    }

    /**
     * Of several numbers by the same draws. A number that is not finite in a draw is left out of its interval, which is NaN when that is so in all.
     *
     * @param of computes the numbers from the places of the items
     */
    private static List<Interval> intervals(
            List<Item> items, Function<Item, String> stratum, Function<int[], double[]> of, int numbers, long seed) {
        Map<String, Map<String, List<Integer>>> strata = new LinkedHashMap<>();
        for (int i = 0; i < items.size(); i++) {
            strata.computeIfAbsent(stratum.apply(items.get(i)), name -> new LinkedHashMap<>())
                    .computeIfAbsent(items.get(i).group(), group -> new ArrayList<>())
                    .add(i);
        }
        List<int[][]> groups = strata.values().stream()
                .map(prompts -> prompts.values().stream()
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

    /** Of all metrics of a benchmark, in their order; none for those with too few prompts. */
    static List<Interval> intervals(Benchmark benchmark, List<Scored> items, long seed) {
        List<Metric> metrics = benchmark.metrics(items);
        Map<String, Integer> places = new HashMap<>();
        metrics.forEach(metric -> places.put(metric.name(), places.size()));
        List<Interval> intervals = intervals(
                items.stream().map(Scored::item).toList(),
                benchmark::stratum,
                drawn -> {
                    double[] numbers = new double[metrics.size()];
                    Arrays.fill(numbers, Double.NaN);
                    for (Metric metric : benchmark.metrics(at(items, drawn))) {
                        Optional.ofNullable(places.get(metric.name()))
                                .ifPresent(place -> numbers[place] = metric.value());
                    }
                    return numbers;
                },
                metrics.size(),
                seed);
        return IntStream.range(0, metrics.size())
                .mapToObj(i -> metrics.get(i).prompts() < FEWEST_PROMPTS ? Interval.NONE : intervals.get(i))
                .toList();
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
