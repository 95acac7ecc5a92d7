package dev.save4j.onnxruntime;

import ai.onnxruntime.OrtException;
import dev.save4j.SaveException;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.Sampling;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The threads that decode the rows of one memory, in step with one another: each takes an equal part of the rows in every step, so that all are busy to
 * the end and no result depends on which of them is faster. Used by one thread at a time, which is one of them.
 */
final class Lanes implements AutoCloseable {
    private final DecoderMemory memory;
    private final Sequence[] rows;
    private final List<Lane> lanes;
    private final Crew crew;
    private final Crew.Task stepping = this::stepPart;
    private final Crew.Task drawing = this::drawPart;

    // What the members do next.
    private @Nullable BoundGraph graph;
    private int members;
    private int first;
    private int count;

    /** @param threads the caller's among them */
    Lanes(DecoderGraph decoder, int slots, int threads) {
        memory = new DecoderMemory(decoder, slots);
        rows = IntStream.range(0, slots)
                .mapToObj(row -> new Sequence(decoder.maxLength()))
                .toArray(Sequence[]::new);
        lanes = Stream.generate(() -> new Lane(decoder, memory)).limit(threads).toList();
        crew = new Crew(threads);
    }

    DecoderMemory memory() {
        return memory;
    }

    /** The sequences by row; in another order when they move. */
    Sequence[] rows() {
        return rows;
    }

    /** Makes ready to decode; a USER error names a stop token outside the vocabulary. */
    void prepare(BoundGraph bound, Sampling sampling) {
        graph = bound;
        lanes.forEach(lane -> lane.prepare(sampling));
    }

    /** Feeds the last token of each of the first {@code active} rows, and draws the next one. */
    void step(int active) throws OrtException {
        run(stepping, 0, active);
    }

    /** Draws a token for {@code some} rows from one on, from logits that are there. */
    void draw(int from, int some) throws OrtException {
        run(drawing, from, some);
    }

    private void run(Crew.Task task, int from, int some) throws OrtException {
        first = from;
        count = some;
        members = Math.min(lanes.size(), some);
        crew.run(task, members);
    }

    private void stepPart(int member) throws OrtException {
        int from = part(member);
        int some = part(member + 1) - from;
        lanes.get(member).step(bound(), rows, from, some, count);
        lanes.get(member).draw(rows, from, some);
    }

    private void drawPart(int member) {
        int from = part(member);
        lanes.get(member).draw(rows, from, part(member + 1) - from);
    }

    /** The first row of a member. */
    private int part(int member) {
        return first + (int) ((long) count * member / members);
    }

    /**
     * Feeds prompts to the rows from one on, which hold nothing before.
     *
     * @param prompts from the longest on
     */
    void prefill(int[][] prompts, int from) throws OrtException {
        List<int[][]> batches = Prefill.batches(prompts, lanes.size());
        int[] starts = new int[batches.size()];
        for (int i = 1; i < starts.length; i++) {
            starts[i] = starts[i - 1] + batches.get(i - 1).length;
        }
        AtomicInteger next = new AtomicInteger();
        crew.run(
                member -> {
                    for (int i = next.getAndIncrement(); i < starts.length; i = next.getAndIncrement()) {
                        lanes.get(member).prefill(bound(), batches.get(i), from + starts[i]);
                    }
                },
                Math.min(lanes.size(), starts.length));
    }

    private BoundGraph bound() {
        if (graph == null) {
            throw SaveException.internal("lanes decode before they are given a graph");
        }
        return graph;
    }

    @Override
    public void close() {
        crew.close();
        lanes.forEach(Lane::close);
    }
}
