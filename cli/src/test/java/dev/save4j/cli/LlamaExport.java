package dev.save4j.cli;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.OnnxModel;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.Map;
import java.util.stream.LongStream;

/** A Llama with fewer key-value heads than heads as {@code torch.onnx} writes it for text generation without a cache. */
final class LlamaExport {
    static final int VOCABULARY = 40;
    private static final int HIDDEN = 16;
    private static final int HEADS = 4;
    private static final int KV_HEADS = 2;
    private static final int HEAD = HIDDEN / HEADS;
    private static final int INNER = 24;
    private static final int LAYERS = 2;
    private static final double LOWEST = -3.4028234663852886e38;

    private final TorchExport e;

    private LlamaExport(int opset) {
        e = new TorchExport(opset);
    }

    static OnnxModel of(int opset) {
        return new LlamaExport(opset).model();
    }

    private OnnxModel model() {
        String ids = e.input("input_ids", ElementType.INT64, "batch_size", "sequence_length");
        String attention = e.input("attention_mask", ElementType.INT64, "batch_size", "sequence_length");
        e.in("");
        String counted = e.op("Sub", e.op("CumSum", attention, e.integer(1)), e.integer(1));
        String positions = e.op("Where", e.op("Equal", attention, e.integer(0)), e.integer(1), counted);
        e.in("/model");
        String x = e.op("Gather", e.weight("model.embed_tokens.weight", 0, 1, VOCABULARY, HIDDEN), ids);
        String mask = mask(ids, attention);
        e.in("/model/rotary_emb");
        String[] rotary = rotary(positions);
        for (int i = 0; i < LAYERS; i++) {
            x = layer(x, mask, rotary, i);
        }
        e.in("/model/norm");
        x = norm(x, "model.norm.weight");
        e.in("/lm_head");
        e.output("logits", e.linear(x, HIDDEN, VOCABULARY), "batch_size", "sequence_length", VOCABULARY);
        return e.model("llama");
    }

    /** The upper triangle of a full matrix, into which the padding is written by position. */
    private String mask(String ids, String attention) {
        String batch = e.size(ids, 0);
        String length = e.size(ids, 1);
        String full = e.op(
                "ConstantOfShape",
                Map.of("value", Attribute.of(Tensor.of(new float[] {(float) LOWEST}, 1))),
                e.shape(length, length));
        String upper = e.op("Trilu", Map.of("upper", Attribute.of(1)), full, e.integer(1));
        String places = e.op("Range", e.integer(0), length, e.integer(1));
        String later = e.op("Greater", places, e.reshape(places, -1, 1));
        String causal = e.op("Mul", upper, e.cast(later, ElementType.FLOAT));
        String wide = e.expand(e.unsqueeze(e.unsqueeze(causal, 0), 1), batch, 1, -1, -1);
        String real = e.cast(e.unsqueeze(e.unsqueeze(attention, 1), 2), ElementType.FLOAT);
        String hidden = e.op("Equal", e.op("Add", wide, real), e.number(0));
        String filled = e.op("Where", hidden, e.number(LOWEST), wide);
        String[] indices = new String[4];
        for (int axis = 0; axis < 4; axis++) {
            String range = e.op("Range", e.integer(0), e.size(wide, axis), e.integer(1));
            int own = axis;
            long[] others = LongStream.range(0, 4).filter(other -> other != own).toArray();
            indices[axis] = e.unsqueeze(e.expand(e.unsqueeze(range, others), batch, e.integer(1), length, length), 4);
        }
        return e.op("ScatterND", wide, e.concat(-1, indices), filled);
    }

    private String[] rotary(String positions) {
        float[] frequencies = new float[HEAD / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = (float) Math.pow(10000, -2.0 * i / HEAD);
        }
        String table = e.constant(Tensor.of(frequencies, 1, HEAD / 2, 1));
        String wide = e.cast(e.expand(table, e.size(positions, 0), -1, 1), ElementType.FLOAT);
        String angles =
                e.transpose(e.op("MatMul", wide, e.cast(e.unsqueeze(positions, 1), ElementType.FLOAT)), 0, 2, 1);
        String twice = e.concat(-1, angles, angles);
        return new String[] {
            e.unsqueeze(e.op("Mul", e.op("Cos", twice), e.number(1)), 1),
            e.unsqueeze(e.op("Mul", e.op("Sin", twice), e.number(1)), 1)
        };
    }

    private String layer(String x, String mask, String[] rotary, int layer) {
        String module = "/model/layers." + layer;
        String at = "model.layers." + layer;
        e.in(module + "/input_layernorm");
        String normed = norm(x, at + ".input_layernorm.weight");
        e.in(module + "/self_attn");
        String query = rotated(heads(e.linear(normed, HIDDEN, HIDDEN), HEADS), rotary);
        String key = repeated(rotated(heads(e.linear(normed, HIDDEN, KV_HEADS * HEAD), KV_HEADS), rotary));
        String value = repeated(heads(e.linear(normed, HIDDEN, KV_HEADS * HEAD), KV_HEADS));
        String keys = e.slice(mask, 3, e.integer(0), e.size(key, -2));
        String weights = e.opset() < 18 ? eager(query, key, keys, layer) : fused(query, key, keys);
        String mixed = e.transpose(e.op("MatMul", weights, value), 0, 2, 1, 3);
        String joined = e.reshape(mixed, e.size(x, 0), e.size(x, 1), -1);
        String attended = e.op("Add", x, e.linear(joined, HIDDEN, HIDDEN));
        e.in(module + "/post_attention_layernorm");
        String second = norm(attended, at + ".post_attention_layernorm.weight");
        e.in(module + "/mlp");
        String gate = e.linear(second, HIDDEN, INNER);
        String active = e.op("Mul", gate, e.op("Sigmoid", gate));
        return e.op("Add", attended, e.linear(e.op("Mul", active, e.linear(second, HIDDEN, INNER)), INNER, HIDDEN));
    }

    private String eager(String query, String key, String mask, int layer) {
        String product = layer == 0
                ? e.op("Einsum", Map.of("equation", Attribute.of("bhqd,bhkd->bhqk")), query, key)
                : e.op("MatMul", query, e.transpose(key, 0, 1, 3, 2));
        String scores = e.op("Div", product, e.number(Math.sqrt(HEAD)));
        return e.cast(e.softmax(e.op("Add", scores, mask)), ElementType.FLOAT);
    }

    /** {@code scaled_dot_product_attention}: half of the scale on either side, and rows without a token guarded. */
    private String fused(String query, String key, String mask) {
        Attribute last = Attribute.of(-1);
        String size = e.op("Squeeze", e.op("Shape", Map.of("start", last), query), e.ints(0));
        String scale = e.op("Div", e.number(1), e.op("Sqrt", e.cast(size, ElementType.FLOAT)));
        String left = e.op("Mul", query, e.op("Sqrt", scale));
        String right = e.op("Mul", e.transpose(key, 0, 1, 3, 2), e.op("Sqrt", scale));
        String weights = e.softmax(e.op("Add", e.op("MatMul", left, right), mask));
        return e.op("Where", e.op("IsNaN", weights), e.number(0), weights);
    }

    private String heads(String x, int heads) {
        return e.transpose(e.reshape(x, e.size(x, 0), e.size(x, 1), heads, HEAD), 0, 2, 1, 3);
    }

    private String rotated(String x, String[] rotary) {
        String half = e.op("Div", e.size(x, 3), e.integer(2));
        String low = e.slice(x, 3, e.integer(0), half);
        String high = e.slice(x, 3, half, e.integer(Long.MAX_VALUE));
        String turned = e.concat(-1, e.op("Neg", high), low);
        return e.op("Add", e.op("Mul", x, rotary[0]), e.op("Mul", turned, rotary[1]));
    }

    private String repeated(String x) {
        String batch = e.size(x, 0);
        String length = e.size(x, 2);
        String wide = e.expand(e.unsqueeze(x, 2), batch, KV_HEADS, HEADS / KV_HEADS, length, HEAD);
        return e.reshape(wide, batch, HEADS, length, HEAD);
    }

    private String norm(String x, String name) {
        String single = e.cast(x, ElementType.FLOAT);
        String variance = e.mean(e.op("Pow", single, e.number(2)));
        String root = e.op("Reciprocal", e.op("Sqrt", e.op("Add", variance, e.number(1e-5))));
        return e.op("Mul", e.weight(name, 1, 0.2, HIDDEN), e.cast(e.op("Mul", single, root), ElementType.FLOAT));
    }
}
