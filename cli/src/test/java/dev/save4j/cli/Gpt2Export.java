package dev.save4j.cli;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.OnnxModel;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.List;
import java.util.Map;

/** A GPT-2 as {@code torch.onnx} writes it for text generation, with or without a cache. */
final class Gpt2Export {
    static final int VOCABULARY = 40;
    static final int POSITIONS = 24;
    private static final int HIDDEN = 16;
    private static final int HEADS = 2;
    private static final int HEAD = HIDDEN / HEADS;
    private static final int LAYERS = 2;

    private final TorchExport e;
    private final boolean cached;

    private Gpt2Export(int opset, boolean cached) {
        this.e = new TorchExport(opset);
        this.cached = cached;
    }

    static OnnxModel of(int opset, boolean cached) {
        return new Gpt2Export(opset, cached).model();
    }

    private OnnxModel model() {
        String all = cached ? "past_sequence_length + sequence_length" : "sequence_length";
        String ids = e.input("input_ids", ElementType.INT64, "batch_size", "sequence_length");
        String attention = e.input("attention_mask", ElementType.INT64, "batch_size", all);
        String positions = e.input("position_ids", ElementType.INT64, "batch_size", "sequence_length");
        e.in("/transformer");
        String wte = e.weight("transformer.wte.weight", 0, 1, VOCABULARY, HIDDEN);
        String place = e.op("Gather", e.weight("transformer.wpe.weight", 0, 0.5, POSITIONS, HIDDEN), positions);
        String x = e.op("Add", e.op("Gather", wte, ids), place);
        String view = e.reshape(attention, e.size(ids, 0), -1);
        String mask = e.cast(e.unsqueeze(e.unsqueeze(view, 1), 2), ElementType.FLOAT);
        String padding = e.op("Mul", e.op("Sub", e.number(1), mask), e.number(-3.4028234663852886e38));
        for (int i = 0; i < LAYERS; i++) {
            x = block(x, padding, i);
        }
        e.in("/transformer/ln_f");
        x = e.layerNorm(x, "transformer.ln_f", HIDDEN, 1e-5);
        e.in("/lm_head");
        e.output("logits", e.op("MatMul", x, e.transpose(wte, 1, 0)), "batch_size", "sequence_length", VOCABULARY);
        return e.model("gpt2");
    }

    private String block(String x, String padding, int layer) {
        String module = "/transformer/h." + layer;
        String at = "transformer.h." + layer;
        e.in(module + "/ln_1");
        String normed = e.layerNorm(x, at + ".ln_1", HIDDEN, 1e-5);
        e.in(module + "/attn/c_attn");
        String packed = conv1d(normed, at + ".attn.c_attn", HIDDEN, 3 * HIDDEN);
        e.in(module + "/attn");
        List<String> parts = e.split(packed, 2, HIDDEN, HIDDEN, HIDDEN);
        String query = e.transpose(heads(parts.get(0)), 0, 2, 1, 3);
        String key = withPast(e.transpose(heads(parts.get(1)), 0, 2, 1, 3), layer, "key");
        String value = withPast(e.transpose(heads(parts.get(2)), 0, 2, 1, 3), layer, "value");
        String scale = e.op("Sqrt", e.cast(e.size(value, -1), ElementType.FLOAT));
        String scores = e.op("Div", e.op("MatMul", query, e.transpose(key, 0, 1, 3, 2)), scale);
        String keys = e.size(key, -2);
        String first = e.op("Sub", keys, e.size(query, -2));
        String causal = e.slice(e.slice(buffer(at), 2, first, keys), 3, e.integer(0), keys);
        String bounded = e.op("Where", e.cast(causal, ElementType.BOOL), scores, e.number(-3.4028234663852886e38));
        String mixed = e.transpose(e.op("MatMul", e.softmax(e.op("Add", bounded, padding)), value), 0, 2, 1, 3);
        String joined = e.reshape(mixed, e.size(mixed, 0), e.size(mixed, 1), HIDDEN);
        e.in(module + "/attn/c_proj");
        String attended = e.op("Add", conv1d(joined, at + ".attn.c_proj", HIDDEN, HIDDEN), x);
        e.in(module + "/ln_2");
        String second = e.layerNorm(attended, at + ".ln_2", HIDDEN, 1e-5);
        e.in(module + "/mlp/c_fc");
        String inner = conv1d(second, at + ".mlp.c_fc", HIDDEN, 2 * HIDDEN);
        e.in(module + "/mlp/act");
        String active = gelu(inner);
        e.in(module + "/mlp/c_proj");
        return e.op("Add", attended, conv1d(active, at + ".mlp.c_proj", 2 * HIDDEN, HIDDEN));
    }

    private String withPast(String fresh, int layer, String kind) {
        if (!cached) {
            return fresh;
        }
        String past = e.input(
                "past_key_values." + layer + "." + kind,
                ElementType.FLOAT,
                "batch_size",
                HEADS,
                "past_sequence_length",
                HEAD);
        String all = e.concat(-2, past, fresh);
        e.output(
                "present." + layer + "." + kind,
                all,
                "batch_size",
                HEADS,
                "past_sequence_length + sequence_length",
                HEAD);
        return all;
    }

    /** The lower triangle, in bytes as the checkpoint has it. */
    private String buffer(String at) {
        Tensor triangle = Tensor.allocate(ElementType.UINT8, 1, 1, POSITIONS, POSITIONS);
        for (int row = 0; row < POSITIONS; row++) {
            for (int column = 0; column <= row; column++) {
                triangle.bytes().put(row * POSITIONS + column, (byte) 1);
            }
        }
        return e.buffer(at + ".attn.bias", triangle);
    }

    private String heads(String x) {
        return e.reshape(x, e.size(x, 0), e.size(x, 1), HEADS, HEAD);
    }

    private String conv1d(String x, String name, long from, long to) {
        String batch = e.size(x, 0);
        String sequence = e.size(x, 1);
        String flat = e.reshape(x, -1, e.size(x, -1));
        String product = e.op(
                "Gemm",
                Map.of("alpha", Attribute.of(1f), "beta", Attribute.of(1f)),
                flat,
                e.weight(name + ".weight", 0, 1 / Math.sqrt(from), from, to),
                e.weight(name + ".bias", 0, 0.1, to));
        return e.reshape(product, batch, sequence, to);
    }

    private String gelu(String x) {
        String cubic = e.op("Mul", e.op("Pow", x, e.number(3)), e.number(0.044715));
        String inner = e.op("Mul", e.op("Add", x, cubic), e.number(Math.sqrt(2 / Math.PI)));
        return e.op("Mul", e.op("Mul", x, e.number(0.5)), e.op("Add", e.op("Tanh", inner), e.number(1)));
    }
}
