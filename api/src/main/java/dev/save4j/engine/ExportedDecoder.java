package dev.save4j.engine;

import dev.save4j.SaveException;
import dev.save4j.graph.Dimension;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.LongStream;

/**
 * Makes a {@link DecoderGraph} of a causal language model that was exported to ONNX with the usual cache: inputs {@code input_ids},
 * {@code attention_mask}, {@code position_ids} and {@code past_key_values.i.key} and {@code .value} {@code [batch, kvHeads, past, headSize]}, outputs
 * {@code logits [batch, sequence, vocabulary]} and {@code present.i.key} and {@code .value}, in which the new tokens follow the past. The exported
 * graph is put whole into a graph that gives it the whole cache as its past, masked behind each sequence's end, and writes what is new where it
 * belongs.
 */
public final class ExportedDecoder {
    private final GraphBuilder g;
    private final int maxLength;
    private final Value ids;
    private final Value last;
    /** Tokens in the cache before this run, {@code [batch, 1]}. */
    private final Value cached;
    /** Of the new tokens, {@code [sequence]}. */
    private final Value offsets;

    private ExportedDecoder(String name, int maxLength) {
        this.g = new GraphBuilder(name);
        this.maxLength = maxLength;
        this.ids = g.input("input_ids", ElementType.INT64, "batch", "sequence");
        this.last = g.input("last_position", ElementType.INT64, "batch", 1);
        Value lengths = g.input("seqlens_k", ElementType.INT32, "batch");
        g.input("total_sequence_length", ElementType.INT32);
        this.cached = lengths.cast(ElementType.INT64).unsqueeze(1).sub(last);
        this.offsets = upTo(ids.size(1));
    }

    /**
     * Adapts an exported graph.
     *
     * @param exported normalised; a USER error tells what it lacks or has besides
     * @param maxLength positions of the cache
     */
    public static DecoderGraph of(Graph exported, int maxLength) {
        int layers = 0;
        while (has(exported.inputs(), "past_key_values." + layers + ".key")) {
            layers++;
        }
        requireNames(exported, layers);
        TensorType past = exported.input("past_key_values.0.key").type();
        int kvHeads = fixed(exported, past, 1, "key-value heads");
        int headSize = fixed(exported, past, 3, "the size of a head");
        TensorType logits = exported.outputs().stream()
                .filter(output -> output.name().equals("logits"))
                .findFirst()
                .orElseThrow()
                .type();
        int vocabulary = fixed(exported, logits, 2, "the vocabulary of its logits");
        ExportedDecoder decoder = new ExportedDecoder(exported.name() + "-decoder", maxLength);
        decoder.embed(exported, layers, kvHeads, headSize);
        return new DecoderGraph(decoder.g.build(), layers, kvHeads, headSize, vocabulary, maxLength);
    }

    private void embed(Graph exported, int layers, int kvHeads, int headSize) {
        TensorType cache = TensorType.of(ElementType.FLOAT, "batch", kvHeads, maxLength, headSize);
        Map<String, Value> bound = new HashMap<>();
        bound.put("input_ids", ids);
        bound.put("attention_mask", mask());
        bound.put("position_ids", positions());
        if (has(exported.inputs(), "use_cache_branch")) {
            bound.put("use_cache_branch", g.constant("use_cache_branch", Tensor.of(new boolean[] {true}, 1)));
        }
        for (int layer = 0; layer < layers; layer++) {
            for (String kind : List.of(".key", ".value")) {
                String name = "past_key_values." + layer + kind;
                bound.put(name, g.input(name, cache));
            }
        }
        Map<String, Value> outputs = g.scoped("exported", () -> g.include(exported, bound));
        Value places = places(kvHeads);
        for (int layer = 0; layer < layers; layer++) {
            for (String kind : List.of(".key", ".value")) {
                Value past = of(bound, "past_key_values." + layer + kind);
                Value fresh = of(outputs, "present." + layer + kind).slice(2, maxLength, Integer.MAX_VALUE);
                Value present = g.node("", "ScatterND", List.of(past, places, fresh), Map.of(), List.of(cache))
                        .get(0);
                g.output("present." + layer + kind, present);
            }
        }
        g.output("logits", of(outputs, "logits").atPosition(last));
    }

    private static Value of(Map<String, Value> values, String name) {
        return Objects.requireNonNull(values.get(name));
    }

    /** 1 for tokens in the cache and new ones, 0 for the rest of the cache and padding, {@code [batch, maxLength + sequence]}. */
    private Value mask() {
        Value slots =
                g.constant("slots", Tensor.of(LongStream.range(0, maxLength).toArray(), 1, maxLength));
        return g.concat(
                1,
                slots.lessThan(cached).cast(ElementType.INT64),
                offsets.unsqueeze(0).lessOrEqual(last).cast(ElementType.INT64));
    }

    /** Padding may count beyond the cache, where there are no positions; it gets the last one. */
    private Value positions() {
        return cached.add(offsets.unsqueeze(0)).min(g.scalar(maxLength - 1L));
    }

    /** Where each new key and value belongs: indices of batch, head and position, {@code [batch, kvHeads, sequence, 3]}. */
    private Value places(int kvHeads) {
        Value heads = g.constant("heads", Tensor.of(LongStream.range(0, kvHeads).toArray(), 1, kvHeads, 1, 1));
        Value shape = g.concat(0, ids.size(0), g.vector(kvHeads), ids.size(1), g.vector(1));
        return g.concat(
                3,
                upTo(ids.size(0)).unsqueeze(1, 2, 3).expand(shape),
                heads.expand(shape),
                positions().unsqueeze(1, 3).expand(shape));
    }

    private Value upTo(Value size) {
        return g.op("Range", g.scalar(0L), size.squeeze(0), g.scalar(1L));
    }

    private static boolean has(List<ValueInfo> values, String name) {
        return values.stream().anyMatch(value -> value.name().equals(name));
    }

    private static int fixed(Graph graph, TensorType type, int axis, String what) {
        Dimension size = type.rank() > axis ? type.dimension(axis) : Dimension.UNKNOWN;
        if (type.element() != ElementType.FLOAT || !size.isFixed()) {
            throw SaveException.user("graph '" + graph.name() + "' cannot be sampled from: " + what
                    + " must be fixed and of FLOAT, but its type is " + type + "; export the model in float32");
        }
        return Math.toIntExact(size.size());
    }

    private static void requireNames(Graph graph, int layers) {
        TreeSet<String> lacking = new TreeSet<>(List.of("attention_mask", "input_ids", "logits", "position_ids"));
        TreeSet<String> besides = new TreeSet<>();
        for (int layer = 0; layer < Math.max(1, layers); layer++) {
            for (String kind : List.of(".key", ".value")) {
                lacking.add("past_key_values." + layer + kind);
                lacking.add("present." + layer + kind);
            }
        }
        for (ValueInfo input : graph.inputs()) {
            if (!lacking.remove(input.name()) && !input.name().equals("use_cache_branch")) {
                besides.add(input.name());
            }
        }
        graph.outputs().forEach(output -> lacking.remove(output.name()));
        if (!lacking.isEmpty() || !besides.isEmpty()) {
            throw SaveException.user("graph '" + graph.name() + "' cannot be sampled from: it lacks " + lacking
                    + (besides.isEmpty() ? "" : " and has the inputs " + besides + " besides")
                    + "; export it as text generation with past");
        }
    }
}
