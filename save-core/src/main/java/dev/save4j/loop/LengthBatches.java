package dev.save4j.loop;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** Sequences of about the same length, which run together, so that little is padded. */
public final class LengthBatches {
    /** Batches of longer sequences have fewer rows, so that none has more tokens than a full one of this length. */
    public static final int FULL_TO = 512;

    private final List<List<Integer>> batches = new ArrayList<>();
    private final long tokens;
    private final long padding;

    /**
     * @param lengths of the sequences, in tokens
     * @param rows the most sequences of a batch
     */
    LengthBatches(int[] lengths, int rows) {
        this(lengths, length -> rows(length, rows));
    }

    /**
     * Batches of other sizes.
     *
     * @param most the most sequences of a batch whose longest has so many tokens; not more for more tokens
     */
    LengthBatches(int[] lengths, IntUnaryOperator most) {
        List<Integer> order = IntStream.range(0, lengths.length)
                .boxed()
                .sorted(Comparator.comparingInt(row -> lengths[row]))
                .toList();
        List<Integer> batch = List.of();
        for (int row : order) {
            if (batch.isEmpty() || batch.size() >= most.applyAsInt(lengths[row])) {
                batch = new ArrayList<>();
                batches.add(batch);
            }
            batch.add(row);
        }
        tokens = Arrays.stream(lengths).asLongStream().sum();
        padding = batches.stream()
                        .mapToLong(part -> (long) part.size() * lengths[part.get(part.size() - 1)])
                        .sum()
                - tokens;
    }

    /**
     * How many sequences of a length run together.
     *
     * @param rows the most sequences of any length
     */
    public static int rows(int length, int rows) {
        return length <= FULL_TO ? rows : (int) Math.max(1, (long) rows * FULL_TO / length);
    }

    /** The places of the sequences of each batch, the shortest first. */
    List<List<Integer>> batches() {
        return batches;
    }

    long tokens() {
        return tokens;
    }

    /** Tokens that are computed besides. */
    long padding() {
        return padding;
    }
}
