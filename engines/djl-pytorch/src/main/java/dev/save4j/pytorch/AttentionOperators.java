package dev.save4j.pytorch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
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

    private static List<TorchValue> attention(Arguments in) {
        Node node = in.node();
        boolean flat = in.rank(0) == 3;
        NDArray query = heads(in, 0, "q_num_heads");
        NDArray key = past(in, 4, heads(in, 1, "kv_num_heads"));
        NDArray value = past(in, 5, heads(in, 2, "kv_num_heads"));
        long past = in.has(4) ? in.shape(4)[2] : 0;
        long groups = query.getShape().get(1) / key.getShape().get(1);
        float scale = node.real("scale", 0);
        double factor = scale == 0 ? 1 / Math.sqrt((double) query.getShape().get(3)) : scale;
        NDArray product = query.mul(in.scalar(factor)).matMul(MatrixOperators.transposed(repeated(key, groups)));
        float cap = node.real("softcap", 0);
        NDArray capped = cap == 0 ? product : product.div(in.scalar(cap)).tanh().mul(in.scalar(cap));
        NDArray masked = causal(in, padded(in, masked(in, capped)), past);
        NDArray weights = masked.softmax(3);
        NDArray mixed = weights.matMul(repeated(value, groups));
        NDArray result = flat ? joined(mixed) : mixed;
        List<TorchValue> results = new ArrayList<>(List.of(new TorchValue.OnDevice(result)));
        NDArray scores = switch ((int) node.integer("qk_matmul_output_mode", 0)) {
            case 0 -> product;
            case 1 -> capped;
            case 2 -> masked;
            case 3 -> weights;
            default ->
                throw in.unsupported(
                        "qk_matmul_output_mode is " + node.integer("qk_matmul_output_mode", 0) + ", expected 0 to 3");
        };
        for (NDArray array : new NDArray[] {key, value, scores}) {
            results.add(new TorchValue.OnDevice(ElementwiseOperators.same(array)));
        }
        return results.subList(0, node.outputs().size());
    }

    /** {@code [batch, heads, sequence, size]}, also of an operand {@code [batch, sequence, heads · size]}. */
    private static NDArray heads(Arguments in, int index, String attribute) {
        NDArray array = in.array(index);
        if (in.rank(index) == 4) {
            return array;
        }
        long[] shape = in.shape(index);
        long heads = in.node().integer(attribute, 0);
        if (shape.length != 3 || heads <= 0 || shape[2] % heads != 0) {
            throw in.unsupported("operand " + index + " cannot be split into " + heads + " heads (" + attribute + ")");
        }
        return array.reshape(new Shape(shape[0], shape[1], heads, shape[2] / heads))
                .transpose(0, 2, 1, 3);
    }

    private static NDArray joined(NDArray heads) {
        Shape shape = heads.getShape();
        return heads.transpose(0, 2, 1, 3).reshape(new Shape(shape.get(0), shape.get(2), shape.get(1) * shape.get(3)));
    }

    private static NDArray past(Arguments in, int index, NDArray present) {
        return in.has(index) ? NDArrays.concat(new NDList(in.array(index), present), 2) : present;
    }

    /** Each head {@code groups} times in a row. */
    private static NDArray repeated(NDArray array, long groups) {
        if (groups == 1) {
            return array;
        }
        Shape shape = array.getShape();
        return array.expandDims(2)
                .broadcast(new Shape(shape.get(0), shape.get(1), groups, shape.get(2), shape.get(3)))
                .reshape(new Shape(shape.get(0), shape.get(1) * groups, shape.get(2), shape.get(3)));
    }

    /** Adds a mask of numbers, or keeps what a boolean mask allows; what lies beyond the mask is hidden. */
    private static NDArray masked(Arguments in, NDArray scores) {
        if (!in.has(3)) {
            return scores;
        }
        long missing = scores.getShape().get(3) - in.shape(3)[in.rank(3) - 1];
        NDArray visible = scores;
        NDArray hidden = null;
        if (missing > 0) {
            visible = TorchNative.slice(scores, 3, 0, scores.getShape().get(3) - missing, 1);
            long[] shape = scores.getShape().getShape().clone();
            shape[3] = missing;
            hidden = in.memory().full(Double.NEGATIVE_INFINITY, shape);
        }
        NDArray result = in.isFloating(3)
                ? visible.add(in.array(3))
                : TorchNative.where(in.array(3), visible, in.scalar(Double.NEGATIVE_INFINITY));
        return hidden == null ? result : NDArrays.concat(new NDList(result, hidden), 3);
    }

    /** Hides the keys of each row of the batch from its {@code nonpad_kv_seqlen} on. */
    private static NDArray padded(Arguments in, NDArray scores) {
        if (!in.has(6)) {
            return scores;
        }
        long[] lengths = in.longs(6);
        int keys = (int) scores.getShape().get(3);
        long[] seen = new long[lengths.length * keys];
        for (int i = 0; i < seen.length; i++) {
            seen[i] = i % keys < lengths[i / keys] ? 1 : 0;
        }
        return kept(in, scores, new HostTensor(ElementType.BOOL, seen, new long[] {lengths.length, 1, 1, keys}));
    }

    private static NDArray kept(Arguments in, NDArray scores, HostTensor seen) {
        try (NDArray mask = in.memory().upload(seen)) {
            return TorchNative.where(mask, scores, in.scalar(Double.NEGATIVE_INFINITY));
        }
    }

    private static NDArray causal(Arguments in, NDArray scores, long past) {
        if (!in.flag("is_causal", false)) {
            return scores;
        }
        int rows = (int) scores.getShape().get(2);
        int columns = (int) scores.getShape().get(3);
        long[] seen = new long[rows * columns];
        for (int i = 0; i < seen.length; i++) {
            seen[i] = i % columns <= i / columns + past ? 1 : 0;
        }
        return kept(in, scores, new HostTensor(ElementType.BOOL, seen, new long[] {rows, columns}));
    }

    private static NDArray rotary(Arguments in) {
        boolean flat = in.rank(0) == 3;
        // [batch, heads, sequence, size]
        NDArray x = heads(in, 0, "num_heads");
        long size = x.getShape().get(3);
        long given = in.node().integer("rotary_embedding_dim", 0);
        long turning = given == 0 ? size : given;
        NDArray cos = angles(in, 1);
        NDArray sin = angles(in, 2);
        boolean interleaved = in.flag("interleaved", false);
        long half = turning / 2;
        NDArray first = interleaved ? TorchNative.slice(x, 3, 0, turning, 2) : TorchNative.slice(x, 3, 0, half, 1);
        NDArray second =
                interleaved ? TorchNative.slice(x, 3, 1, turning, 2) : TorchNative.slice(x, 3, half, turning, 1);
        NDArray real = first.mul(cos).sub(second.mul(sin));
        NDArray imaginary = first.mul(sin).add(second.mul(cos));
        NDArray turned;
        if (interleaved) {
            long[] shape = x.getShape().getShape().clone();
            shape[3] = turning;
            turned = NDArrays.concat(new NDList(real.expandDims(4), imaginary.expandDims(4)), 4)
                    .reshape(new Shape(shape));
        } else {
            turned = NDArrays.concat(new NDList(real, imaginary), 3);
        }
        NDArray result = turning == size
                ? turned
                : NDArrays.concat(new NDList(turned, TorchNative.slice(x, 3, turning, size, 1)), 3);
        return flat ? joined(result) : result;
    }

    /** {@code [batch, 1, sequence, half]}, looked up by position ids when there are any. */
    private static NDArray angles(Arguments in, int index) {
        NDArray cache = in.array(index);
        if (!in.has(3)) {
            return cache.expandDims(1);
        }
        try (NDArray positions = in.memory().upload(in.tensor(3))) {
            return TorchNative.rows(cache, positions).expandDims(1);
        }
    }
}
