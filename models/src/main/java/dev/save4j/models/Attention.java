package dev.save4j.models;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Dimension;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Node;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Attention written with primitive operators, which every engine can differentiate. */
class Attention {
    static final int PART = Backbone.PART;

    /** Finite, so that a row without any visible column gives no NaN; e to the power of it is 0 in float32. */
    private static final double HIDDEN = -1e9;

    final GraphBuilder graph;
    private final int heads;
    private final int keyValueHeads;
    private final int headSize;
    private final int longest;
    private final boolean causal;
    private final Value attentionMask;
    /** The bias of all queries, or none when they are taken in parts. */
    private final Optional<Value> bias;

    private final Optional<Places> places;

    /**
     * Of what the bias of a part is made.
     *
     * @param rows the position of each query, FLOAT {@code [sequence, 1]}
     * @param columns a number that is no larger than the position of the queries that see the key, FLOAT {@code [batch, 1, 1, sequence]}
     */
    private record Places(Value rows, Value columns) {}

    /**
     * @param attentionMask INT64 {@code [batch, sequence]}; columns of 0 are hidden
     * @param longest beyond {@link #PART}, the scores of all queries are never in memory at once
     */
    Attention(
            GraphBuilder graph,
            int heads,
            int keyValueHeads,
            int headSize,
            Value attentionMask,
            boolean causal,
            int longest) {
        this.graph = graph;
        this.heads = heads;
        this.keyValueHeads = keyValueHeads;
        this.headSize = headSize;
        this.longest = longest;
        this.causal = causal;
        this.attentionMask = attentionMask;
        this.bias = longest > PART ? Optional.empty() : Optional.of(bias());
        this.places = longest > PART ? Optional.of(places()) : Optional.empty();
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
    private Value bias() {
        Value visible = graph.scalar(0.0);
        Value hidden = graph.scalar(HIDDEN);
        Value result =
                attentionMask.cast(ElementType.BOOL).choose(visible, hidden).unsqueeze(1, 2);
        if (causal) {
            Value at = positions(graph, attentionMask);
            Value future = at.unsqueeze(0).lessOrEqual(at.unsqueeze(1)).choose(visible, hidden);
            result = result.add(future);
        }
        return causal ? forGroup(result) : result;
    }

    private Places places() {
        Value at = positions(graph, attentionMask).cast(ElementType.FLOAT);
        Value beyond = attentionMask.cast(ElementType.FLOAT).neg().add(1).mul(-HIDDEN);
        return new Places(at.unsqueeze(1), (causal ? at.add(beyond) : beyond).unsqueeze(1, 2));
    }

    private Value bias(Places places, long start, long end, long seen) {
        Value row = causal ? places.rows().slice(0, start, end) : graph.scalar(0.0);
        Value bias = distanceBias(row, places.columns().slice(3, 0, seen));
        return causal ? forGroup(bias) : bias;
    }

    /** Hides the keys whose position is larger than that of the query; positions are whole numbers. */
    static Value distanceBias(Value rows, Value columns) {
        return rows.sub(columns).clip(-1, 0).mul(-HIDDEN);
    }

    Value forGroup(Value bias) {
        int group = heads / keyValueHeads;
        return group > 1 ? graph.concat(2, Collections.nCopies(group, bias)) : bias;
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
        Value keys = key.transpose(0, 2, 1, 3);
        Value values = value.transpose(0, 2, 1, 3);
        return bias.map(of -> attend(query, keys, values, of))
                .orElseGet(() -> inParts(query, keys, values, places.orElseThrow()));
    }

    /** A causal query sees no key behind its part, so these are left out. */
    private Value inParts(Value query, Value keys, Value values, Places at) {
        List<Value> parts = new ArrayList<>();
        for (int from = 0; from < longest; from += PART) {
            long start = from;
            long end = from + PART < longest ? from + PART : Long.MAX_VALUE;
            long seen = causal ? end : Long.MAX_VALUE;
            parts.add(graph.scoped(
                    "part",
                    () -> attend(
                            query.slice(1, start, end),
                            keys.slice(2, 0, seen),
                            values.slice(2, 0, seen),
                            bias(at, start, end, seen))));
        }
        Value shape = graph.concat(0, attentionMask.shape(), graph.vector((long) heads * headSize));
        List<Dimension> sizes = new ArrayList<>(attentionMask.type().shape());
        sizes.add(Dimension.of((long) heads * headSize));
        // Nothing moves: it tells the size of the sequence, which is not known of the parts.
        return graph.node(
                        "",
                        "Reshape",
                        List.of(graph.concat(1, parts), shape),
                        Map.of(),
                        List.of(new TensorType(ElementType.FLOAT, sizes)))
                .get(0);
    }

    /**
     * @param keys {@code [batch, kv, columns, size]}, as {@code values}
     * @param bias of the scores
     * @return {@code [batch, rows, heads · size]}
     */
    Value attend(Value query, Value keys, Value values, Value bias) {
        int group = heads / keyValueHeads;
        Value rows = group == 1
                ? query.transpose(0, 2, 1, 3)
                : query.transpose(0, 2, 3, 1, 4).reshape(0, keyValueHeads, -1, headSize);
        Value scores = graph.op(
                Node.MICROSOFT,
                "FusedMatMul",
                List.of(rows, keys),
                Map.of("transB", Attribute.of(1), "alpha", Attribute.of((float) (1 / Math.sqrt(headSize)))));
        Value mixed = scores.add(bias).softmax(-1).matmul(values);
        Value ordered = group == 1
                ? mixed.transpose(0, 2, 1, 3)
                : mixed.reshape(0, keyValueHeads, group, -1, headSize).transpose(0, 3, 1, 2, 4);
        return ordered.reshape(0, 0, (long) heads * headSize);
    }

    /** Of a {@code [positions, size]} table as many positions as {@code [batch, sequence, …]} sequences have, {@code [sequence, size]}. */
    static Value first(GraphBuilder graph, Value table, Value sequences) {
        return graph.node(
                        "",
                        "Slice",
                        List.of(table, graph.vector(0), sequences.size(1), graph.vector(0)),
                        Map.of(),
                        List.of(new TensorType(
                                ElementType.FLOAT,
                                List.of(Dimension.of("sequence"), table.type().dimension(1)))))
                .get(0);
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

    /** Rotary position embedding in the half-split order of Hugging Face checkpoints. */
    static final class Rotary {
        private final GraphBuilder graph;
        private final int headSize;
        private final Value cosines;
        private final Value sines;

        /** @param choose of a table of all positions those of the sequence, as {@link Attention#first} does */
        Rotary(GraphBuilder graph, int headSize, int maxLength, double base, UnaryOperator<Value> choose) {
            this.graph = graph;
            this.headSize = headSize;
            float[][] angles = angles(maxLength, headSize, base);
            int half = headSize / 2;
            Value cosine = choose.apply(graph.constant("cosines", Tensor.of(angles[0], maxLength, half)));
            Value sine = choose.apply(graph.constant("sines", Tensor.of(angles[1], maxLength, half)));
            cosines = graph.concat(1, cosine, cosine);
            // x · cos + swap(x) · sin with the sign of the first half in the sine.
            sines = graph.concat(1, sine.neg(), sine);
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
