package dev.save4j.tensorflow;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * A reward model of two layers in the manner of Llama, with grouped heads and ONNX's own operators for attention and rotary positions, under the loss
 * of Bradley and Terry.
 */
final class TinyJudge {
    private static final int VOCABULARY = 23;
    private static final int WIDTH = 16;
    private static final int HEADS = 4;
    private static final int KEY_HEADS = 2;
    private static final int SIZE = WIDTH / HEADS;
    private static final int CONTEXT = 32;

    private TinyJudge() {}

    static RandomGenerator random(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    /** Inputs {@code input_ids} and {@code attention_mask} INT64 {@code [batch, sequence]}, chosen and rejected answers taking turns. */
    static Graph graph() {
        GraphBuilder g = new GraphBuilder("tiny-judge");
        Value ids = g.input("input_ids", ElementType.INT64, "batch", "sequence");
        Value mask = g.input("attention_mask", ElementType.INT64, "batch", "sequence");
        Value length = ids.size(1);
        Value cos = rotation(g, "cos", true, length);
        Value sin = rotation(g, "sin", false, length);
        Value seen = mask.cast(ElementType.BOOL).unsqueeze(1, 2);
        Value x = g.parameter("embed", VOCABULARY, WIDTH).gather(ids, 0);
        for (int layer = 0; layer < 2; layer++) {
            String prefix = "layers." + layer + ".";
            Value h = norm(g, x, prefix + "norm1");
            x = x.add(attention(g, prefix, h, seen, cos, sin));
            h = norm(g, x, prefix + "norm2");
            Value gate = h.linear(g.parameter(prefix + "gate", 24, WIDTH)).silu();
            x = x.add(gate.mul(h.linear(g.parameter(prefix + "up", 24, WIDTH)))
                    .linear(g.parameter(prefix + "down", WIDTH, 24)));
        }
        Value last = mask.sum(1, false).sub(g.scalar(1L));
        Value pooled = norm(g, x, "norm").atPosition(last.unsqueeze(-1));
        Value score = pooled.linear(g.parameter("score.weight", 1, WIDTH)).squeeze(-1);
        Value pairs = score.reshape(-1, 2);
        Value margin = pairs.gather(g.scalar(0L), 1).sub(pairs.gather(g.scalar(1L), 1));
        g.output("loss", margin.neg().softplus().mean());
        g.output(
                "accuracy",
                margin.greaterThan(g.scalar(0.0)).cast(ElementType.FLOAT).mean());
        return g.build();
    }

    private static Value norm(GraphBuilder g, Value x, String name) {
        return g.op("RMSNormalization", List.of(x, g.parameter(name, WIDTH)), Map.of("epsilon", Attribute.of(1e-5f)));
    }

    private static Value rotation(GraphBuilder g, String name, boolean cosine, Value length) {
        float[] values = new float[CONTEXT * SIZE / 2];
        for (int i = 0; i < values.length; i++) {
            int position = i / (SIZE / 2);
            double angle = position / Math.pow(100, 2.0 * (i % (SIZE / 2)) / SIZE);
            values[i] = (float) (cosine ? Math.cos(angle) : Math.sin(angle));
        }
        return g.constant(name, Tensor.of(values, CONTEXT, SIZE / 2))
                .slice(0, g.vector(0), length)
                .unsqueeze(0);
    }

    private static Value attention(GraphBuilder g, String prefix, Value x, Value seen, Value cos, Value sin) {
        Value query = rotated(g, x.linear(g.parameter(prefix + "q", WIDTH, WIDTH)), cos, sin, HEADS);
        Value key = rotated(g, x.linear(g.parameter(prefix + "k", KEY_HEADS * SIZE, WIDTH)), cos, sin, KEY_HEADS);
        Value value = x.linear(g.parameter(prefix + "v", KEY_HEADS * SIZE, WIDTH));
        Map<String, Attribute> attributes = Map.of(
                "is_causal", Attribute.of(1),
                "q_num_heads", Attribute.of(HEADS),
                "kv_num_heads", Attribute.of(KEY_HEADS));
        return g.node("", "Attention", List.of(query, key, value, seen), attributes, List.of(x.type()))
                .get(0)
                .linear(g.parameter(prefix + "o", WIDTH, WIDTH));
    }

    private static Value rotated(GraphBuilder g, Value x, Value cos, Value sin, int heads) {
        // One angle for every row of the batch; ONNX wants the batch spelled out.
        Value shape = g.concat(0, x.size(0), x.size(1), g.vector(SIZE / 2));
        TensorType type = x.type();
        return g.node(
                        "",
                        "RotaryEmbedding",
                        List.of(x, cos.expand(shape), sin.expand(shape)),
                        Map.of("num_heads", Attribute.of(heads)),
                        List.of(type))
                .get(0);
    }

    static WeightStore weights(long seed) {
        RandomGenerator random = random(seed);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        graph().parameters().forEach((name, type) -> {
            long[] shape = type.fixedShape();
            Tensor tensor = Tensor.allocate(ElementType.FLOAT, shape);
            double spread = shape.length == 1 ? 0.1 : 0.8 / Math.sqrt((double) shape[1]);
            for (int i = 0; i < tensor.size(); i++) {
                tensor.floats().put(i, (float) (random.nextGaussian() * spread + (shape.length == 1 ? 1 : 0)));
            }
            weights.put(name, tensor);
        });
        return new WeightStore(weights);
    }

    /** Pairs of answers; those that are rejected are shorter, and padded on the right. */
    static Map<String, Tensor> batch(int rows, int length, long seed) {
        long[] ids = random(seed).longs((long) rows * length, 0, VOCABULARY).toArray();
        long[] mask = new long[rows * length];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = i / length % 2 == 0 || i % length < length - 2 ? 1 : 0;
        }
        return Map.of("input_ids", Tensor.of(ids, rows, length), "attention_mask", Tensor.of(mask, rows, length));
    }
}
