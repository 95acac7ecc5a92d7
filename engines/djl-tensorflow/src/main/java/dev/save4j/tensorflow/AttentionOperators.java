package dev.save4j.tensorflow;

import ai.djl.ndarray.types.DataType;
import dev.save4j.engine.OperandTypes;
import dev.save4j.graph.HostTensor;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Attention and rotary positions, composed of products, softmax and slices as the ONNX specification defines them. */
final class AttentionOperators {
    private AttentionOperators() {}

    static List<Operator> all() {
        return List.of(
                Operator.many(
                                "",
                                "Attention",
                                3,
                                7,
                                OperandTypes.of("Attention"),
                                Set.of(
                                        "is_causal",
                                        "kv_num_heads",
                                        "q_num_heads",
                                        "qk_matmul_output_mode",
                                        "scale",
                                        "softcap",
                                        "softmax_precision"),
                                AttentionOperators::attention)
                        .unless(node -> node.hasInput(6) && node.integer("is_causal", 0) == 1
                                ? "nonpad_kv_seqlen together with is_causal is not supported"
                                : ""),
                Operator.of(
                        "RotaryEmbedding",
                        3,
                        4,
                        OperandTypes.of("RotaryEmbedding"),
                        Set.of("interleaved", "num_heads", "rotary_embedding_dim"),
                        AttentionOperators::rotary));
    }

    private static List<TracedValue> attention(Arguments in) {
        Node node = in.node();
        TensorOps ops = in.ops();
        boolean flat = in.rank(0) == 3;
        Symbol query = heads(in, 0, "q_num_heads");
        Symbol key = past(in, 4, heads(in, 1, "kv_num_heads"));
        Symbol value = past(in, 5, heads(in, 2, "kv_num_heads"));
        long past = in.has(4) ? in.shape(4)[2] : 0;
        long groups = query.size(1) / key.size(1);
        float scale = node.real("scale", 0);
        double factor = scale == 0 ? 1 / Math.sqrt((double) query.size(3)) : scale;
        Symbol product = ops.matmul(ops.mul(query, factor), repeated(ops, key, groups), false, true);
        float cap = node.real("softcap", 0);
        Symbol capped = cap == 0 ? product : ops.mul(ops.tanh(ops.div(product, in.scalar(cap))), cap);
        Symbol masked = causal(in, padded(in, masked(in, capped)), past);
        Symbol weights = ops.softmax(masked, 3);
        Symbol mixed = ops.matmul(weights, repeated(ops, value, groups), false, false);
        Symbol scores = switch ((int) node.integer("qk_matmul_output_mode", 0)) {
            case 0 -> product;
            case 1 -> capped;
            case 2 -> masked;
            case 3 -> weights;
            default ->
                throw in.unsupported(
                        "qk_matmul_output_mode is " + node.integer("qk_matmul_output_mode", 0) + ", expected 0 to 3");
        };
        List<TracedValue> results = new ArrayList<>();
        for (Symbol symbol : new Symbol[] {flat ? joined(ops, mixed) : mixed, key, value, scores}) {
            results.add(new TracedValue.OnDevice(symbol));
        }
        return results.subList(0, node.outputs().size());
    }

    /** {@code [batch, heads, sequence, size]}, also of an operand {@code [batch, sequence, heads · size]}. */
    private static Symbol heads(Arguments in, int index, String attribute) {
        Symbol symbol = in.symbol(index);
        if (in.rank(index) == 4) {
            return symbol;
        }
        long[] shape = in.shape(index);
        long heads = in.node().integer(attribute, 0);
        if (shape.length != 3 || heads <= 0 || shape[2] % heads != 0) {
            throw in.unsupported("operand " + index + " cannot be split into " + heads + " heads (" + attribute + ")");
        }
        return in.ops().transpose(in.ops().reshape(symbol, shape[0], shape[1], heads, shape[2] / heads), 0, 2, 1, 3);
    }

    private static Symbol joined(TensorOps ops, Symbol heads) {
        return ops.reshape(
                ops.transpose(heads, 0, 2, 1, 3), heads.size(0), heads.size(2), heads.size(1) * heads.size(3));
    }

    private static Symbol past(Arguments in, int index, Symbol present) {
        return in.has(index) ? in.ops().concat(List.of(in.symbol(index), present), 2) : present;
    }

    /** Each head {@code groups} times in a row. */
    private static Symbol repeated(TensorOps ops, Symbol x, long groups) {
        if (groups == 1) {
            return x;
        }
        Symbol grouped = ops.broadcast(ops.expandDims(x, 2), x.size(0), x.size(1), groups, x.size(2), x.size(3));
        return ops.reshape(grouped, x.size(0), x.size(1) * groups, x.size(2), x.size(3));
    }

    /** Adds a mask of numbers, or keeps what a boolean mask allows; what lies beyond the mask is hidden. */
    private static Symbol masked(Arguments in, Symbol scores) {
        if (!in.has(3)) {
            return scores;
        }
        TensorOps ops = in.ops();
        long keys = scores.size(3);
        long seen = Math.min(keys, in.shape(3)[in.rank(3) - 1]);
        Symbol visible = ops.slice(scores, 3, 0, seen);
        Symbol result = in.isFloating(3)
                ? ops.add(visible, in.symbol(3))
                : ops.where(in.symbol(3), visible, in.scalar(Double.NEGATIVE_INFINITY));
        if (seen == keys) {
            return result;
        }
        Symbol hidden =
                ops.filled(Double.NEGATIVE_INFINITY, scores.size(0), scores.size(1), scores.size(2), keys - seen);
        return ops.concat(List.of(result, hidden), 3);
    }

    /** Hides the keys of each row of the batch from its {@code nonpad_kv_seqlen} on. */
    private static Symbol padded(Arguments in, Symbol scores) {
        if (!in.has(6)) {
            return scores;
        }
        int keys = (int) scores.size(3);
        Symbol seen = in.computed(
                DataType.BOOLEAN,
                given -> {
                    long[] lengths = given.tensor(6).values();
                    long[] kept = new long[lengths.length * keys];
                    for (int i = 0; i < kept.length; i++) {
                        kept[i] = i % keys < lengths[i / keys] ? 1 : 0;
                    }
                    return new HostTensor(ElementType.BOOL, kept, new long[] {lengths.length, 1, 1, keys});
                },
                6);
        return in.ops().where(seen, scores, in.scalar(Double.NEGATIVE_INFINITY));
    }

    private static Symbol causal(Arguments in, Symbol scores, long past) {
        if (!in.flag("is_causal", false)) {
            return scores;
        }
        int rows = (int) scores.size(2);
        int columns = (int) scores.size(3);
        long[] seen = new long[rows * columns];
        for (int i = 0; i < seen.length; i++) {
            seen[i] = i % columns <= i / columns + past ? 1 : 0;
        }
        HostTensor mask = new HostTensor(ElementType.BOOL, seen, new long[] {rows, columns});
        return in.ops().where(in.ops().constant(mask, DataType.BOOLEAN), scores, in.scalar(Double.NEGATIVE_INFINITY));
    }

    private static Symbol rotary(Arguments in) {
        TensorOps ops = in.ops();
        boolean flat = in.rank(0) == 3;
        // [batch, heads, sequence, size]
        Symbol x = heads(in, 0, "num_heads");
        long size = x.size(3);
        long given = in.node().integer("rotary_embedding_dim", 0);
        long turning = given == 0 ? size : given;
        Symbol cos = angles(in, 1);
        Symbol sin = angles(in, 2);
        boolean interleaved = in.flag("interleaved", false);
        long half = turning / 2;
        Symbol first = interleaved ? ops.slice(x, 3, 0, half, 2) : ops.slice(x, 3, 0, half);
        Symbol second = interleaved ? ops.slice(x, 3, 1, half, 2) : ops.slice(x, 3, half, half);
        Symbol real = ops.sub(ops.mul(first, cos), ops.mul(second, sin));
        Symbol imaginary = ops.add(ops.mul(first, sin), ops.mul(second, cos));
        Symbol turned;
        if (interleaved) {
            Symbol pairs = ops.concat(List.of(ops.expandDims(real, 4), ops.expandDims(imaginary, 4)), 4);
            turned = ops.reshape(pairs, x.size(0), x.size(1), x.size(2), turning);
        } else {
            turned = ops.concat(List.of(real, imaginary), 3);
        }
        Symbol result =
                turning == size ? turned : ops.concat(List.of(turned, ops.slice(x, 3, turning, size - turning)), 3);
        return flat ? joined(ops, result) : result;
    }

    /** {@code [batch, 1, sequence, half]}, looked up by position ids when there are any. */
    private static Symbol angles(Arguments in, int index) {
        Symbol cache = in.symbol(index);
        if (!in.has(3)) {
            return in.ops().expandDims(cache, 1);
        }
        long rows = cache.size(0);
        Symbol positions =
                in.computed(DataType.INT32, given -> IndexOperators.positive(in.node(), given.tensor(3), rows), 3);
        return in.ops().expandDims(in.ops().gather(cache, positions, 0), 1);
    }
}
