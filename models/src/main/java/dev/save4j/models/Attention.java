package dev.save4j.models;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Node;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Attention written with primitive operators, which every engine can differentiate. */
final class Attention {
    /** Finite, so that a row without any visible column gives no NaN; e to the power of it is 0 in float32. */
    private static final double HIDDEN = -1e9;

    private final GraphBuilder graph;
    private final int heads;
    private final int keyValueHeads;
    private final int headSize;
    private final Value bias;

    /**
     * @param attentionMask INT64 {@code [batch, sequence]}; columns of 0 are hidden
     */
    Attention(GraphBuilder graph, int heads, int keyValueHeads, int headSize, Value attentionMask, boolean causal) {
        this.graph = graph;
        this.heads = heads;
        this.keyValueHeads = keyValueHeads;
        this.headSize = headSize;
        this.bias = bias(attentionMask, causal);
    }

    /** The positions 0, 1, … of a {@code [batch, sequence, …]} value, INT64 {@code [sequence]}. */
    static Value positions(GraphBuilder graph, Value sequences) {
        Value length = sequences.size(1).squeeze(0);
        return graph.node(
                        "",
                        "Range",
                        List.of(graph.scalar(0L), length, graph.scalar(1L)),
                        Map.of(),
                        List.of(TensorType.of(ElementType.INT64, "sequence")))
                .get(0);
    }

    /**
     * What is added to the scores: {@code [batch, 1, group · sequence, sequence]}. It is made once for all layers. The comparisons are on integers
     * and small, {@code [batch, sequence]} and {@code [sequence, sequence]}: engines hold those on the host.
     */
    private Value bias(Value attentionMask, boolean causal) {
        Value visible = graph.scalar(0.0);
        Value hidden = graph.scalar(HIDDEN);
        Value result =
                attentionMask.cast(ElementType.BOOL).choose(visible, hidden).unsqueeze(1, 2);
        if (causal) {
            Value at = positions(graph, attentionMask);
            Value future = at.unsqueeze(0).lessOrEqual(at.unsqueeze(1)).choose(visible, hidden);
            result = result.add(future);
        }
        int group = heads / keyValueHeads;
        return causal && group > 1 ? graph.concat(2, Collections.nCopies(group, result)) : result;
    }

    /** Query heads {@code [batch, sequence, kv, group, size]}, or without the group axis when every head has its own keys. */
    Value splitQuery(Value query) {
        int group = heads / keyValueHeads;
        return group == 1 ? query.reshape(0, 0, heads, headSize) : query.reshape(0, 0, keyValueHeads, group, headSize);
    }

    /** Key or value heads {@code [batch, sequence, kv, size]}. */
    Value splitKeyOrValue(Value keyOrValue) {
        return keyOrValue.reshape(0, 0, keyValueHeads, headSize);
    }

    /**
     * Scaled dot-product attention. Heads that share keys are rows of one product, so keys and values are not repeated.
     *
     * @param query as {@link #splitQuery} returns it
     * @param key as {@link #splitKeyOrValue} returns it
     * @return {@code [batch, sequence, heads · size]}
     */
    Value attend(Value query, Value key, Value value) {
        int group = heads / keyValueHeads;
        Value rows = group == 1
                ? query.transpose(0, 2, 1, 3)
                : query.transpose(0, 2, 3, 1, 4).reshape(0, keyValueHeads, -1, headSize);
        Value scores = graph.op(
                Node.MICROSOFT,
                "FusedMatMul",
                List.of(rows, key.transpose(0, 2, 1, 3)),
                Map.of("transB", Attribute.of(1), "alpha", Attribute.of((float) (1 / Math.sqrt(headSize)))));
        Value mixed = scores.add(bias).softmax(-1).matmul(value.transpose(0, 2, 1, 3));
        Value ordered = group == 1
                ? mixed.transpose(0, 2, 1, 3)
                : mixed.reshape(0, keyValueHeads, group, -1, headSize).transpose(0, 3, 1, 2, 4);
        return ordered.reshape(0, 0, (long) heads * headSize);
    }

    /** Cosines and sines of the rotary angles, each {@code [length, size / 2]} and row-major. */
    static float[][] angles(int length, int headSize, double base) {
        int half = headSize / 2;
        float[] cosines = new float[length * half];
        float[] sines = new float[length * half];
        for (int i = 0; i < half; i++) {
            double frequency = Math.pow(base, -2.0 * i / headSize);
            for (int position = 0; position < length; position++) {
                cosines[position * half + i] = (float) Math.cos(position * frequency);
                sines[position * half + i] = (float) Math.sin(position * frequency);
            }
        }
        return new float[][] {cosines, sines};
    }

    /** Rotary position embedding in the half-split order of Hugging Face checkpoints, for the first positions of a sequence. */
    static final class Rotary {
        private final GraphBuilder graph;
        private final int headSize;
        private final Value cosines;
        private final Value sines;

        Rotary(GraphBuilder graph, int headSize, int maxLength, double base, Value sequences) {
            this.graph = graph;
            this.headSize = headSize;
            float[][] angles = angles(maxLength, headSize, base);
            int half = headSize / 2;
            Value length = sequences.size(1);
            Value cosine = first(graph.constant("cosines", Tensor.of(angles[0], maxLength, half)), length);
            Value sine = first(graph.constant("sines", Tensor.of(angles[1], maxLength, half)), length);
            cosines = graph.concat(1, cosine, cosine);
            // x · cos + swap(x) · sin with the sign of the first half in the sine.
            sines = graph.concat(1, sine.neg(), sine);
        }

        private Value first(Value table, Value length) {
            return graph.node(
                            "",
                            "Slice",
                            List.of(table, graph.vector(0), length, graph.vector(0)),
                            Map.of(),
                            List.of(TensorType.of(ElementType.FLOAT, "sequence", headSize / 2)))
                    .get(0);
        }

        /** Axes of size 1 between sequence and head size, so that the tables fit heads of this rank. */
        Value[] tables(int rank) {
            long[] axes = rank == 4 ? new long[] {1} : new long[] {1, 2};
            return new Value[] {cosines.unsqueeze(axes), sines.unsqueeze(axes)};
        }

        Value apply(Value heads, Value[] tables) {
            List<Value> halves = heads.split(-1, headSize / 2, headSize / 2);
            Value swapped = graph.concat(-1, halves.get(1), halves.get(0));
            return heads.mul(tables[0]).add(swapped.mul(tables[1]));
        }
    }
}
