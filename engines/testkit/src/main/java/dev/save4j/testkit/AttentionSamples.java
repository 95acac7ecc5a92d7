package dev.save4j.testkit;

import dev.save4j.graph.Attribute;
import dev.save4j.tensor.ElementType;
import dev.save4j.testkit.reference.Numbers;

/** Samples of attention and of rotary positions. */
final class AttentionSamples {
    private AttentionSamples() {}

    static void addTo(SampleList list) {
        standard(list);
        rotary(list);
        grouped(list);
        multiHead(list);
    }

    private static void standard(SampleList list) {
        list.op("Attention")
                .data(list.numbers(1, 2, 3, 4))
                .data(list.numbers(1, 2, 3, 4))
                .data(list.numbers(1, 2, 3, 4))
                .label("heads");
        list.op("Attention")
                .data(list.numbers(2, 3, 16))
                .data(list.numbers(2, 3, 8))
                .data(list.numbers(2, 3, 8))
                .set("q_num_heads", 4)
                .set("kv_num_heads", 2)
                .set("is_causal", 1)
                .set("scale", 0.3f)
                .label("causal, grouped, flat");
        list.op("Attention")
                .data(list.numbers(1, 2, 3, 4))
                .data(list.numbers(1, 2, 5, 4))
                .data(list.numbers(1, 2, 5, 4))
                .input(list.numbers(3, 5))
                .set("softcap", 2f)
                .label("mask and cap");
        list.op("Attention")
                .data(list.numbers(1, 2, 3, 4))
                .data(list.numbers(1, 2, 3, 4))
                .data(list.numbers(1, 2, 3, 4))
                .set("softmax_precision", 1)
                .label("softmax in single precision");
        for (int shown = 0; shown < 4; shown++) {
            list.op("Attention")
                    .data(list.numbers(1, 2, 3, 4))
                    .data(list.numbers(1, 2, 2, 4))
                    .data(list.numbers(1, 2, 2, 4))
                    .absent()
                    .data(list.numbers(1, 2, 3, 4))
                    .data(list.numbers(1, 2, 3, 4))
                    .set("qk_matmul_output_mode", shown)
                    .results(4)
                    .label("with a past, shows scores " + shown);
        }
    }

    private static void rotary(SampleList list) {
        Numbers cos = list.uniform(-1, 1, 6, 2);
        Numbers sin = list.uniform(-1, 1, 6, 2);
        Numbers positions = Numbers.of(new long[] {0, 1, 2, 5, 3, 4}, 2, 3);
        for (int interleaved = 0; interleaved < 2; interleaved++) {
            String label = interleaved == 1 ? "interleaved" : "halves";
            list.op("RotaryEmbedding")
                    .data(list.numbers(2, 2, 3, 4))
                    .constant(cos)
                    .constant(sin)
                    .input(positions)
                    .set("interleaved", interleaved)
                    .label(label);
            list.microsoft("RotaryEmbedding")
                    .data(list.numbers(2, 3, 8))
                    .input(positions)
                    .constant(cos)
                    .constant(sin)
                    .set("interleaved", interleaved)
                    .label(label);
        }
        list.op("RotaryEmbedding")
                .data(list.numbers(2, 3, 12))
                .constant(cos)
                .constant(sin)
                .input(positions)
                .set("num_heads", 2)
                .set("rotary_embedding_dim", 4)
                .label("a part of each head");
        list.microsoft("RotaryEmbedding")
                .data(list.numbers(2, 2, 3, 4))
                .input(Numbers.vector(2))
                .constant(cos)
                .constant(sin)
                .label("one offset");
        list.microsoft("RotaryEmbedding")
                .data(list.numbers(2, 3, 12))
                .input(positions)
                .constant(cos)
                .constant(sin)
                .set("num_heads", 2)
                .set("rotary_embedding_dim", 4)
                .label("a part of each head");
    }

    private static Numbers ints(Numbers value) {
        return value.withType(ElementType.INT32);
    }

    private static void grouped(SampleList list) {
        Numbers cos = list.uniform(-1, 1, 8, 8);
        Numbers sin = list.uniform(-1, 1, 8, 8);
        list.microsoft("GroupQueryAttention")
                .data(list.numbers(2, 3, 32))
                .data(list.numbers(2, 3, 16))
                .data(list.numbers(2, 3, 16))
                .input(list.numbers(2, 2, 8, 8))
                .input(list.numbers(2, 2, 8, 8))
                .input(ints(Numbers.vector(2, 2)))
                .constant(ints(Numbers.scalar(3L)))
                .set("num_heads", 4)
                .set("kv_num_heads", 2)
                .label("prompt");
        list.microsoft("GroupQueryAttention")
                .data(list.numbers(2, 1, 64))
                .data(list.numbers(2, 1, 32))
                .data(list.numbers(2, 1, 32))
                .input(list.numbers(2, 2, 8, 16))
                .input(list.numbers(2, 2, 8, 16))
                .input(ints(Numbers.vector(5, 3)))
                .constant(ints(Numbers.scalar(6L)))
                .constant(cos)
                .constant(sin)
                .set("num_heads", 4)
                .set("kv_num_heads", 2)
                .set("do_rotary", 1)
                .set("rotary_interleaved", 1)
                .set("scale", 0.4f)
                .results(3)
                .judged(1)
                .label("next token, rows of different length, rotary");
        list.microsoft("GroupQueryAttention")
                .data(list.numbers(1, 1, 16))
                .data(list.numbers(1, 1, 16))
                .data(list.numbers(1, 1, 16))
                .input(list.numbers(1, 2, 6, 8))
                .input(list.numbers(1, 2, 6, 8))
                .input(ints(Numbers.vector(6)))
                .constant(ints(Numbers.scalar(7L)))
                .set("num_heads", 2)
                .set("kv_num_heads", 2)
                .set("local_window_size", 3)
                .set("softcap", 5f)
                .results(3)
                .label("window and cap, with the caches");
        list.microsoft("GroupQueryAttention")
                .data(list.numbers(1, 2, 16))
                .data(list.numbers(1, 2, 16))
                .data(list.numbers(1, 2, 16))
                .absent()
                .absent()
                .input(ints(Numbers.vector(1)))
                .constant(ints(Numbers.scalar(2L)))
                .set("num_heads", 2)
                .set("kv_num_heads", 2)
                .set("smooth_softmax", 1)
                .results(3)
                .label("smooth softmax, no past");
    }

    private static void multiHead(SampleList list) {
        list.microsoft("MultiHeadAttention")
                .data(list.numbers(2, 3, 8))
                .data(list.numbers(2, 3, 8))
                .data(list.numbers(2, 3, 8))
                .absent()
                .input(ints(Numbers.of(new long[] {1, 1, 0, 1, 1, 1}, 2, 3)))
                .set("num_heads", 2)
                .set("mask_filter_value", -1.5f)
                .label("padding with a soft mask");
        list.microsoft("MultiHeadAttention")
                .data(list.numbers(2, 3, 8))
                .data(list.numbers(2, 5, 8))
                .data(list.numbers(2, 5, 8))
                .set("num_heads", 2)
                .label("cross attention");
        list.microsoft("MultiHeadAttention")
                .data(list.numbers(2, 3, 8))
                .data(list.numbers(2, 3, 8))
                .data(list.numbers(2, 3, 8))
                .data(list.numbers(24))
                .absent()
                .data(list.numbers(2, 2, 3, 3))
                .set("num_heads", 2)
                .set("scale", 0.2f)
                .label("bias of projections and of scores");
        list.microsoft("MultiHeadAttention")
                .data(list.numbers(1, 3, 8))
                .data(list.numbers(1, 3, 8))
                .data(list.numbers(1, 3, 8))
                .set("num_heads", 2)
                .set("unidirectional", 1)
                .label("causal");
        list.microsoft("Attention")
                .data(list.numbers(2, 3, 4))
                .data(list.numbers(4, 24))
                .data(list.numbers(24))
                .set("num_heads", 2)
                .label("projections");
        list.microsoft("Attention")
                .data(list.numbers(2, 3, 4))
                .data(list.numbers(4, 24))
                .data(list.numbers(24))
                .input(ints(Numbers.of(new long[] {1, 1, 0, 1, 1, 1}, 2, 3)))
                .set("num_heads", 2)
                .set("unidirectional", 1)
                .label("causal with padding");
        list.microsoft("Attention")
                .data(list.numbers(2, 3, 4))
                .data(list.numbers(4, 20))
                .data(list.numbers(20))
                .input(ints(Numbers.of(new long[] {1, 1, 0, 1, 1, 1}, 2, 3)))
                .set("num_heads", 2)
                .set("mask_filter_value", -1.5f)
                .set("qkv_hidden_sizes", Attribute.ofInts(8, 8, 4))
                .set("scale", 0.3f)
                .label("narrow values with a soft mask");
    }
}
