package dev.save4j.onnxruntime;

import static dev.save4j.tensor.ElementType.BOOL;
import static dev.save4j.tensor.ElementType.INT64;

import dev.save4j.tensor.ElementType;
import dev.save4j.testkit.ForwardEngine;
import dev.save4j.testkit.OperatorConformance;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

class OperatorConformanceTest extends OperatorConformance {
    private static final String LOWEST =
            "ONNX Runtime shows masked scores as the lowest number where ONNX has minus infinity";

    static final Map<String, String> DISAGREEMENTS = Map.of(
            "test_attention_4d_diff_heads_mask4d_padded_kv",
            "ONNX Runtime refuses a mask that is shorter than the keys",
            "test_attention_4d_with_past_and_present_qk_matmul_bias_3d_mask_causal",
            LOWEST,
            "test_attention_4d_with_past_and_present_qk_matmul_bias_4d_mask_causal",
            LOWEST);

    static final Map<String, String> UNPROVEN = Stream.of(
                    "Resize.antialias",
                    "Resize.extrapolation_value",
                    "com.microsoft::Attention.do_rotary",
                    "com.microsoft::Attention.past_present_share_buffer",
                    "com.microsoft::Attention.rotary_embedding_dim",
                    "com.microsoft::EmbedLayerNormalization.mask_index_type",
                    "com.microsoft::GroupQueryAttention.k_quant_type",
                    "com.microsoft::GroupQueryAttention.kv_cache_bit_width",
                    "com.microsoft::GroupQueryAttention.qk_output",
                    "com.microsoft::GroupQueryAttention.v_quant_type",
                    "com.microsoft::RotaryEmbedding.is_packed_batching",
                    "com.microsoft::RotaryEmbedding.scale")
            .collect(Collectors.toMap(attribute -> attribute, attribute -> "the kit has no reference of it"));

    /** Masks and lengths, and the switch between training and inference. */
    static final Map<String, Set<ElementType>> UNPROVEN_ELEMENTS =
            Map.of("Attention", Set.of(BOOL, INT64), "Dropout", Set.of(BOOL));

    OperatorConformanceTest() {
        super(ForwardEngine.of(new OnnxRuntimeEngine()));
    }

    @Override
    protected Map<String, String> disagreements() {
        return DISAGREEMENTS;
    }

    @Override
    protected Map<String, String> unproven() {
        return UNPROVEN;
    }

    @Override
    protected Map<String, Set<ElementType>> unprovenElements() {
        return UNPROVEN_ELEMENTS;
    }
}
