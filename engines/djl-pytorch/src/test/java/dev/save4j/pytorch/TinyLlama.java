package dev.save4j.pytorch;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** A decoder in the manner of Llama under a clipped policy loss, as a training graph: what this engine exists for, in small. */
record TinyLlama(int vocabulary, int width, int layers, int heads, int keyHeads, int inner, int context) {
    int headSize() {
        return width / heads;
    }

    /**
     * Inputs: {@code input_ids}, {@code attention_mask} INT64 {@code [batch, sequence]}; {@code old} and {@code advantage} FLOAT
     * {@code [batch, sequence - 1]}, which the caller gives as {@code [batch, steps]}.
     */
    Graph graph() {
        GraphBuilder g = new GraphBuilder("tiny-llama");
        Value ids = g.input("input_ids", ElementType.INT64, "batch", "sequence");
        Value mask = g.input("attention_mask", ElementType.INT64, "batch", "sequence");
        Value old = g.input("old", ElementType.FLOAT, "batch", "steps");
        Value advantage = g.input("advantage", ElementType.FLOAT, "batch", "steps");
        Value embedding = g.parameter("embed", vocabulary, width);
        Value length = ids.size(1);
        Value bias = bias(g, mask, length);
        Value cos = g.constant("cos", rotation(true)).slice(0, g.vector(0), length);
        Value sin = g.constant("sin", rotation(false)).slice(0, g.vector(0), length);
        Value x = embedding.gather(ids, 0);
        for (int layer = 0; layer < layers; layer++) {
            String prefix = "layers." + layer + ".";
            Value normed = norm(g, x, prefix + "norm1");
            x = x.add(attention(g, prefix, normed, bias, cos, sin));
            Value h = norm(g, x, prefix + "norm2");
            Value gate = h.linear(g.parameter(prefix + "gate", inner, width)).silu();
            Value up = h.linear(g.parameter(prefix + "up", inner, width));
            x = x.add(gate.mul(up).linear(g.parameter(prefix + "down", width, inner)));
        }
        Value logits = norm(g, x, "norm").linear(embedding);
        Value next = ids.slice(1, 1, Long.MAX_VALUE).unsqueeze(-1);
        Value logProb =
                logits.slice(1, 0, -1).logSoftmax(-1).gatherElements(next, 2).squeeze(-1);
        Value ratio = logProb.sub(old).exp();
        Value clipped = ratio.clip(0.8, 1.2);
        Value surrogate = ratio.mul(advantage).min(clipped.mul(advantage));
        Value weight = mask.slice(1, 1, Long.MAX_VALUE).cast(ElementType.FLOAT);
        Value count = weight.sum();
        g.output("loss", surrogate.mul(weight).sum().div(count).neg());
        Value moved = ratio.greaterThan(g.scalar(1.2)).cast(ElementType.FLOAT);
        g.output("clipped", moved.mul(weight).sum().div(count));
        g.output("log_prob", logProb);
        return g.build();
    }

    private static Value bias(GraphBuilder g, Value mask, Value length) {
        Value position = g.op("Range", g.scalar(0L), length.squeeze(0), g.scalar(1L));
        Value causal = position.unsqueeze(1).lessThan(position.unsqueeze(0));
        Value padded = mask.equalTo(g.scalar(0L)).unsqueeze(1, 2);
        Value hidden = g.op("Or", causal.unsqueeze(0, 1), padded);
        return hidden.choose(g.scalar(-1e9), g.scalar(0.0));
    }

    private static Value norm(GraphBuilder g, Value x, String name) {
        Value weight = g.parameter(name, x.type().dimension(-1).size());
        return g.op("RMSNormalization", List.of(x, weight), Map.of("epsilon", Attribute.of(1e-5f)));
    }

    private Value attention(GraphBuilder g, String prefix, Value x, Value bias, Value cos, Value sin) {
        int size = headSize();
        Value query = heads(x.linear(g.parameter(prefix + "q", heads * size, width)), heads);
        Value key = heads(x.linear(g.parameter(prefix + "k", keyHeads * size, width)), keyHeads);
        Value value = heads(x.linear(g.parameter(prefix + "v", keyHeads * size, width)), keyHeads);
        query = rotated(g, query, cos, sin);
        key = repeated(g, rotated(g, key, cos, sin));
        value = repeated(g, value);
        Value scores = query.matmul(key.transpose(0, 1, 3, 2)).mul(1 / Math.sqrt(size));
        Value mixed = scores.add(bias).softmax(-1).matmul(value);
        return mixed.transpose(0, 2, 1, 3).reshape(0, 0, width).linear(g.parameter(prefix + "o", width, heads * size));
    }

    private Value heads(Value x, int count) {
        return x.reshape(0, 0, count, headSize()).transpose(0, 2, 1, 3);
    }

    private Value rotated(GraphBuilder g, Value x, Value cos, Value sin) {
        int half = headSize() / 2;
        Value turned = g.concat(-1, x.slice(3, half, Long.MAX_VALUE).neg(), x.slice(3, 0, half));
        return x.mul(cos).add(turned.mul(sin));
    }

    private Value repeated(GraphBuilder g, Value x) {
        int times = heads / keyHeads;
        if (times == 1) {
            return x;
        }
        Value shape = g.concat(0, x.size(0), g.vector(keyHeads), g.vector(times), x.size(2), g.vector(headSize()));
        Value flat = g.concat(0, x.size(0), g.vector(heads), x.size(2), g.vector(headSize()));
        return x.unsqueeze(2).expand(shape).reshape(flat);
    }

    private Tensor rotation(boolean cosine) {
        int half = headSize() / 2;
        float[] values = new float[context * headSize()];
        for (int position = 0; position < context; position++) {
            for (int i = 0; i < headSize(); i++) {
                double angle = position / Math.pow(10000, (double) (i % half) / half);
                values[position * headSize() + i] = (float) (cosine ? Math.cos(angle) : Math.sin(angle));
            }
        }
        return Tensor.of(values, context, headSize());
    }

    /** Weights drawn from a seed. */
    WeightStore weights(ElementType type, long seed) {
        RandomGenerator random = GradientCheck.random(seed);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        graph().parameters().forEach((name, kind) -> {
            long[] shape = kind.fixedShape();
            Tensor tensor = Tensor.allocate(type, shape);
            double spread = shape.length == 1 ? 0.1 : 0.8 / Math.sqrt(shape[1]);
            for (int i = 0; i < tensor.size(); i++) {
                double value = random.nextGaussian() * spread + (shape.length == 1 ? 1 : 0);
                if (type == ElementType.DOUBLE) {
                    tensor.bytes().putDouble(i * Double.BYTES, value);
                } else {
                    tensor.bytes().putFloat(i * Float.BYTES, (float) value);
                }
            }
            weights.put(name, tensor);
        });
        return new WeightStore(weights);
    }

    /** A batch drawn from a seed; the second half of the rows is padded on the right. */
    Map<String, Tensor> batch(int rows, int length, long seed) {
        RandomGenerator random = GradientCheck.random(seed);
        long[] ids = random.longs((long) rows * length, 0, vocabulary).toArray();
        long[] mask = new long[rows * length];
        for (int row = 0; row < rows; row++) {
            int real = row < rows / 2 ? length : length - length / 3;
            for (int i = 0; i < real; i++) {
                mask[row * length + i] = 1;
            }
        }
        List<Float> old = new ArrayList<>();
        List<Float> advantage = new ArrayList<>();
        for (int i = 0; i < rows * (length - 1); i++) {
            old.add((float) (-Math.log(vocabulary) + 0.3 * random.nextGaussian()));
            advantage.add((float) random.nextGaussian());
        }
        return Map.of(
                "input_ids", Tensor.of(ids, rows, length),
                "attention_mask", Tensor.of(mask, rows, length),
                "old", floats(old, rows, length - 1),
                "advantage", floats(advantage, rows, length - 1));
    }

    private static Tensor floats(List<Float> values, long... shape) {
        float[] array = new float[values.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = values.get(i);
        }
        return Tensor.of(array, shape);
    }
}
