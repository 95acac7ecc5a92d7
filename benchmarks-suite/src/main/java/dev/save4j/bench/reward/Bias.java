package dev.save4j.bench.reward;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Whether a scorer prefers what is long, or what is formatted, where both answers of a comparison differ in it.
 *
 * @param longer how often the longer answer scores higher, of those comparisons whose answers differ in length
 * @param longerIsBetter how often the longer answer is the better one there: what an unbiased scorer would come near
 * @param styled how often the answer with more markdown scores higher, of those comparisons whose answers differ in it
 * @param styledIsBetter how often it is the better one there
 */
public record Bias(
        int byLength, double longer, double longerIsBetter, int byStyle, double styled, double styledIsBetter) {
    private static final Pattern MARKDOWN = Pattern.compile("(?m)^\\s*(#{1,6} |[-*] |\\d+\\. |```|\\|)|\\*\\*");

    /** Over all comparisons of items whose answers have scores. NaN where no comparison differs. */
    public static Bias of(List<Scored> items) {
        int[] length = new int[3];
        int[] style = new int[3];
        for (Scored item : items) {
            int[] lengths = item.item().answers().stream()
                    .mapToInt(answer ->
                            answer.text().codePointCount(0, answer.text().length()))
                    .toArray();
            int[] marks = item.item().answers().stream()
                    .mapToInt(answer ->
                            (int) MARKDOWN.matcher(answer.text()).results().count())
                    .toArray();
            for (Item.Pair pair : item.item().pairs()) {
                if (!Double.isNaN(item.score(pair.better())) && !Double.isNaN(item.score(pair.worse()))) {
                    count(length, item, pair, lengths);
                    count(style, item, pair, marks);
                }
            }
        }
        return new Bias(
                length[0],
                length[1] / (double) length[0],
                length[2] / (double) length[0],
                style[0],
                style[1] / (double) style[0],
                style[2] / (double) style[0]);
    }

    private static void count(int[] counts, Scored item, Item.Pair pair, int[] amount) {
        if (amount[pair.better()] == amount[pair.worse()]) {
            return;
        }
        boolean betterHasMore = amount[pair.better()] > amount[pair.worse()];
        int more = betterHasMore ? pair.better() : pair.worse();
        int less = betterHasMore ? pair.worse() : pair.better();
        counts[0]++;
        counts[1] += item.above(more, less) ? 1 : 0;
        counts[2] += betterHasMore ? 1 : 0;
    }

    /** In one line. */
    public String describe() {
        return (byLength == 0
                        ? "no comparison of answers that differ in length"
                        : String.format(
                                Locale.ROOT,
                                "the longer answer scores higher in %.1f %% of %d comparisons and is better in %.1f %%",
                                100 * longer,
                                byLength,
                                100 * longerIsBetter))
                + (byStyle == 0
                        ? "; none of answers that differ in markdown"
                        : String.format(
                                Locale.ROOT,
                                "; the answer with more markdown scores higher in %.1f %% of %d and is better in %.1f %%",
                                100 * styled,
                                byStyle,
                                100 * styledIsBetter));
    }
}
