package dev.save4j.models;

import dev.save4j.SaveException;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Node;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The inputs and outputs that {@link DecoderGraph} prescribes, and attention over its cache. */
final class DecoderInputs {
    /** The attention operator's vectors are of this many floats. */
    private static final int HEAD_STEP = 8;

    private final GraphBuilder graph;
    private final int keyValueHeads;
    private final int headSize;
    private final int maxLength;
    private final TensorType cache;
    private final Value inputIds;
    private final Value lastPosition;
    private final Value seqlens;
    private final Value total;

    DecoderInputs(GraphBuilder graph, int keyValueHeads, int headSize, int maxLength) {
        if (headSize % HEAD_STEP != 0) {
            throw SaveException.user("sampling needs a head size that is a multiple of " + HEAD_STEP
                    + ", but this model has " + headSize);
        }
        this.graph = graph;
        this.keyValueHeads = keyValueHeads;
        this.headSize = headSize;
        this.maxLength = maxLength;
        this.cache = TensorType.of(ElementType.FLOAT, "batch", keyValueHeads, maxLength, headSize);
        this.inputIds = graph.input("input_ids", ElementType.INT64, "batch", "sequence");
        this.lastPosition = graph.input("last_position", ElementType.INT64, "batch", 1);
        this.seqlens = graph.input("seqlens_k", ElementType.INT32, "batch");
        this.total = graph.input("total_sequence_length", ElementType.INT32);
    }

    Value inputIds() {
        return inputIds;
    }

    Value lastPosition() {
        return lastPosition;
    }

    /**
     * The position of every token, INT64 {@code [batch, sequence]}. It follows from the other inputs: a row holds {@code last_position} + 1 new
     * tokens behind those in the cache. Padding stays inside the tables.
     */
    Value positions() {
        Value cached = seqlens.cast(ElementType.INT64).unsqueeze(1).sub(lastPosition);
        return cached.add(Attention.positions(graph, inputIds)).min(graph.scalar(maxLength - 1L));
    }

    int maxLength() {
        return maxLength;
    }

    /**
     * Causal attention of one layer, with the layer's cache as input and output.
     *
     * @param projections query, key and value, or one packed value
     * @param rotary cosines and sines, or nothing for no rotation
     */
    Value attend(int layer, List<Value> projections, List<Value> rotary, int heads) {
        Value pastKey = graph.input("past_key_values." + layer + ".key", cache);
        Value pastValue = graph.input("past_key_values." + layer + ".value", cache);
        List<Value> operands = new ArrayList<>(projections);
        while (operands.size() < 3) {
            operands.add(graph.absent());
        }
        operands.addAll(List.of(pastKey, pastValue, seqlens, total));
        operands.addAll(rotary);
        Map<String, Attribute> attributes = new LinkedHashMap<>();
        attributes.put("num_heads", Attribute.of(heads));
        attributes.put("kv_num_heads", Attribute.of(keyValueHeads));
        attributes.put("do_rotary", Attribute.of(rotary.isEmpty() ? 0 : 1));
        String presentKey = "present." + layer + ".key";
        String presentValue = "present." + layer + ".value";
        TensorType mixed = TensorType.of(ElementType.FLOAT, "batch", "sequence", heads * headSize);
        List<Value> results = graph.node(
                Node.MICROSOFT,
                "GroupQueryAttention",
                operands,
                attributes,
                List.of(mixed, cache, cache),
                List.of("layers." + layer + "/attention", presentKey, presentValue));
        graph.output(presentKey, results.get(1));
        graph.output(presentValue, results.get(2));
        return results.get(0);
    }

    DecoderGraph finish(int layers, int vocabulary) {
        return new DecoderGraph(graph.build(), layers, keyValueHeads, headSize, vocabulary, maxLength);
    }
}
