package dev.save4j.bench.speed;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.models.Llama;
import dev.save4j.models.LlamaConfig;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A Llama as it is exported for text generation with a cache: inputs {@code input_ids} and {@code position_ids} {@code [batch, sequence]}, {@code
 * attention_mask} {@code [batch, past + sequence]}, and {@code past_key_values.i.key} and {@code .value} {@code [batch, kvHeads, past, headSize]};
 * outputs {@code logits [batch, sequence, vocabulary]}, and {@code present.i.key} and {@code .value}, the past with the new tokens behind it.
 */
final class PlainDecoder {
    private static final double HIDDEN = -1e9;

    private final GraphBuilder g = new GraphBuilder("plain-decoder");
    private final Llama model;
    private final LlamaConfig config;

    private PlainDecoder(Llama model) {
        this.model = model;
        this.config = model.settings();
    }

    /** @param maxLength positions that there are */
    static Graph of(Llama model, int maxLength) {
        return new PlainDecoder(model).build(maxLength);
    }

    private Graph build(int maxLength) {
        Value ids = g.input("input_ids", ElementType.INT64, "batch", "sequence");
        Value attention = g.input("attention_mask", ElementType.INT64, "batch", "total");
        Value positions = g.input("position_ids", ElementType.INT64, "batch", "sequence");
        Value mask = mask(ids, attention);
        Value[] rotary = rotary(positions, maxLength);
        Value x = weight("model.embed_tokens.weight").gather(ids, 0);
        for (int i = 0; i < config.layers(); i++) {
            x = layer(i, x, mask, rotary);
        }
        x = norm(x, "model.norm.weight");
        g.output("logits", x.linear(weight(config.tied() ? "model.embed_tokens.weight" : "lm_head.weight")));
        return g.build();
    }

    /** What is added to the scores, {@code [batch, 1, sequence, total]}. */
    private Value mask(Value ids, Value attention) {
        Value total = attention.size(1).squeeze(0);
        Value past = total.sub(ids.size(1).squeeze(0));
        Value columns = range(g.scalar(0L), total).unsqueeze(0);
        Value rows = range(past, total).unsqueeze(1);
        Value visible = attention.cast(ElementType.BOOL).unsqueeze(1, 2).and(columns.lessOrEqual(rows));
        return visible.choose(g.scalar(0.0), g.scalar(HIDDEN));
    }

    private Value range(Value from, Value to) {
        return g.op("Range", from, to, g.scalar(1L));
    }

    /** Cosines and sines, {@code [batch, 1, sequence, headSize]}. */
    private Value[] rotary(Value positions, int maxLength) {
        int size = config.headSize();
        float[] cosines = new float[maxLength * size];
        float[] sines = new float[maxLength * size];
        for (int i = 0; i < cosines.length; i++) {
            double angle = i / size * Math.pow(config.rotaryBase(), -2.0 * (i % (size / 2)) / size);
            cosines[i] = (float) Math.cos(angle);
            sines[i] = (float) Math.sin(angle);
        }
        return new Value[] {
            g.constant("cosines", Tensor.of(cosines, maxLength, size))
                    .gather(positions, 0)
                    .unsqueeze(1),
            g.constant("sines", Tensor.of(sines, maxLength, size))
                    .gather(positions, 0)
                    .unsqueeze(1)
        };
    }

    private Value layer(int index, Value x, Value mask, Value[] rotary) {
        String at = "model.layers." + index + ".";
        String self = at + "self_attn.";
        int kvHeads = config.keyValueHeads();
        Value normed = norm(x, at + "input_layernorm.weight");
        Value query = rotated(heads(normed, self + "q_proj", config.heads()), rotary);
        Value key = cached(index, "key", rotated(heads(normed, self + "k_proj", kvHeads), rotary));
        Value value = cached(index, "value", heads(normed, self + "v_proj", kvHeads));
        Value scores = query.matmul(repeated(key).transpose(0, 1, 3, 2)).mul(1 / Math.sqrt(config.headSize()));
        Value mixed = scores.add(mask).softmax(-1).matmul(repeated(value));
        Value joined = mixed.transpose(0, 2, 1, 3).reshape(0, 0, (long) config.heads() * config.headSize());
        Value middle = x.add(joined.linear(weight(self + "o_proj.weight")));
        Value wide = norm(middle, at + "post_attention_layernorm.weight");
        Value gated = wide.linear(weight(at + "mlp.gate_proj.weight"))
                .silu()
                .mul(wide.linear(weight(at + "mlp.up_proj.weight")));
        return middle.add(gated.linear(weight(at + "mlp.down_proj.weight")));
    }

    private Value cached(int layer, String kind, Value fresh) {
        Value past = g.input(
                "past_key_values." + layer + "." + kind,
                ElementType.FLOAT,
                "batch",
                config.keyValueHeads(),
                "past",
                config.headSize());
        Value present = g.concat(2, past, fresh);
        g.output("present." + layer + "." + kind, present);
        return present;
    }

    private Value heads(Value x, String projection, int heads) {
        return x.linear(weight(projection + ".weight"))
                .reshape(0, 0, heads, config.headSize())
                .transpose(0, 2, 1, 3);
    }

    private Value rotated(Value heads, Value[] rotary) {
        List<Value> halves = heads.split(-1, config.headSize() / 2, config.headSize() / 2);
        Value turned = g.concat(-1, halves.get(1).neg(), halves.get(0));
        return heads.mul(rotary[0]).add(turned.mul(rotary[1]));
    }

    /** As many heads of keys or values as there are of queries. */
    private Value repeated(Value heads) {
        if (config.group() == 1) {
            return heads;
        }
        Value shape = g.concat(
                0,
                heads.size(0),
                g.vector(config.keyValueHeads(), config.group()),
                heads.size(2),
                g.vector(config.headSize()));
        return heads.unsqueeze(2).expand(shape).reshape(0, config.heads(), -1, config.headSize());
    }

    private Value norm(Value x, String name) {
        return g.op(
                "RMSNormalization",
                List.of(x, weight(name)),
                Map.of("axis", Attribute.of(-1), "epsilon", Attribute.of((float) config.normEpsilon())));
    }

    private Value weight(String name) {
        return g.parameter(name, Objects.requireNonNull(model.parameters().get(name), name));
    }
}
