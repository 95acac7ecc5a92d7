package dev.save4j.onnxruntime;

import dev.save4j.engine.DecoderGraph;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Node;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A Llama of any size with random weights, once as a decoder with a cache and once as a scoring graph of plain operators without one. */
record TinyLlama(
        int vocabulary, int hidden, int layers, int heads, int kvHeads, int headSize, int inner, int maxLength) {
    static final TinyLlama SMALL = new TinyLlama(61, 32, 2, 4, 2, 16, 48, 48);

    WeightStore weights(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        scorer().parameters().forEach((name, type) -> {
            Tensor tensor = Tensor.allocate(ElementType.FLOAT, type.fixedShape());
            FloatBuffer values = tensor.floats();
            boolean norm = tensor.rank() == 1;
            double scale = name.equals("embed") ? 1 : 1.7 / Math.sqrt((double) tensor.dimension(tensor.rank() - 1));
            for (int i = 0; i < values.capacity(); i++) {
                double noise = 2 * random.nextDouble() - 1;
                values.put(i, (float) (norm ? 1 + 0.1 * noise : scale * noise));
            }
            weights.put(name, tensor);
        });
        return new WeightStore(weights);
    }

    /** With the inputs and outputs that {@link DecoderGraph} describes. */
    DecoderGraph decoder() {
        GraphBuilder g = new GraphBuilder("tiny-llama-decoder");
        Value ids = g.input("input_ids", ElementType.INT64, "batch", "sequence");
        Value last = g.input("last_position", ElementType.INT64, "batch", 1);
        Value lengths = g.input("seqlens_k", ElementType.INT32, "batch");
        Value total = g.input("total_sequence_length", ElementType.INT32);
        Value cos = g.constant("cos", rotary(false));
        Value sin = g.constant("sin", rotary(true));
        TensorType cache = TensorType.of(ElementType.FLOAT, "batch", kvHeads, maxLength, headSize);
        Value residual = g.parameter("embed", vocabulary, hidden).gather(ids, 0);
        Value normed = norm(g, residual, "layers.0.norm1");
        for (int layer = 0; layer < layers; layer++) {
            String at = "layers." + layer + ".";
            Value pastKey = g.input("past_key_values." + layer + ".key", cache);
            Value pastValue = g.input("past_key_values." + layer + ".value", cache);
            List<Value> attention = g.node(
                    Node.MICROSOFT,
                    "GroupQueryAttention",
                    List.of(
                            linear(g, normed, at + "q", heads * headSize, hidden),
                            linear(g, normed, at + "k", kvHeads * headSize, hidden),
                            linear(g, normed, at + "v", kvHeads * headSize, hidden),
                            pastKey,
                            pastValue,
                            lengths,
                            total,
                            cos,
                            sin),
                    Map.of(
                            "num_heads", Attribute.of(heads),
                            "kv_num_heads", Attribute.of(kvHeads),
                            "do_rotary", Attribute.of(1)),
                    List.of(TensorType.of(ElementType.FLOAT, "batch", "sequence", heads * headSize), cache, cache),
                    List.of("attention." + layer, "present." + layer + ".key", "present." + layer + ".value"));
            g.output("present." + layer + ".key", attention.get(1));
            g.output("present." + layer + ".value", attention.get(2));
            Value mixed = linear(g, attention.get(0), at + "o", hidden, heads * headSize);
            List<Value> skipped = skipNorm(g, mixed, residual, at + "norm2");
            Value fed = feedForward(g, skipped.get(0), at);
            List<Value> next =
                    skipNorm(g, fed, skipped.get(1), layer + 1 < layers ? "layers." + (layer + 1) + ".norm1" : "norm");
            normed = next.get(0);
            residual = next.get(1);
        }
        g.output("logits", linear(g, normed.atPosition(last), "head", vocabulary, hidden));
        return new DecoderGraph(g.build(), layers, kvHeads, headSize, vocabulary, maxLength);
    }

    /** As exporters write it: the past is a tensor as long as itself, and the present is the past with the new tokens behind it. */
    Graph exported() {
        GraphBuilder g = new GraphBuilder("tiny-llama-exported");
        Value ids = g.input("input_ids", ElementType.INT64, "batch_size", "sequence_length");
        Value mask =
                g.input("attention_mask", ElementType.INT64, "batch_size", "past_sequence_length + sequence_length");
        Value positions = g.input("position_ids", ElementType.INT64, "batch_size", "sequence_length");
        Value cos = g.constant("cos", rotary(false)).gather(positions, 0).unsqueeze(1);
        Value sin = g.constant("sin", rotary(true)).gather(positions, 0).unsqueeze(1);
        Value all = mask.size(1);
        Value keys = g.op("Range", g.scalar(0L), all.squeeze(0), g.scalar(1L)).unsqueeze(0);
        Value queries = keys.slice(1, all.sub(ids.size(1)), all).transpose(1, 0);
        Value hidden = keys.greaterThan(queries).unsqueeze(0, 1).cast(ElementType.FLOAT);
        Value padding = g.scalar(1f).sub(mask.cast(ElementType.FLOAT)).unsqueeze(1, 2);
        Value bias = hidden.add(padding).mul(-1e30);
        TensorType past = TensorType.of(ElementType.FLOAT, "batch_size", kvHeads, "past_sequence_length", headSize);
        Value x = g.parameter("embed", vocabulary, this.hidden).gather(ids, 0);
        for (int layer = 0; layer < layers; layer++) {
            String at = "layers." + layer + ".";
            Value normed = norm(g, x, at + "norm1");
            Value q = rotate(g, heads(linear(g, normed, at + "q", heads * headSize, this.hidden), heads), cos, sin);
            Value k = rotate(g, heads(linear(g, normed, at + "k", kvHeads * headSize, this.hidden), kvHeads), cos, sin);
            Value v = heads(linear(g, normed, at + "v", kvHeads * headSize, this.hidden), kvHeads);
            Value allKeys = g.concat(2, g.input("past_key_values." + layer + ".key", past), k);
            Value allValues = g.concat(2, g.input("past_key_values." + layer + ".value", past), v);
            g.output("present." + layer + ".key", allKeys);
            g.output("present." + layer + ".value", allValues);
            x = x.add(linear(g, attend(g, q, allKeys, allValues, bias), at + "o", this.hidden, heads * headSize));
            x = x.add(feedForward(g, norm(g, x, at + "norm2"), at));
        }
        g.output("logits", linear(g, norm(g, x, "norm"), "head", vocabulary, this.hidden));
        return g.build();
    }

    private Value attend(GraphBuilder g, Value q, Value k, Value v, Value bias) {
        return q.matmul(shared(g, k).transpose(0, 1, 3, 2))
                .mul(1 / Math.sqrt(headSize))
                .add(bias)
                .softmax(-1)
                .matmul(shared(g, v))
                .transpose(0, 2, 1, 3)
                .reshape(0, 0, (long) heads * headSize);
    }

    /** For each head its keys or values. */
    private Value shared(GraphBuilder g, Value x) {
        if (heads == kvHeads) {
            return x;
        }
        return x.gather(
                g.vector(java.util.stream.LongStream.range(0, heads)
                        .map(head -> head / (heads / kvHeads))
                        .toArray()),
                1);
    }

    /** {@code input_ids} to {@code log_probs} FLOAT {@code [batch, sequence, vocabulary]}. */
    Graph scorer() {
        GraphBuilder g = new GraphBuilder("tiny-llama-scorer");
        Value ids = g.input("input_ids", ElementType.INT64, "batch", "sequence");
        Value length = ids.size(1);
        Value zero = g.vector(0);
        Value cos = g.constant("cos", rotary(false)).slice(0, zero, length);
        Value sin = g.constant("sin", rotary(true)).slice(0, zero, length);
        Value causal = g.constant("causal", causalMask()).slice(0, zero, length).slice(1, zero, length);
        Value x = g.parameter("embed", vocabulary, hidden).gather(ids, 0);
        for (int layer = 0; layer < layers; layer++) {
            String at = "layers." + layer + ".";
            Value normed = norm(g, x, at + "norm1");
            Value q = rotate(g, heads(linear(g, normed, at + "q", heads * headSize, hidden), heads), cos, sin);
            Value k = rotate(g, heads(linear(g, normed, at + "k", kvHeads * headSize, hidden), kvHeads), cos, sin);
            Value v = heads(linear(g, normed, at + "v", kvHeads * headSize, hidden), kvHeads);
            Value mixed = attend(g, q, k, v, causal);
            x = x.add(linear(g, mixed, at + "o", hidden, heads * headSize));
            x = x.add(feedForward(g, norm(g, x, at + "norm2"), at));
        }
        g.output(
                "log_probs",
                linear(g, norm(g, x, "norm"), "head", vocabulary, hidden).logSoftmax(-1));
        return g.build();
    }

    private Value feedForward(GraphBuilder g, Value x, String at) {
        Value gate = linear(g, x, at + "gate", inner, hidden).silu();
        return linear(g, gate.mul(linear(g, x, at + "up", inner, hidden)), at + "down", hidden, inner);
    }

    private static Value linear(GraphBuilder g, Value x, String weight, int out, int in) {
        return x.linear(g.parameter(weight, out, in));
    }

    private Value norm(GraphBuilder g, Value x, String weight) {
        return g.node(
                        "",
                        "SimplifiedLayerNormalization",
                        List.of(x, g.parameter(weight, hidden)),
                        Map.of("epsilon", Attribute.of(1e-5f), "axis", Attribute.of(-1)),
                        List.of(x.type()))
                .get(0);
    }

    private List<Value> skipNorm(GraphBuilder g, Value x, Value skip, String weight) {
        List<Value> all = g.node(
                Node.MICROSOFT,
                "SkipSimplifiedLayerNormalization",
                List.of(x, skip, g.parameter(weight, hidden)),
                Map.of("epsilon", Attribute.of(1e-5f)),
                List.of(x.type(), x.type(), x.type(), x.type()));
        return List.of(all.get(0), all.get(3));
    }

    private Value heads(Value x, int count) {
        return x.reshape(0, 0, count, headSize).transpose(0, 2, 1, 3);
    }

    private Value rotate(GraphBuilder g, Value x, Value cos, Value sin) {
        Value low = x.slice(3, 0, headSize / 2);
        Value high = x.slice(3, headSize / 2, headSize);
        return g.concat(3, low.mul(cos).sub(high.mul(sin)), low.mul(sin).add(high.mul(cos)));
    }

    private Tensor rotary(boolean sine) {
        int half = headSize / 2;
        float[] values = new float[maxLength * half];
        for (int t = 0; t < maxLength; t++) {
            for (int i = 0; i < half; i++) {
                double angle = t * Math.pow(10000, -2.0 * i / headSize);
                values[t * half + i] = (float) (sine ? Math.sin(angle) : Math.cos(angle));
            }
        }
        return Tensor.of(values, maxLength, half);
    }

    private Tensor causalMask() {
        float[] values = new float[maxLength * maxLength];
        for (int t = 0; t < maxLength; t++) {
            Arrays.fill(values, t * maxLength + t + 1, (t + 1) * maxLength, -1e30f);
        }
        return Tensor.of(values, maxLength, maxLength);
    }
}
