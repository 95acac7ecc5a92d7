package dev.save4j.models;

import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.WeightBinding;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Feeds a decoder as its contract says: a ragged prefill, then one token per row and step. */
final class DecoderDriver implements AutoCloseable {
    private final DecoderGraph decoder;
    private final InferenceSession runtime;
    private final Map<String, Tensor> caches = new HashMap<>();
    private int[] lengths = {};

    DecoderDriver(DecoderGraph decoder, WeightStore weights) {
        this.decoder = decoder;
        this.runtime = OnnxRuntime.open(decoder.graph(), weights, WeightBinding.PREPACKED);
    }

    /** Logits after the last token of every prompt. */
    float[][] prefill(long[]... prompts) {
        lengths = new int[prompts.length];
        for (int layer = 0; layer < decoder.layers(); layer++) {
            for (String part : new String[] {"key", "value"}) {
                caches.put(
                        "past_key_values." + layer + "." + part,
                        Tensor.allocate(
                                ElementType.FLOAT,
                                prompts.length,
                                decoder.kvHeads(),
                                decoder.maxLength(),
                                decoder.headSize()));
            }
        }
        return feed(prompts);
    }

    /** Logits after one more token of every row. */
    float[][] step(long... tokens) {
        long[][] rows = new long[tokens.length][];
        for (int i = 0; i < tokens.length; i++) {
            rows[i] = new long[] {tokens[i]};
        }
        return feed(rows);
    }

    private float[][] feed(long[][] rows) {
        int width = Arrays.stream(rows).mapToInt(row -> row.length).max().orElseThrow();
        long[] ids = new long[rows.length * width];
        long[] last = new long[rows.length];
        int[] seqlens = new int[rows.length];
        for (int row = 0; row < rows.length; row++) {
            System.arraycopy(rows[row], 0, ids, row * width, rows[row].length);
            last[row] = rows[row].length - 1;
            lengths[row] += rows[row].length;
            seqlens[row] = lengths[row] - 1;
        }
        Map<String, Tensor> inputs = new HashMap<>(caches);
        inputs.put("input_ids", Tensor.of(ids, rows.length, width));
        inputs.put("last_position", Tensor.of(last, rows.length, 1));
        inputs.put("seqlens_k", Tensor.of(seqlens, rows.length));
        inputs.put(
                "total_sequence_length",
                Tensor.of(new int[] {Arrays.stream(lengths).max().orElseThrow()}));
        Map<String, Tensor> outputs = runtime.run(inputs);
        caches.replaceAll((name, old) -> outputs.get(name.replace("past_key_values", "present")));
        float[] flat = outputs.get("logits").toFloats();
        float[][] logits = new float[rows.length][];
        for (int row = 0; row < rows.length; row++) {
            logits[row] = Arrays.copyOfRange(flat, row * decoder.vocabulary(), (row + 1) * decoder.vocabulary());
        }
        return logits;
    }

    @Override
    public void close() {
        runtime.close();
    }
}
