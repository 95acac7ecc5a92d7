package dev.save4j.graph;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The values that attributes have when a node lacks them, by the operator specifications of set {@link Graph#OPSET}. A node that states a default
 * means the same as one that does not, and is easier to support without it.
 */
final class AttributeDefaults {
    private static final Map<String, Map<String, Attribute>> DEFAULTS = table();

    private AttributeDefaults() {}

    /** The attributes that differ from their default. */
    static Map<String, Attribute> drop(Node node) {
        Map<String, Attribute> defaults = DEFAULTS.getOrDefault(node.qualifiedOperator(), Map.of());
        Map<String, Attribute> others = new LinkedHashMap<>(node.attributes());
        others.entrySet().removeIf(attribute -> attribute.getValue().equals(defaults.get(attribute.getKey())));
        return others;
    }

    private static Map<String, Map<String, Attribute>> table() {
        Map<String, Map<String, Attribute>> table = new HashMap<>();
        for (String operator : new String[] {"ArgMax", "ArgMin"}) {
            put(table, operator, "axis", 0L, "keepdims", 1L, "select_last_index", 0L);
        }
        for (String operator : OpsetUpgrade.REDUCTIONS) {
            put(table, operator, "keepdims", 1L, "noop_with_empty_axes", 0L);
        }
        for (String operator : new String[] {"Softmax", "LogSoftmax", "Hardmax"}) {
            put(table, operator, "axis", -1L);
        }
        for (String operator : new String[] {"Conv", "ConvTranspose"}) {
            put(table, operator, "auto_pad", "NOTSET", "group", 1L);
        }
        for (String operator : new String[] {"LayerNormalization", "RMSNormalization"}) {
            put(table, operator, "axis", -1L, "epsilon", 1e-5f, "stash_type", 1L);
        }
        for (String operator : new String[] {"Gather", "GatherElements", "Split"}) {
            put(table, operator, "axis", 0L);
        }
        put(table, "Attention", "is_causal", 0L, "qk_matmul_output_mode", 0L, "softcap", 0f);
        put(table, "AveragePool", "auto_pad", "NOTSET", "ceil_mode", 0L, "count_include_pad", 0L);
        put(table, "BatchNormalization", "epsilon", 1e-5f, "momentum", 0.9f, "training_mode", 0L);
        put(table, "Cast", "saturate", 1L, "round_mode", "up");
        put(table, "CastLike", "saturate", 1L, "round_mode", "up");
        put(table, "CumSum", "exclusive", 0L, "reverse", 0L);
        put(table, "Elu", "alpha", 1f);
        put(table, "Flatten", "axis", 1L);
        put(table, "GatherND", "batch_dims", 0L);
        put(table, "Gelu", "approximate", "none");
        put(table, "Gemm", "alpha", 1f, "beta", 1f, "transA", 0L, "transB", 0L);
        put(table, "HardSigmoid", "alpha", 0.2f, "beta", 0.5f);
        put(table, "InstanceNormalization", "epsilon", 1e-5f);
        put(table, "LeakyRelu", "alpha", 0.01f);
        put(table, "MaxPool", "auto_pad", "NOTSET", "ceil_mode", 0L, "storage_order", 0L);
        put(table, "Mod", "fmod", 0L);
        put(table, "OneHot", "axis", -1L);
        put(table, "Pad", "mode", "constant");
        put(table, "Reshape", "allowzero", 0L);
        put(table, "RotaryEmbedding", "interleaved", 0L, "num_heads", 0L, "rotary_embedding_dim", 0L);
        put(table, "ScatterElements", "axis", 0L, "reduction", "none");
        put(table, "ScatterND", "reduction", "none");
        put(table, "Shape", "start", 0L);
        put(table, "TopK", "axis", -1L, "largest", 1L, "sorted", 1L);
        put(table, "Trilu", "upper", 1L);
        put(
                table,
                Node.MICROSOFT + "::FusedMatMul",
                "alpha",
                1f,
                "transA",
                0L,
                "transB",
                0L,
                "transBatchA",
                0L,
                "transBatchB",
                0L);
        return table;
    }

    private static void put(Map<String, Map<String, Attribute>> table, String operator, Object... namesAndValues) {
        Map<String, Attribute> defaults = new HashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            Object value = namesAndValues[i + 1];
            defaults.put(
                    (String) namesAndValues[i],
                    value instanceof Long integer
                            ? Attribute.of(integer)
                            : value instanceof Float real ? Attribute.of(real) : Attribute.of((String) value));
        }
        table.put(operator, defaults);
    }
}
