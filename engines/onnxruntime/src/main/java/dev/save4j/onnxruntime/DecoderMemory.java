package dev.save4j.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.save4j.SaveException;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a decoder: for each layer one buffer of keys and one of values, {@code [rows, kvHeads, maxLength, headSize]}, and one of logits,
 * {@code [rows, vocabulary]}. A row is one sequence. Any run of neighbouring rows is a tensor without a copy, for the past and the present alike, so
 * that the decoder appends in place. Not thread-safe.
 */
final class DecoderMemory implements AutoCloseable {
    private final DecoderGraph decoder;
    private final int rows;
    private final List<String> names = new ArrayList<>();
    private final List<Tensor> caches = new ArrayList<>();
    private final Tensor logits;
    private final Tensor tokens;
    private final Tensor lastPositions;
    private final Tensor lengths;
    private final Tensor longest;
    /** By number of rows; made once, so that a step makes no objects. */
    private final @Nullable View[] steps;

    /** Native views of some rows: what is fed, and what is written. */
    private record View(Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> outputs) {
        void close() {
            Natives.closeAll(inputs.values());
            Natives.closeAll(outputs.values());
        }
    }

    /** A RESOURCES error tells the size when the memory is not to be had. */
    DecoderMemory(DecoderGraph decoder, int rows) {
        this.decoder = decoder;
        this.rows = rows;
        this.steps = new View[rows + 1];
        try {
            for (int layer = 0; layer < decoder.layers(); layer++) {
                for (String kind : List.of("key", "value")) {
                    names.add(layer + "." + kind);
                    caches.add(Tensor.allocate(
                            ElementType.FLOAT, rows, decoder.kvHeads(), decoder.maxLength(), decoder.headSize()));
                }
            }
            logits = Tensor.allocate(ElementType.FLOAT, rows, decoder.vocabulary());
        } catch (OutOfMemoryError | SaveException tooLarge) {
            long bytes = 2L * decoder.layers() * rows * rowElements() * Float.BYTES;
            throw SaveException.resources(
                    "the key-value cache of " + rows + " sequences of " + decoder.maxLength() + " tokens takes "
                            + (bytes >> 20) + " MiB, which is not to be had (" + tooLarge.getMessage()
                            + "); decode fewer sequences at once, shorten the context, or raise -XX:MaxDirectMemorySize",
                    tooLarge);
        }
        tokens = Tensor.allocate(ElementType.INT64, Math.max(rows, decoder.maxLength()) + Prefill.TOKENS);
        lastPositions = Tensor.allocate(ElementType.INT64, rows, 1);
        lengths = Tensor.allocate(ElementType.INT32, rows);
        longest = Tensor.allocate(ElementType.INT32);
    }

    int rows() {
        return rows;
    }

    /** The logits of all rows, one after the other. */
    FloatBuffer logits() {
        return logits.floats();
    }

    /** Token ids to feed: {@code [rows, sequence]} of the next run. */
    LongBuffer tokens() {
        return tokens.longs();
    }

    /** The index in the sequence whose logits are wanted, for each row of the next run. */
    LongBuffer lastPositions() {
        return lastPositions.longs();
    }

    /** The index of the last token in the cache, for each row of the next run. */
    IntBuffer lengths() {
        return lengths.ints();
    }

    /** The number of tokens in the longest row of the next run. */
    IntBuffer longest() {
        return longest.ints();
    }

    /** Feeds one token to each of the first {@code count} rows. */
    void step(BoundGraph graph, int count) throws OrtException {
        View view = steps[count];
        if (view == null) {
            view = view(0, count, 1);
            steps[count] = view;
        }
        graph.run(view.inputs(), Set.of(), view.outputs()).close();
    }

    /** Feeds {@code sequence} tokens to each of the rows from {@code first} on, which hold nothing before. */
    void prefill(BoundGraph graph, int first, int count, int sequence) throws OrtException {
        View view = view(first, count, sequence);
        try {
            graph.run(view.inputs(), Set.of(), view.outputs()).close();
        } finally {
            view.close();
        }
    }

    private View view(int first, int count, int sequence) throws OrtException {
        View view = new View(new HashMap<>(), new HashMap<>());
        try {
            view.inputs().put("input_ids", part(tokens, 0, count, sequence));
            view.inputs().put("last_position", part(lastPositions, 0, count, 1));
            view.inputs().put("seqlens_k", part(lengths, 0, count));
            view.inputs().put("total_sequence_length", part(longest, 0));
            for (int i = 0; i < caches.size(); i++) {
                view.inputs().put("past_key_values." + names.get(i), rowsOf(caches.get(i), first, count));
                view.outputs().put("present." + names.get(i), rowsOf(caches.get(i), first, count));
            }
            view.outputs().put("logits", rowsOf(logits, first, count));
            return view;
        } catch (OrtException failure) {
            view.close();
            throw failure;
        }
    }

    private static OnnxTensor rowsOf(Tensor tensor, int first, int count) throws OrtException {
        long[] shape = tensor.shape();
        int row = (int) (tensor.size() / shape[0]);
        shape[0] = count;
        return part(tensor, first * row, shape);
    }

    /** The elements from one on, in a shape. */
    private static OnnxTensor part(Tensor tensor, int from, long... shape) throws OrtException {
        int width = tensor.type().bytes();
        ByteBuffer bytes = tensor.bytes().slice(from * width, (int) Tensor.byteSize(tensor.type(), shape));
        return Natives.wrap(Tensor.wrap(tensor.type(), bytes, shape));
    }

    /** Copies the first {@code length} tokens of one row to another. */
    void copyCache(int from, int to, int length) {
        int head = decoder.maxLength() * decoder.headSize() * Float.BYTES;
        int used = length * decoder.headSize() * Float.BYTES;
        int row = decoder.kvHeads() * head;
        for (int i = 0; i < caches.size(); i++) {
            ByteBuffer bytes = caches.get(i).bytes();
            for (int h = 0; h < decoder.kvHeads(); h++) {
                bytes.put(to * row + h * head, bytes, from * row + h * head, used);
            }
        }
    }

    private long rowElements() {
        return (long) decoder.kvHeads() * decoder.maxLength() * decoder.headSize();
    }

    @Override
    public void close() {
        for (int count = 0; count < steps.length; count++) {
            if (steps[count] != null) {
                steps[count].close();
                steps[count] = null;
            }
        }
    }
}
