package dev.save4j.onnxruntime;

import static dev.save4j.tensor.ElementType.BOOL;
import static dev.save4j.tensor.ElementType.DOUBLE;
import static dev.save4j.tensor.ElementType.FLOAT;
import static dev.save4j.tensor.ElementType.FLOAT16;
import static dev.save4j.tensor.ElementType.INT16;
import static dev.save4j.tensor.ElementType.INT32;
import static dev.save4j.tensor.ElementType.INT64;
import static dev.save4j.tensor.ElementType.INT8;
import static dev.save4j.tensor.ElementType.UINT16;
import static dev.save4j.tensor.ElementType.UINT32;
import static dev.save4j.tensor.ElementType.UINT64;
import static dev.save4j.tensor.ElementType.UINT8;

import dev.save4j.engine.OperatorRule;
import dev.save4j.engine.OperatorTable;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The operators that ONNX Runtime runs on a CPU, each with every attribute of its specification, since the library itself honours or refuses them.
 * Left out are operators on sequences, strings and optional values, which a {@link dev.save4j.graph.Graph} cannot hold, and the random ones, whose
 * draws cannot be repeated.
 */
final class OnnxRuntimeOperators {
    private static final Set<ElementType> FLOATING = Set.of(FLOAT, DOUBLE, FLOAT16);
    private static final Set<ElementType> INTEGER = Set.of(INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64);
    private static final Set<ElementType> NUMERIC = union(FLOATING, INTEGER);
    private static final Set<ElementType> ANY = union(NUMERIC, Set.of(BOOL));
    private static final Set<ElementType> QUANTIZED = Set.of(FLOAT, INT8, UINT8, INT32);

    /** Operators whose kernels for a CPU do not take DOUBLE. */
    private static final Set<String> WITHOUT_DOUBLE = Set.of(("Acos Acosh Asin Asinh Atan Atanh AveragePool Celu Conv"
                    + " ConvTranspose Cosh Elu Erf GRU Gelu GlobalAveragePool GlobalMaxPool HardSigmoid HardSwish Hardmax"
                    + " InstanceNormalization LRN LSTM LeakyRelu Mean MeanVarianceNormalization Mish NonZero OneHot PRelu"
                    + " RNN RotaryEmbedding Selu Sinh Softplus Softsign Tan ThresholdedRelu")
            .split(" ", -1));

    private static final Set<String> MICROSOFT_WITH_DOUBLE = Set.of("FastGelu", "FusedMatMul");

    static final OperatorTable TABLE = new OperatorTable(rules());

    private OnnxRuntimeOperators() {}

    private static List<OperatorRule> rules() {
        List<OperatorRule> rules = new ArrayList<>();
        elementwise(rules);
        reductions(rules);
        shapes(rules);
        indexing(rules);
        products(rules);
        normalizations(rules);
        images(rules);
        control(rules);
        quantization(rules);
        microsoft(rules);
        return rules;
    }

    private static void elementwise(List<OperatorRule> rules) {
        add(rules, NUMERIC, "Abs Add Div Max Min Mul Neg Pow Sign Sub");
        add(rules, NUMERIC, "Mod", "fmod");
        add(rules, NUMERIC, "Clip Relu");
        add(rules, ANY, "Equal Greater GreaterOrEqual Less LessOrEqual Where");
        add(rules, Set.of(BOOL), "And Not Or Xor");
        add(rules, INTEGER, "BitwiseAnd BitwiseNot BitwiseOr BitwiseXor");
        add(rules, INTEGER, "BitShift", "direction");
        add(rules, FLOATING, "Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Erf Exp Floor HardSwish IsNaN Log Mean");
        add(rules, FLOATING, "Mish PRelu Reciprocal Round Sigmoid Sin Sinh Softplus Softsign Sqrt Sum Tan Tanh");
        add(rules, FLOATING, "Celu Elu LeakyRelu Swish ThresholdedRelu", "alpha");
        add(rules, FLOATING, "HardSigmoid", "alpha", "beta");
        add(rules, FLOATING, "Selu", "alpha", "gamma");
        add(rules, FLOATING, "Shrink", "bias", "lambd");
        add(rules, FLOATING, "Gelu", "approximate");
        add(rules, FLOATING, "IsInf", "detect_negative", "detect_positive");
        add(rules, FLOATING, "Dropout", "seed");
        add(rules, ANY, "Identity");
        add(rules, ANY, "Cast", "to", "saturate");
        add(rules, ANY, "CastLike", "saturate");
    }

    private static void reductions(List<OperatorRule> rules) {
        add(
                rules,
                NUMERIC,
                "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum "
                        + "ReduceSumSquare",
                "keepdims",
                "noop_with_empty_axes");
        add(rules, NUMERIC, "ArgMax ArgMin", "axis", "keepdims", "select_last_index");
        add(rules, NUMERIC, "CumSum", "exclusive", "reverse");
        add(rules, NUMERIC, "TopK", "axis", "largest", "sorted");
        add(rules, FLOATING, "Hardmax LogSoftmax Softmax", "axis");
        add(rules, ANY, "Unique", "axis", "sorted");
    }

    private static void shapes(List<OperatorRule> rules) {
        add(rules, ANY, "Expand Size Slice Squeeze Tile Unsqueeze");
        add(rules, ANY, "Concat Flatten", "axis");
        add(rules, ANY, "Reshape", "allowzero");
        add(rules, ANY, "Shape", "start", "end");
        add(rules, ANY, "Split", "axis", "num_outputs");
        add(rules, ANY, "Transpose", "perm");
        add(rules, ANY, "Trilu", "upper");
        add(rules, ANY, "Pad", "mode");
        add(rules, ANY, "ConstantOfShape", "value");
        add(rules, ANY, "Constant", "value", "value_float", "value_floats", "value_int", "value_ints");
        add(rules, NUMERIC, "Range");
        add(rules, NUMERIC, "EyeLike", "dtype", "k");
        add(rules, ANY, "ReverseSequence", "batch_axis", "time_axis");
        add(rules, FLOATING, "DepthToSpace", "blocksize", "mode");
        add(rules, FLOATING, "SpaceToDepth", "blocksize");
        add(rules, ANY, "CenterCropPad", "axes");
    }

    private static void indexing(List<OperatorRule> rules) {
        add(rules, ANY, "Gather GatherElements Compress OneHot", "axis");
        add(rules, ANY, "GatherND", "batch_dims");
        add(rules, ANY, "NonZero");
        add(rules, ANY, "ScatterElements", "axis", "reduction");
        add(rules, ANY, "ScatterND", "reduction");
        add(rules, ANY, "TensorScatter", "axis", "mode");
    }

    private static void products(List<OperatorRule> rules) {
        add(rules, NUMERIC, "MatMul");
        add(rules, NUMERIC, "Einsum", "equation");
        add(rules, FLOATING, "Gemm", "alpha", "beta", "transA", "transB");
        add(
                rules,
                FLOATING,
                "Attention",
                "is_causal",
                "kv_num_heads",
                "q_num_heads",
                "qk_matmul_output_mode",
                "scale",
                "softcap",
                "softmax_precision");
        add(rules, FLOATING, "RotaryEmbedding", "interleaved", "num_heads", "rotary_embedding_dim");
        add(
                rules,
                FLOATING,
                "GRU",
                "activation_alpha",
                "activation_beta",
                "activations",
                "clip",
                "direction",
                "hidden_size",
                "linear_before_reset");
        add(
                rules,
                FLOATING,
                "LSTM",
                "activation_alpha",
                "activation_beta",
                "activations",
                "clip",
                "direction",
                "hidden_size",
                "input_forget");
        add(
                rules,
                FLOATING,
                "RNN",
                "activation_alpha",
                "activation_beta",
                "activations",
                "clip",
                "direction",
                "hidden_size");
        add(rules, FLOATING, "NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss", "ignore_index", "reduction");
    }

    private static void normalizations(List<OperatorRule> rules) {
        add(rules, FLOATING, "LayerNormalization RMSNormalization", "axis", "epsilon", "stash_type");
        // ONNX Runtime's own, registered in the standard domain; RMSNormalization took its place in opset 23.
        add(rules, FLOATING, "SimplifiedLayerNormalization", "axis", "epsilon", "stash_type");
        add(rules, FLOATING, "GroupNormalization", "epsilon", "num_groups", "stash_type");
        add(rules, FLOATING, "InstanceNormalization", "epsilon");
        add(rules, FLOATING, "BatchNormalization", "epsilon", "momentum", "training_mode");
        add(rules, FLOATING, "LpNormalization", "axis", "p");
        add(rules, FLOATING, "MeanVarianceNormalization", "axes");
        add(rules, FLOATING, "LRN", "alpha", "beta", "bias", "size");
    }

    private static void images(List<OperatorRule> rules) {
        add(rules, FLOATING, "Conv", "auto_pad", "dilations", "group", "kernel_shape", "pads", "strides");
        add(
                rules,
                FLOATING,
                "ConvTranspose",
                "auto_pad",
                "dilations",
                "group",
                "kernel_shape",
                "output_padding",
                "output_shape",
                "pads",
                "strides");
        add(
                rules,
                FLOATING,
                "AveragePool",
                "auto_pad",
                "ceil_mode",
                "count_include_pad",
                "dilations",
                "kernel_shape",
                "pads",
                "strides");
        add(
                rules,
                FLOATING,
                "MaxPool",
                "auto_pad",
                "ceil_mode",
                "dilations",
                "kernel_shape",
                "pads",
                "storage_order",
                "strides");
        add(rules, FLOATING, "GlobalAveragePool GlobalMaxPool");
        add(
                rules,
                FLOATING,
                "Resize",
                "antialias",
                "axes",
                "coordinate_transformation_mode",
                "cubic_coeff_a",
                "exclude_outside",
                "extrapolation_value",
                "keep_aspect_ratio_policy",
                "mode",
                "nearest_mode");
        add(rules, FLOATING, "GridSample", "align_corners", "mode", "padding_mode");
    }

    private static void control(List<OperatorRule> rules) {
        add(rules, ANY, "If", "then_branch", "else_branch");
        add(rules, ANY, "Loop", "body");
        add(
                rules,
                ANY,
                "Scan",
                "body",
                "num_scan_inputs",
                "scan_input_axes",
                "scan_input_directions",
                "scan_output_axes",
                "scan_output_directions");
        rules.add(new OperatorRule(Node.SAVE4J, "StopGradient", Set.of(), ANY, false));
    }

    private static void quantization(List<OperatorRule> rules) {
        add(rules, QUANTIZED, "QuantizeLinear", "axis", "block_size", "output_dtype", "precision", "saturate");
        add(rules, QUANTIZED, "DequantizeLinear", "axis", "block_size", "output_dtype");
        add(rules, QUANTIZED, "DynamicQuantizeLinear MatMulInteger QLinearMatMul");
        add(
                rules,
                QUANTIZED,
                "ConvInteger QLinearConv",
                "auto_pad",
                "dilations",
                "group",
                "kernel_shape",
                "pads",
                "strides");
        addMicrosoft(rules, QUANTIZED, "DynamicQuantizeMatMul MatMulIntegerToFloat");
        addMicrosoft(rules, QUANTIZED, "MatMulNBits", "K", "N", "accuracy_level", "bits", "block_size");
    }

    private static void microsoft(List<OperatorRule> rules) {
        addMicrosoft(rules, FLOATING, "FusedMatMul", "alpha", "transA", "transB", "transBatchA", "transBatchB");
        addMicrosoft(
                rules,
                FLOATING,
                "GroupQueryAttention",
                "do_rotary",
                "k_quant_type",
                "kv_cache_bit_width",
                "kv_num_heads",
                "local_window_size",
                "num_heads",
                "qk_output",
                "rotary_interleaved",
                "scale",
                "smooth_softmax",
                "softcap",
                "v_quant_type");
        addMicrosoft(
                rules, FLOATING, "MultiHeadAttention", "mask_filter_value", "num_heads", "scale", "unidirectional");
        addMicrosoft(
                rules,
                FLOATING,
                "Attention",
                "do_rotary",
                "mask_filter_value",
                "num_heads",
                "past_present_share_buffer",
                "qkv_hidden_sizes",
                "rotary_embedding_dim",
                "scale",
                "unidirectional");
        addMicrosoft(
                rules,
                FLOATING,
                "RotaryEmbedding",
                "interleaved",
                "is_packed_batching",
                "num_heads",
                "rotary_embedding_dim",
                "scale");
        addMicrosoft(rules, FLOATING, "SkipLayerNormalization SkipSimplifiedLayerNormalization", "epsilon");
        addMicrosoft(rules, FLOATING, "EmbedLayerNormalization", "epsilon", "mask_index_type");
        addMicrosoft(rules, FLOATING, "BiasGelu FastGelu Gelu");
        addMicrosoft(rules, FLOATING, "QuickGelu", "alpha");
    }

    private static void add(
            List<OperatorRule> rules, Set<ElementType> elements, String operators, String... attributes) {
        for (String operator : operators.split(" ", -1)) {
            Set<ElementType> taken = WITHOUT_DOUBLE.contains(operator) ? without(elements, DOUBLE) : elements;
            rules.add(new OperatorRule("", operator, Set.of(attributes), taken, false));
        }
    }

    private static void addMicrosoft(
            List<OperatorRule> rules, Set<ElementType> elements, String operators, String... attributes) {
        for (String operator : operators.split(" ", -1)) {
            Set<ElementType> taken = MICROSOFT_WITH_DOUBLE.contains(operator) ? elements : without(elements, DOUBLE);
            rules.add(new OperatorRule(Node.MICROSOFT, operator, Set.of(attributes), taken, false));
        }
    }

    private static Set<ElementType> without(Set<ElementType> elements, ElementType unwanted) {
        return elements.stream().filter(element -> element != unwanted).collect(Collectors.toUnmodifiableSet());
    }

    private static Set<ElementType> union(Set<ElementType> some, Set<ElementType> others) {
        List<ElementType> all = new ArrayList<>(some);
        all.addAll(others);
        return Set.copyOf(all);
    }
}
