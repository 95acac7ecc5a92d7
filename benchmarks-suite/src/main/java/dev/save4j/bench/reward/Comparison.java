package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Two scorers on the same items of a benchmark.
 *
 * @param difference second minus first, of the official number
 * @param low end of the paired 95 % bootstrap interval of the difference
 * @param gained items on which the second earns more
 * @param lost items on which it earns less
 * @param p of the exact test of McNemar (1947) on these two counts: how often chance alone splits them at least so unevenly
 * @param parts the same for each subset
 * @param flips the items on which they differ, those with the largest change first
 */
public record Comparison(
        String benchmark,
        String first,
        String second,
        int items,
        double firstValue,
        double secondValue,
        double difference,
        double low,
        double high,
        int gained,
        int lost,
        double p,
        List<Part> parts,
        List<Flip> flips) {
    public Comparison {
        parts = List.copyOf(parts);
        flips = List.copyOf(flips);
    }

    /** A subset: mean credits, and how many items were gained and lost. */
    public record Part(String name, int items, double firstValue, double secondValue, int gained, int lost, double p) {}

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
        Map<String, List<double[]>> credits = new TreeMap<>();
        for (int i = 0; i < first.size(); i++) {
            if (!first.get(i).item().equals(second.get(i).item())) {
                throw SaveException.internal("item " + first.get(i).item().id() + " against "
                        + second.get(i).item().id());
            }
            double before = benchmark.credit(first.get(i));
            double after = benchmark.credit(second.get(i));
            credits.computeIfAbsent(first.get(i).item().subset(), subset -> new ArrayList<>())
                    .add(new double[] {before, after});
            if (before != after) {
                flips.add(new Flip(first.get(i), second.get(i), before, after));
            }
        }
        flips.sort(Comparator.comparingDouble(flip -> -Math.abs(flip.change())));
        List<Part> parts = credits.entrySet().stream()
                .map(part -> part(part.getKey(), part.getValue()))
                .toList();
        int gained = parts.stream().mapToInt(Part::gained).sum();
        int lost = parts.stream().mapToInt(Part::lost).sum();
        double before = benchmark.headline(first);
        double after = benchmark.headline(second);
        Interval interval = Bootstrap.interval(
                first.stream().map(Scored::item).toList(),
                places -> benchmark.headline(Bootstrap.at(second, places))
                        - benchmark.headline(Bootstrap.at(first, places)),
                seed);
        return new Comparison(
                benchmark.title(),
                firstName,
                secondName,
                first.size(),
                before,
                after,
                after - before,
                interval.low(),
                interval.high(),
                gained,
                lost,
                mcNemar(gained, lost),
                parts,
                flips);
    }

    private static Part part(String name, List<double[]> credits) {
        int gained = 0;
        int lost = 0;
        double before = 0;
        double after = 0;
        for (double[] credit : credits) {
            gained += credit[1] > credit[0] ? 1 : 0;
            lost += credit[1] < credit[0] ? 1 : 0;
            before += credit[0] / credits.size();
            after += credit[1] / credits.size();
        }
        return new Part(name, credits.size(), before, after, gained, lost, mcNemar(gained, lost));
    }

    /** The two-sided exact p-value: both counts come from fair coins under the hypothesis that the scorers are equally good. */
    static double mcNemar(int gained, int lost) {
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

    /**
     * Where the second scorer is better and where it is worse, and what of that is left when all benchmarks are looked at together: p-values after Holm
     * (1979), 5 % in all.
     *
     * @param comparisons of the same two scorers, at least one
     */
    public static String summary(List<Comparison> comparisons) {
        Comparison any = comparisons.get(0);
        List<String> better = new ArrayList<>();
        List<String> worse = new ArrayList<>();
        List<String> open = new ArrayList<>();
        for (Comparison comparison : comparisons) {
            (comparison.low() > 0 ? better : comparison.high() < 0 ? worse : open).add(comparison.benchmark());
        }
        List<Comparison> ordered = new ArrayList<>(comparisons);
        ordered.sort(Comparator.comparingDouble(Comparison::p));
        List<String> certain = new ArrayList<>();
        for (Comparison comparison : ordered) {
            if (comparison.p() > 0.05 / (ordered.size() - certain.size())) {
                break;
            }
            certain.add(comparison.benchmark() + (comparison.gained() > comparison.lost() ? " (better)" : " (worse)"));
        }
        return any.second() + " against " + any.first() + ": better on " + listed(better) + "; worse on "
                + listed(worse)
                + "; not told apart on " + listed(open) + ". Each interval is for its benchmark by itself; with all "
                + comparisons.size() + " together, McNemar's test after Holm leaves a difference on " + listed(certain)
                + ".";
    }

    private static String listed(List<String> names) {
        return names.isEmpty() ? "none" : String.join(", ", names);
    }

    /** One sentence that claims no more than the interval allows. */
    public String verdict() {
        String interval = String.format(
                Locale.ROOT,
                "%+.1f points, 95 %% interval [%+.1f, %+.1f], %d items gained and %d lost, McNemar p = %.2g",
                100 * difference,
                100 * low,
                100 * high,
                gained,
                lost,
                p);
        if (gained + lost == 0) {
            return "On " + benchmark + ", " + second + " and " + first + " earn the same on all " + items + " items.";
        }
        if (low > 0 || high < 0) {
            return "On " + benchmark + ", " + second + " is " + (low > 0 ? "better" : "worse") + " than " + first + " ("
                    + interval + ").";
        }
        return "On " + benchmark + ", these " + items + " items do not tell " + second + " and " + first + " apart ("
                + interval + ").";
    }
}
