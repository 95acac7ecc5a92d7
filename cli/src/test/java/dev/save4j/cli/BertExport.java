package dev.save4j.cli;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.OnnxModel;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.Map;
import java.util.stream.LongStream;

/** A BERT as {@code torch.onnx} writes it, with hidden states and the pooled first token. */
final class BertExport {
    private static final int VOCABULARY = 40;
    private static final int POSITIONS = 24;
    private static final int HIDDEN = 16;
    private static final int HEADS = 4;
    private static final int INNER = 24;
    private static final int LAYERS = 2;

    private final TorchExport e;

    private BertExport(int opset) {
        e = new TorchExport(opset);
    }

    static OnnxModel of(int opset) {
        return new BertExport(opset).model();
    }

    private OnnxModel model() {
        String ids = e.input("input_ids", ElementType.INT64, "batch_size", "sequence_length");
        String attention = e.input("attention_mask", ElementType.INT64, "batch_size", "sequence_length");
        String types = e.input("token_type_ids", ElementType.INT64, "batch_size", "sequence_length");
        e.in("");
        String mask = e.cast(e.unsqueeze(e.unsqueeze(attention, 1), 2), ElementType.FLOAT);
        String bias = e.op("Mul", e.op("Sub", e.number(1), mask), e.number(-3.4028234663852886e38));
        e.in("/embeddings");
        String positions = e.slice(
                e.buffer(
                        "embeddings.position_ids",
                        Tensor.of(LongStream.range(0, POSITIONS).toArray(), 1, POSITIONS)),
                1,
                e.integer(0),
                e.size(ids, 1));
        String word = e.op("Gather", e.weight("embeddings.word_embeddings.weight", 0, 1, VOCABULARY, HIDDEN), ids);
        String type = e.op("Gather", e.weight("embeddings.token_type_embeddings.weight", 0, 1, 2, HIDDEN), types);
        String place =
                e.op("Gather", e.weight("embeddings.position_embeddings.weight", 0, 1, POSITIONS, HIDDEN), positions);
        String x = e.layerNorm(e.op("Add", e.op("Add", word, type), place), "embeddings.LayerNorm", HIDDEN, 1e-12);
        for (int i = 0; i < LAYERS; i++) {
            x = layer(x, bias, "encoder.layer." + i);
        }
        e.output("last_hidden_state", x, "batch_size", "sequence_length", HIDDEN);
        e.in("/pooler");
        String first = e.op("Gather", Map.of("axis", Attribute.of(1)), x, e.integer(0));
        String pooled = e.op(
                "Gemm",
                Map.of(
                        "alpha", Attribute.of(1f),
                        "beta", Attribute.of(1f),
                        "transB", Attribute.of(1)),
                first,
                e.weight("pooler.dense.weight", 0, 0.5, HIDDEN, HIDDEN),
                e.weight("pooler.dense.bias", 0, 0.1, HIDDEN));
        e.output("pooler_output", e.op("Tanh", pooled), "batch_size", HIDDEN);
        return e.model("bert");
    }

    private String layer(String x, String bias, String at) {
        String module = "/" + at.replace("encoder.layer.", "encoder/layer.");
        e.in(module + "/attention/self");
        String query = e.transpose(heads(e.linear(x, at + ".attention.self.query.bias", HIDDEN, HIDDEN)), 0, 2, 1, 3);
        String key = e.transpose(heads(e.linear(x, at + ".attention.self.key.bias", HIDDEN, HIDDEN)), 0, 2, 3, 1);
        String value = e.transpose(heads(e.linear(x, at + ".attention.self.value.bias", HIDDEN, HIDDEN)), 0, 2, 1, 3);
        String scores = e.op("Div", e.op("MatMul", query, key), e.number(Math.sqrt(HIDDEN / HEADS)));
        String mixed = e.transpose(e.op("MatMul", e.softmax(e.op("Add", scores, bias)), value), 0, 2, 1, 3);
        String joined = e.reshape(mixed, e.size(mixed, 0), e.size(mixed, 1), HIDDEN);
        e.in(module + "/attention/output");
        String attended = e.layerNorm(
                e.op("Add", e.linear(joined, at + ".attention.output.dense.bias", HIDDEN, HIDDEN), x),
                at + ".attention.output.LayerNorm",
                HIDDEN,
                1e-12);
        e.in(module + "/intermediate");
        String inner = gelu(e.linear(attended, at + ".intermediate.dense.bias", HIDDEN, INNER));
        e.in(module + "/output");
        return e.layerNorm(
                e.op("Add", e.linear(inner, at + ".output.dense.bias", INNER, HIDDEN), attended),
                at + ".output.LayerNorm",
                HIDDEN,
                1e-12);
    }

    private String heads(String x) {
        return e.reshape(x, e.size(x, 0), e.size(x, 1), HEADS, HIDDEN / HEADS);
    }

    private String gelu(String x) {
        String error = e.op("Erf", e.op("Div", x, e.number(Math.sqrt(2))));
        return e.op("Mul", e.op("Mul", x, e.op("Add", error, e.number(1))), e.number(0.5));
    }
}
