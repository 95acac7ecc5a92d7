package dev.save4j.onnxruntime;

import static dev.save4j.tensor.ElementType.BFLOAT16;
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
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The operators that ONNX Runtime runs on a CPU, each with every attribute of its specification, since the library itself honours or refuses them, and
 * with the element types for which it has code.
 * Left out are operators on sequences, strings and optional values, which a {@link dev.save4j.graph.Graph} cannot hold, and the random ones, whose
 * draws cannot be repeated.
 */
final class OnnxRuntimeOperators {
    private static final Set<ElementType> FLOATING = Set.of(FLOAT, DOUBLE, FLOAT16);
    private static final Set<ElementType> INTEGER = Set.of(INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64);
    private static final Set<ElementType> NUMERIC = union(FLOATING, INTEGER);
    private static final Set<ElementType> ANY = union(NUMERIC, Set.of(BOOL));
    /** What is only moved about may also be BFLOAT16, with which the library does not compute. */
    private static final Set<ElementType> ALL = union(ANY, Set.of(BFLOAT16));

    private static final Set<ElementType> BYTES = Set.of(INT8, UINT8);
    private static final Set<ElementType> COMMON = union(FLOATING, Set.of(INT32, INT64));
    private static final Set<ElementType> QUANTIZED = union(BYTES, Set.of(FLOAT, FLOAT16));

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
        add(rules, NUMERIC, "Abs Add Clip Div Greater GreaterOrEqual Less LessOrEqual Mul Sign Sub");
        add(rules, NUMERIC, "Mod", "fmod");
        add(rules, without(NUMERIC, INT16, UINT16), "Max Min");
        add(rules, union(FLOATING, Set.of(INT8, INT16, INT32, INT64)), "Neg");
        add(rules, COMMON, "Pow");
        add(rules, union(FLOATING, Set.of(INT8, INT32)), "Relu");
        add(rules, ANY, "Equal");
        add(rules, union(COMMON, Set.of(UINT8, BOOL)), "Where");
        add(rules, Set.of(BOOL), "And Not Or Xor");
        add(rules, INTEGER, "BitwiseAnd BitwiseNot BitwiseOr BitwiseXor");
        add(rules, Set.of(UINT8, UINT32, UINT64), "BitShift", "direction");
        add(rules, FLOATING, "Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Erf Exp Floor HardSwish IsNaN Log Mean");
        add(rules, FLOATING, "Mish PRelu Reciprocal Round Sigmoid Sin Sinh Softplus Softsign Sqrt Sum Tan Tanh");
        add(rules, FLOATING, "Elu LeakyRelu Swish ThresholdedRelu", "alpha");
        add(rules, Set.of(FLOAT), "Celu", "alpha");
        add(rules, FLOATING, "HardSigmoid", "alpha", "beta");
        add(rules, FLOATING, "Selu", "alpha", "gamma");
        add(rules, NUMERIC, "Shrink", "bias", "lambd");
        add(rules, FLOATING, "Gelu", "approximate");
        add(rules, FLOATING, "IsInf", "detect_negative", "detect_positive");
        add(rules, union(FLOATING, Set.of(BOOL)), "Dropout", "seed");
        add(rules, ALL, "Identity");
        add(rules, ALL, "Cast", "to", "saturate");
        add(rules, ALL, "CastLike", "saturate");
    }

    private static void reductions(List<OperatorRule> rules) {
        add(
                rules,
                COMMON,
                "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMean ReduceProd ReduceSum ReduceSumSquare",
                "keepdims",
                "noop_with_empty_axes");
        Set<ElementType> compared = union(COMMON, BYTES);
        add(rules, union(compared, Set.of(BOOL)), "ReduceMax ReduceMin", "keepdims", "noop_with_empty_axes");
        add(rules, compared, "ArgMax ArgMin", "axis", "keepdims", "select_last_index");
        add(rules, COMMON, "CumSum", "exclusive", "reverse");
        add(rules, union(compared, Set.of(INT16)), "TopK", "axis", "largest", "sorted");
        add(rules, FLOATING, "Hardmax LogSoftmax Softmax", "axis");
        add(rules, union(FLOATING, Set.of(INT8, INT64)), "Unique", "axis", "sorted");
    }

    private static void shapes(List<OperatorRule> rules) {
        add(rules, ANY, "Expand Size Tile");
        add(rules, ALL, "Slice Squeeze Unsqueeze");
        add(rules, ALL, "Concat Flatten", "axis");
        add(rules, ALL, "Reshape", "allowzero");
        add(rules, ALL, "Shape", "start", "end");
        add(rules, ALL, "Split", "axis", "num_outputs");
        add(rules, ALL, "Transpose", "perm");
        add(rules, union(COMMON, Set.of(BOOL)), "Trilu", "upper");
        add(rules, without(ANY, INT16, UINT16), "Pad", "mode");
        add(rules, without(ANY, INT16, UINT16), "CenterCropPad", "axes");
        add(rules, Set.of(INT64), "ConstantOfShape", "value");
        add(rules, ALL, "Constant", "value", "value_float", "value_floats", "value_int", "value_ints");
        add(rules, Set.of(FLOAT, DOUBLE, INT16, INT32, INT64), "Range");
        add(rules, union(COMMON, Set.of(UINT64)), "EyeLike", "dtype", "k");
        add(rules, ANY, "ReverseSequence", "batch_axis", "time_axis");
        add(rules, union(FLOATING, BYTES), "DepthToSpace", "blocksize", "mode");
        add(rules, union(FLOATING, BYTES), "SpaceToDepth", "blocksize");
    }

    private static void indexing(List<OperatorRule> rules) {
        add(rules, ALL, "Gather GatherElements", "axis");
        add(rules, ANY, "Compress", "axis");
        add(rules, COMMON, "OneHot", "axis");
        add(rules, ALL, "GatherND", "batch_dims");
        add(rules, union(COMMON, Set.of(UINT8, BOOL)), "NonZero");
        add(rules, ALL, "ScatterElements", "axis", "reduction");
        add(rules, ALL, "ScatterND", "reduction");
        add(rules, ALL, "TensorScatter", "axis", "mode");
    }

    private static void products(List<OperatorRule> rules) {
        add(rules, union(COMMON, Set.of(UINT32, UINT64)), "MatMul");
        add(rules, COMMON, "Einsum", "equation");
        add(rules, FLOATING, "Gemm", "alpha", "beta", "transA", "transB");
        add(
                rules,
                union(FLOATING, Set.of(BOOL, INT64)),
                "Attention",
                "is_causal",
                "kv_num_heads",
                "q_num_heads",
                "qk_matmul_output_mode",
                "scale",
                "softcap",
                "softmax_precision");
        add(
                rules,
                union(FLOATING, Set.of(INT64)),
                "RotaryEmbedding",
                "interleaved",
                "num_heads",
                "rotary_embedding_dim");
        add(
                rules,
                union(FLOATING, Set.of(INT32)),
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
                union(FLOATING, Set.of(INT32)),
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
                union(FLOATING, Set.of(INT32)),
                "RNN",
                "activation_alpha",
                "activation_beta",
                "activations",
                "clip",
                "direction",
                "hidden_size");
        add(rules, COMMON, "NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss", "ignore_index", "reduction");
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
                union(FLOATING, BYTES),
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
                Set.of(FLOAT, FLOAT16, INT8, UINT8, INT32, INT64),
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
        add(rules, Set.of(BOOL), "If", "then_branch", "else_branch");
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
        rules.add(new OperatorRule(Node.SAVE4J, "StopGradient", Set.of(), ALL, false));
    }

    private static void quantization(List<OperatorRule> rules) {
        Set<ElementType> scaled = union(QUANTIZED, Set.of(INT16, UINT16));
        add(rules, scaled, "QuantizeLinear", "axis", "block_size", "output_dtype", "precision", "saturate");
        add(rules, union(scaled, Set.of(INT32)), "DequantizeLinear", "axis", "block_size", "output_dtype");
        add(rules, Set.of(FLOAT), "DynamicQuantizeLinear");
        add(rules, BYTES, "MatMulInteger");
        add(rules, QUANTIZED, "QLinearMatMul");
        String[] windows = {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"};
        add(rules, BYTES, "ConvInteger", windows);
        add(rules, union(BYTES, Set.of(FLOAT, INT32)), "QLinearConv", windows);
        addMicrosoft(rules, union(BYTES, Set.of(FLOAT)), "DynamicQuantizeMatMul MatMulIntegerToFloat");

        addMicrosoft(
                rules, Set.of(FLOAT, FLOAT16, UINT8), "MatMulNBits", "K", "N", "accuracy_level", "bits", "block_size");
    }

    private static void microsoft(List<OperatorRule> rules) {
        // Lengths and masks are INT32.
        Set<ElementType> masked = union(FLOATING, Set.of(INT32));
        addMicrosoft(rules, FLOATING, "FusedMatMul", "alpha", "transA", "transB", "transBatchA", "transBatchB");
        addMicrosoft(
                rules,
                masked,
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
        addMicrosoft(rules, masked, "MultiHeadAttention", "mask_filter_value", "num_heads", "scale", "unidirectional");
        addMicrosoft(
                rules,
                masked,
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
                union(FLOATING, Set.of(INT64)),
                "RotaryEmbedding",
                "interleaved",
                "is_packed_batching",
                "num_heads",
                "rotary_embedding_dim",
                "scale");
        addMicrosoft(rules, FLOATING, "SkipLayerNormalization SkipSimplifiedLayerNormalization", "epsilon");
        addMicrosoft(rules, Set.of(FLOAT, INT32), "EmbedLayerNormalization", "epsilon", "mask_index_type");
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

    private static Set<ElementType> without(Set<ElementType> elements, ElementType... unwanted) {
        return elements.stream()
                .filter(element -> !List.of(unwanted).contains(element))
                .collect(Collectors.toUnmodifiableSet());
    }

    private static Set<ElementType> union(Set<ElementType> some, Set<ElementType> others) {
        Set<ElementType> all = EnumSet.copyOf(some);
        all.addAll(others);
        return Set.copyOf(all);
    }
}
