package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import java.util.Arrays;

/**
 * An item with the scores of its answers. An answer that could not be scored has NaN, which is above nothing, so that every comparison with it counts
 * as wrong.
 */
public record Scored(Item item, double[] scores) {
    public Scored {
        if (scores.length != item.answers().size()) {
            throw SaveException.internal(
                    scores.length + " scores for the " + item.answers().size() + " answers of item " + item.id());
        }
        scores = scores.clone();
    }

    /** Whether all answers could be scored. */
    public boolean complete() {
        return Arrays.stream(scores).noneMatch(Double::isNaN);
    }

    /** Whether answers that are to be compared score the same. */
    public boolean tied() {
        return item.pairs().stream().anyMatch(pair -> scores[pair.better()] == scores[pair.worse()]);
    }

    double score(int answer) {
        return scores[answer];
    }

    boolean above(int better, int worse) {
        return scores[better] > scores[worse];
    }

    boolean above(Item.Pair pair) {
        return above(pair.better(), pair.worse());
    }

    /** The share of the comparisons that are right; a tie is wrong. */
    double pairAccuracy() {
        int right = 0;
        for (Item.Pair pair : item.pairs()) {
            right += above(pair) ? 1 : 0;
        }
        return right / (double) item.pairs().size();
    }

    /** Whether every comparison is right. */
    boolean allAbove() {
        for (Item.Pair pair : item.pairs()) {
            if (!above(pair)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Scored that && item.equals(that.item) && Arrays.equals(scores, that.scores);
    }

    @Override
    public int hashCode() {
        return 31 * item.hashCode() + Arrays.hashCode(scores);
    }
}
