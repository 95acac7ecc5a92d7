package dev.save4j.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.save4j.SaveException;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.Sampling;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one thread needs to feed rows of a decoder's memory and to sample from their logits: inputs of its own, and native views that are made once.
 * Lanes share a session of the graph, and with it the packed weights. Not thread-safe.
 */
final class Lane implements AutoCloseable {
    /** Views for prompts that are kept; a row more or less makes another one. */
    private static final int KEPT = 64;

    private static final String TOKENS = "input_ids";

    private final DecoderMemory memory;
    private final int vocabulary;
    private final Tensor tokens;
    private final Tensor lastPositions;
    private final Tensor lengths;
    private final Tensor longest;
    private final LongBuffer tokenValues;
    private final LongBuffer lastPositionValues;
    private final IntBuffer lengthValues;
    private final IntBuffer longestValue;
    private final FloatBuffer logits;
    /** By number of rows that all lanes decode, which decides on the rows of this one. */
    private final @Nullable Views[] steps;
    /** By first row and number of rows. */
    private final LinkedHashMap<Long, Views> prompts = new LinkedHashMap<>(KEPT, 0.75f, true);

    private @Nullable Sampler sampler;

    /** Native views of some rows and of one token for each, which prompts take the place of. */
    private record Views(Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> outputs, Feed feed) {
        void close() {
            closeAll(inputs, outputs);
        }
    }

    Lane(DecoderGraph decoder, DecoderMemory memory) {
        this.memory = memory;
        this.vocabulary = decoder.vocabulary();
        int rows = memory.rows();
        steps = new Views[rows + 1];
        tokens = Tensor.allocate(ElementType.INT64, Math.max(rows, decoder.maxLength()) + Prefill.TOKENS);
        lastPositions = Tensor.allocate(ElementType.INT64, rows, 1);
        lengths = Tensor.allocate(ElementType.INT32, rows);
        longest = Tensor.allocate(ElementType.INT32);
        tokenValues = tokens.longs();
        lastPositionValues = lastPositions.longs();
        lengthValues = lengths.ints();
        longestValue = longest.ints();
        logits = memory.logits();
    }

    /** Makes ready to sample in one way; a USER error names a stop token outside the vocabulary. */
    void prepare(Sampling sampling) {
        if (sampler == null || !sampler.sampling().equals(sampling)) {
            sampler = new Sampler(vocabulary, sampling);
        }
    }

    /**
     * Feeds the last token of each sequence in some rows, whose logits are then there.
     *
     * @param active rows that all lanes decode; the same rows of this lane belong to it every time
     */
    void step(BoundGraph graph, Sequence[] sequences, int first, int count, int active) throws OrtException {
        int most = 0;
        for (int i = 0; i < count; i++) {
            Sequence sequence = sequences[first + i];
            lengthValues.put(i, sequence.cached());
            lastPositionValues.put(i, 0);
            tokenValues.put(i, sequence.feed());
            most = Math.max(most, sequence.cached());
        }
        longestValue.put(0, most);
        Views views = steps[active];
        if (views == null) {
            views = views(first, count);
            steps[active] = views;
        }
        graph.run(views.feed());
    }

    /** Feeds prompts to the rows from {@code first} on, which hold nothing before; the first prompt is the longest. */
    void prefill(BoundGraph graph, int[][] fed, int first) throws OrtException {
        int sequence = fed[0].length;
        for (int i = 0; i < fed.length; i++) {
            int[] prompt = fed[i];
            for (int t = 0; t < sequence; t++) {
                tokenValues.put(i * sequence + t, t < prompt.length ? prompt[t] : 0);
            }
            lastPositionValues.put(i, prompt.length - 1);
            lengthValues.put(i, prompt.length - 1);
        }
        longestValue.put(0, sequence);
        Views views = promptViews(first, fed.length);
        try (OnnxTensor ids = DecoderMemory.part(tokens, 0, fed.length, sequence)) {
            views.feed().replace(TOKENS, ids);
            graph.run(views.feed());
        }
    }

    /** Draws a token for each sequence in some rows from its logits. */
    void draw(Sequence[] sequences, int first, int count) {
        if (sampler == null) {
            throw SaveException.internal("a lane draws before it is told how");
        }
        for (int row = first; row < first + count; row++) {
            Sequence sequence = sequences[row];
            int token = sampler.sample(logits, row * vocabulary, sequence.stream());
            sequence.append(token, sampler.logProb(), sampler.isStop(token));
        }
    }

    private Views promptViews(int first, int count) throws OrtException {
        long key = (long) first << Integer.SIZE | count;
        Views views = prompts.get(key);
        if (views == null) {
            if (prompts.size() == KEPT) {
                Iterator<Views> oldest = prompts.values().iterator();
                oldest.next().close();
                oldest.remove();
            }
            views = views(first, count);
            prompts.put(key, views);
        }
        return views;
    }

    private Views views(int first, int count) throws OrtException {
        Map<String, OnnxTensor> inputs = new HashMap<>();
        Map<String, OnnxTensor> outputs = new HashMap<>();
        try {
            memory.addViews(first, count, inputs, outputs);
            inputs.put(TOKENS, DecoderMemory.part(tokens, 0, count, 1));
            inputs.put("last_position", DecoderMemory.part(lastPositions, 0, count, 1));
            inputs.put("seqlens_k", DecoderMemory.part(lengths, 0, count));
            inputs.put("total_sequence_length", DecoderMemory.part(longest, 0));
            return new Views(inputs, outputs, new Feed(inputs, outputs));
        } catch (OrtException failure) {
            closeAll(inputs, outputs);
            throw failure;
        }
    }

    /** A cache is both read and written. */
    private static void closeAll(Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> outputs) {
        Set<OnnxTensor> all = Collections.newSetFromMap(new IdentityHashMap<>());
        all.addAll(inputs.values());
        all.addAll(outputs.values());
        Natives.closeAll(all);
    }

    @Override
    public void close() {
        for (int active = 0; active < steps.length; active++) {
            if (steps[active] != null) {
                steps[active].close();
                steps[active] = null;
            }
        }
        prompts.values().forEach(Views::close);
        prompts.clear();
    }
}
