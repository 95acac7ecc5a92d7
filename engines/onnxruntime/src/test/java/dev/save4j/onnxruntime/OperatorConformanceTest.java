package dev.save4j.onnxruntime;

import dev.save4j.testkit.ForwardEngine;
import dev.save4j.testkit.OperatorConformance;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

class OperatorConformanceTest extends OperatorConformance {
    OperatorConformanceTest() {
        super(ForwardEngine.of(new OnnxRuntimeEngine()));
    }

    @Override
    protected Map<String, String> disagreements() {
        String lowest = "ONNX Runtime shows masked scores as the lowest number where ONNX has minus infinity";
        return Map.of(
                "test_attention_4d_diff_heads_mask4d_padded_kv",
                "ONNX Runtime refuses a mask that is shorter than the keys",
                "test_attention_4d_with_past_and_present_qk_matmul_bias_3d_mask_causal",
                lowest,
                "test_attention_4d_with_past_and_present_qk_matmul_bias_4d_mask_causal",
                lowest);
    }

    @Override
    protected Map<String, String> unproven() {
        return Arrays.stream(("AveragePool Conv ConvInteger ConvTranspose DequantizeLinear DynamicQuantizeLinear GRU"
                                + " GlobalAveragePool GlobalLpPool GlobalMaxPool GridSample If LSTM Loop MatMulInteger"
                                + " MaxPool NegativeLogLikelihoodLoss QLinearConv QLinearMatMul QuantizeLinear RNN Resize"
                                + " Scan SoftmaxCrossEntropyLoss com.microsoft::DynamicQuantizeMatMul"
                                + " com.microsoft::MatMulIntegerToFloat com.microsoft::MatMulNBits")
                        .split(" "))
                .collect(Collectors.toMap(operator -> operator, operator -> "the kit has no reference of it"));
    }
}
