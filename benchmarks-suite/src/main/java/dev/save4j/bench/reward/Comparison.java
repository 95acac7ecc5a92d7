package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Two scorers on the same items of a benchmark.
 *
 * @param difference second minus first, of the official number
 * @param prompts of the smallest part that the official number averages
 * @param low end of the paired 95 % bootstrap interval of the difference; NaN, as the other end, when there are too few prompts
 * @param gained prompts on which the second earns more, all items about the prompt taken together
 * @param lost prompts on which it earns less
 * @param test the name of the exact test on these two counts: McNemar's (1947) where each prompt is one item that is right or wrong, else the sign test
 * @param p of the test: how often chance alone splits the two counts at least so unevenly. Each prompt counts the same, also in a small part that weighs
 *     much in the official number
 * @param parts the same for each subset
 * @param flips the items on which they differ, those with the largest change first
 */
public record Comparison(
        String benchmark,
        String first,
        String second,
        int items,
        int prompts,
        double firstValue,
        double secondValue,
        double difference,
        double low,
        double high,
        int gained,
        int lost,
        String test,
        double p,
        List<Part> parts,
        List<Flip> flips) {
    /** Credits are fractions: what is left of a sum that should be 0. */
    private static final double ROUNDING = 1e-9;

    public Comparison {
        parts = List.copyOf(parts);
        flips = List.copyOf(flips);
    }

    /** A subset: mean credits, the paired interval of their difference, and how many prompts were gained and lost. */
    public record Part(
            String name,
            int items,
            double firstValue,
            double secondValue,
            double low,
            double high,
            int gained,
            int lost,
            double p) {}

    /** An item on which the two differ. */
    public record Flip(Scored first, Scored second, double firstCredit, double secondCredit) {
        double change() {
            return secondCredit - firstCredit;
        }
    }

    /**
     * @param first scored items
     * @param second the same items in the same order; an INTERNAL error otherwise
     */
    public static Comparison of(
            Benchmark benchmark,
            String firstName,
            List<Scored> first,
            String secondName,
            List<Scored> second,
            long seed) {
        if (first.size() != second.size()) {
            throw SaveException.internal(first.size() + " items against " + second.size());
        }
        List<Flip> flips = new ArrayList<>();
        List<Credits> credits = new ArrayList<>();
        for (int i = 0; i < first.size(); i++) {
            Item item = first.get(i).item();
            if (!item.equals(second.get(i).item())) {
                throw SaveException.internal(
                        "item " + item.id() + " against " + second.get(i).item().id());
            }
            // What compares no answers can earn nothing.
            if (item.pairs().isEmpty()) {
                continue;
            }
            Credits both = new Credits(item, benchmark.credit(first.get(i)), benchmark.credit(second.get(i)));
            credits.add(both);
            if (both.before() != both.after()) {
                flips.add(new Flip(first.get(i), second.get(i), both.before(), both.after()));
            }
        }
        flips.sort(Comparator.comparingDouble(flip -> -Math.abs(flip.change())));
        Metric before = benchmark.metrics(first).get(0);
        double after = benchmark.headline(second);
        Interval interval = before.prompts() < Bootstrap.FEWEST_PROMPTS
                ? Interval.NONE
                : Bootstrap.interval(
                        first.stream().map(Scored::item).toList(),
                        benchmark::stratum,
                        places -> benchmark.headline(Bootstrap.at(second, places))
                                - benchmark.headline(Bootstrap.at(first, places)),
                        seed);
        Tally tally = Tally.of(credits);
        return new Comparison(
                benchmark.title(),
                firstName,
                secondName,
                credits.size(),
                before.prompts(),
                before.value(),
                after,
                after - before.value(),
                interval.low(),
                interval.high(),
                tally.gained(),
                tally.lost(),
                tally.test(),
                exact(tally.gained(), tally.lost()),
                credits.stream()
                        .collect(Collectors.groupingBy(both -> both.item().subset(), TreeMap::new, Collectors.toList()))
                        .entrySet()
                        .stream()
                        .map(part -> part(part.getKey(), part.getValue(), seed))
                        .toList(),
                flips);
    }

    /** What an item earns by each scorer. */
    private record Credits(Item item, double before, double after) {
        double change() {
            return after - before;
        }
    }

    /** Prompts on which the second scorer earns more, and less. */
    private record Tally(int prompts, int gained, int lost, String test) {
        static Tally of(List<Credits> credits) {
            Map<String, Double> changes = new HashMap<>();
            credits.forEach(both -> changes.merge(both.item().group(), both.change(), Double::sum));
            boolean oneDecisionEach = changes.size() == credits.size()
                    && credits.stream().allMatch(both -> isAllOrNothing(both.before()) && isAllOrNothing(both.after()));
            return new Tally(
                    changes.size(),
                    (int) changes.values().stream()
                            .filter(change -> change > ROUNDING)
                            .count(),
                    (int) changes.values().stream()
                            .filter(change -> change < -ROUNDING)
                            .count(),
                    oneDecisionEach ? "McNemar" : "sign test");
        }

        private static boolean isAllOrNothing(double credit) {
            return credit == 0 || credit == 1;
        }
    }

    private static Part part(String name, List<Credits> credits, long seed) {
        Tally tally = Tally.of(credits);
        double[] changes = credits.stream().mapToDouble(Credits::change).toArray();
        Interval interval = tally.prompts() < Bootstrap.FEWEST_PROMPTS
                ? Interval.NONE
                : Bootstrap.interval(
                        credits.stream().map(Credits::item).toList(),
                        Item::subset,
                        places -> Arrays.stream(places)
                                .mapToDouble(place -> changes[place])
                                .average()
                                .orElseThrow(),
                        seed);
        return new Part(
                name,
                credits.size(),
                credits.stream().mapToDouble(Credits::before).average().orElseThrow(),
                credits.stream().mapToDouble(Credits::after).average().orElseThrow(),
                interval.low(),
                interval.high(),
                tally.gained(),
                tally.lost(),
                exact(tally.gained(), tally.lost()));
    }

    /** The two-sided exact p-value: both counts come from fair coins under the hypothesis that the scorers are equally good. */
    static double exact(int gained, int lost) {
        int all = gained + lost;
        int smaller = Math.min(gained, lost);
        // Logarithms, because 2 to the power of -all underflows for many items.
        double logChance = -all * Math.log(2);
        double tail = 0;
        for (int i = 0; i <= smaller; i++) {
            tail += Math.exp(logChance);
            logChance += Math.log(all - i) - Math.log(i + 1.0);
        }
        return Math.min(1, 2 * tail);
    }

    private boolean better() {
        return low > 0;
    }

    private boolean worse() {
        return high < 0;
    }

    /**
     * Where the second scorer is better and where it is worse, and what of that is left when all benchmarks are looked at together: p-values after Holm
     * (1979), 5 % in all.
     *
     * @param comparisons of the same two scorers, at least one
     */
    public static String summary(List<Comparison> comparisons) {
        Comparison any = comparisons.get(0);
        List<Comparison> ordered = new ArrayList<>(comparisons);
        ordered.sort(Comparator.comparingDouble(Comparison::p));
        int significant = 0;
        while (significant < ordered.size() && ordered.get(significant).p() <= 0.05 / (ordered.size() - significant)) {
            significant++;
        }
        // The test weighs prompts and the official number parts: only what both of them say is claimed.
        List<String> certain = ordered.subList(0, significant).stream()
                .filter(one -> one.gained() > one.lost() ? one.better() : one.worse())
                .map(one -> one.benchmark() + (one.better() ? " (better)" : " (worse)"))
                .toList();
        List<Comparison> few =
                comparisons.stream().filter(one -> Double.isNaN(one.low())).toList();
        return any.second() + " against " + any.first() + ": better on "
                + listed(comparisons.stream().filter(Comparison::better).toList())
                + "; worse on "
                + listed(comparisons.stream().filter(Comparison::worse).toList())
                + "; not told apart on "
                + listed(comparisons.stream()
                        .filter(one -> !one.better() && !one.worse() && !few.contains(one))
                        .toList())
                + (few.isEmpty() ? "" : "; too few prompts on " + listed(few))
                + ". Each interval is for its benchmark by itself; with all " + comparisons.size()
                + " together, the exact test over prompts after Holm leaves a difference on " + named(certain) + ".";
    }

    private static String listed(List<Comparison> comparisons) {
        return named(comparisons.stream().map(Comparison::benchmark).toList());
    }

    private static String named(List<String> names) {
        return names.isEmpty() ? "none" : String.join(", ", names);
    }

    /** One sentence that claims no more than the interval allows. */
    public String verdict() {
        if (flips.isEmpty() && difference == 0) {
            return "On " + benchmark + ", " + second + " and " + first + " earn the same on all " + items + " items.";
        }
        String counts = String.format(Locale.ROOT, "%d prompts gained and %d lost, %s p = %.2g", gained, lost, test, p);
        if (Double.isNaN(low)) {
            return String.format(
                    Locale.ROOT,
                    "On %s, these items are too few to tell %s and %s apart: the smallest part has %d of the %d prompts that an interval takes (%+.1f"
                            + " points, %s).",
                    benchmark,
                    second,
                    first,
                    prompts,
                    Bootstrap.FEWEST_PROMPTS,
                    100 * difference,
                    counts);
        }
        String interval = String.format(
                Locale.ROOT,
                "%+.1f points, 95 %% interval [%+.1f, %+.1f], %s",
                100 * difference,
                100 * low,
                100 * high,
                counts);
        if (better() || worse()) {
            return "On " + benchmark + ", " + second + " is " + (better() ? "better" : "worse") + " than " + first
                    + " (" + interval + ").";
        }
        return "On " + benchmark + ", these " + items + " items do not tell " + second + " and " + first + " apart ("
                + interval + ").";
    }
}
