package dev.save4j.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.save4j.SaveException;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The memory of a decoder: for each layer one buffer of keys and one of values, {@code [rows, kvHeads, maxLength, headSize]}, and one of logits,
 * {@code [rows, vocabulary]}. A row is one sequence. Any run of neighbouring rows is a tensor without a copy, for the past and the present alike, so
 * that the decoder appends in place. Threads may use different rows at the same time.
 */
final class DecoderMemory {
    private final DecoderGraph decoder;
    private final int rows;
    private final List<String> names = new ArrayList<>();
    private final List<Tensor> caches = new ArrayList<>();
    private final Tensor logits;

    /** A USER error tells how many rows fit a buffer, a RESOURCES error the size of memory that is not to be had. */
    DecoderMemory(DecoderGraph decoder, int rows) {
        this.decoder = decoder;
        this.rows = rows;
        if (rows > decoder.mostSlots()) {
            throw SaveException.user("the key-value cache and the logits hold at most " + decoder.mostSlots()
                    + " sequences of " + decoder.maxLength() + " tokens and " + decoder.vocabulary()
                    + " logits, because no buffer is larger than 2 GiB, but " + rows
                    + " were asked for; decode fewer sequences at once");
        }
        try {
            for (int layer = 0; layer < decoder.layers(); layer++) {
                for (String kind : List.of("key", "value")) {
                    names.add(layer + "." + kind);
                    caches.add(Tensor.allocate(
                            ElementType.FLOAT, rows, decoder.kvHeads(), decoder.maxLength(), decoder.headSize()));
                }
            }
            logits = Tensor.allocate(ElementType.FLOAT, rows, decoder.vocabulary());
        } catch (OutOfMemoryError tooLarge) {
            long bytes = rows * (2L * decoder.layers() * rowElements() + decoder.vocabulary()) * Float.BYTES;
            throw SaveException.resources(
                    "the key-value cache, with the logits, of " + rows + " sequences of " + decoder.maxLength()
                            + " tokens takes "
                            + (bytes >> 20) + " MiB, which is not to be had (" + tooLarge.getMessage()
                            + "); decode fewer sequences at once, shorten the context, or raise -XX:MaxDirectMemorySize",
                    tooLarge);
        }
    }

    int rows() {
        return rows;
    }

    /** The logits of all rows, one after the other. */
    FloatBuffer logits() {
        return logits.floats();
    }

    /** Adds native views of some rows to what a run reads and writes; whoever asked closes them. */
    void addViews(int first, int count, Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> outputs)
            throws OrtException {
        for (int i = 0; i < caches.size(); i++) {
            OnnxTensor cache = rowsOf(caches.get(i), first, count);
            inputs.put("past_key_values." + names.get(i), cache);
            outputs.put("present." + names.get(i), cache);
        }
        outputs.put("logits", rowsOf(logits, first, count));
    }

    private static OnnxTensor rowsOf(Tensor tensor, int first, int count) throws OrtException {
        long[] shape = tensor.shape();
        int row = (int) (tensor.size() / shape[0]);
        shape[0] = count;
        return part(tensor, first * row, shape);
    }

    /** The elements from one on, in a shape. */
    static OnnxTensor part(Tensor tensor, int from, long... shape) throws OrtException {
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

    void clear() {
        for (Tensor cache : caches) {
            FloatBuffer numbers = cache.floats();
            for (int i = 0; i < numbers.limit(); i++) {
                numbers.put(i, 0);
            }
        }
    }

    private long rowElements() {
        return (long) decoder.kvHeads() * decoder.maxLength() * decoder.headSize();
    }
}
