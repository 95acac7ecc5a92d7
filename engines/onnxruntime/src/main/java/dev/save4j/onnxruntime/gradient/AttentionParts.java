package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Node;
import dev.save4j.onnxruntime.gradient.Decomposition.Parts;
import dev.save4j.tensor.ElementType;
import java.util.List;
import java.util.Map;

/** Attention and rotary positions as products, softmax and slices, as the ONNX specification defines them. */
final class AttentionParts {
    private AttentionParts() {}

    /** Softmax(scale Q Kᵀ + mask) V over heads; what is hidden gets the lowest number, as in ONNX Runtime. */
    static List<Term> attention(Parts parts) {
        Node node = parts.node();
        boolean flat = parts.rank(0) == 3;
        long queryHeads = headCount(parts, 0, "q_num_heads");
        long keyHeads = headCount(parts, 1, "kv_num_heads");
        long headSize = flat ? parts.size(0, 2) / queryHeads : parts.size(0, 3);
        Term query = heads(parts, 0, queryHeads);
        Term key = past(parts, 4, heads(parts, 1, keyHeads));
        Term value = past(parts, 5, heads(parts, 2, keyHeads));
        if (queryHeads % keyHeads != 0) {
            throw parts.unsupported(queryHeads + " query heads cannot share " + keyHeads + " keys");
        }
        float scale = node.real("scale", 0);
        float factor = scale == 0 ? (float) (1 / Math.sqrt((double) headSize)) : scale;
        Term product = query.product(false, repeated(key, keyHeads, queryHeads), true, factor);
        float cap = node.real("softcap", 0);
        Term capped =
                cap == 0 ? product : product.div(product.constant(cap)).tanh().mul(cap);
        Term masked = causal(parts, padded(parts, masked(parts, capped)));
        Term weights = parts.emitter().op("Softmax", masked.element(), Map.of("axis", Attribute.of(-1)), masked);
        Term mixed = weights.product(false, repeated(value, keyHeads, queryHeads), false, 1);
        Term result = flat ? mixed.transpose(0, 2, 1, 3).reshape(0, 0, -1) : mixed;
        Term scores = switch ((int) node.integer("qk_matmul_output_mode", 0)) {
            case 0 -> product;
            case 1 -> capped;
            case 2 -> masked;
            case 3 -> weights;
            default ->
                throw parts.unsupported(
                        "qk_matmul_output_mode is " + node.integer("qk_matmul_output_mode", 0) + ", expected 0 to 3");
        };
        return List.of(result, key, value, scores);
    }

    private static long headCount(Parts parts, int operand, String attribute) {
        return parts.rank(operand) == 4 ? parts.size(operand, 1) : parts.node().integer(attribute, 0);
    }

    /** {@code [batch, heads, sequence, size]}, also of an operand {@code [batch, sequence, heads · size]}. */
    private static Term heads(Parts parts, int operand, long count) {
        Term x = parts.input(operand);
        if (parts.rank(operand) == 4) {
            return x;
        }
        if (count <= 0) {
            throw parts.unsupported("operand " + operand + " has 3 axes, so the number of heads must be given");
        }
        return x.reshape(0, 0, count, -1).transpose(0, 2, 1, 3);
    }

    private static Term past(Parts parts, int operand, Term present) {
        return parts.has(operand) ? parts.input(operand).concat(2, present) : present;
    }

    /** Each head as often in a row as queries share it. */
    private static Term repeated(Term x, long heads, long wanted) {
        if (heads == wanted) {
            return x;
        }
        Term shape = x.shape();
        Emitter emitter = x.emitter();
        return x.unsqueeze(2)
                .expand(emitter.vector(1, 1, wanted / heads, 1, 1))
                .reshape(shape.part(0, 1).concat(0, emitter.vector(wanted), shape.part(2, 4)));
    }

    private static Term hidden(Term scores) {
        return scores.constant(scores.element() == ElementType.FLOAT ? -Float.MAX_VALUE : -65504);
    }

    /** Adds a mask of numbers, or keeps what a boolean mask allows. */
    private static Term masked(Parts parts, Term scores) {
        if (!parts.has(3)) {
            return scores;
        }
        Term mask = parts.input(3);
        return mask.element() == ElementType.BOOL ? mask.choose(scores, hidden(scores)) : scores.add(mask);
    }

    /** Hides the keys of each row of the batch from its {@code nonpad_kv_seqlen} on. */
    private static Term padded(Parts parts, Term scores) {
        if (!parts.has(6)) {
            return scores;
        }
        Term seen = positions(scores, 3).less(parts.input(6).unsqueeze(1, 2, 3));
        return seen.choose(scores, hidden(scores));
    }

    private static Term causal(Parts parts, Term scores) {
        if (parts.node().integer("is_causal", 0) == 0) {
            return scores;
        }
        Term row = positions(scores, 2);
        if (parts.has(4)) {
            row = row.add(parts.input(4).shape().part(2, 3));
        }
        Term future = positions(scores, 3).greater(row.unsqueeze(1));
        return future.choose(hidden(scores), scores);
    }

    /** 0, 1, … along an axis of the scores. */
    private static Term positions(Term scores, int axis) {
        return scores.emitter().range(scores.shape().part(axis, axis + 1).squeeze(0));
    }

    /** Pairs of elements turned by an angle that grows with the position. */
    static List<Term> rotary(Parts parts) {
        Node node = parts.node();
        boolean flat = parts.rank(0) == 3;
        long count = node.integer("num_heads", 0);
        if (flat && count <= 0) {
            throw parts.unsupported("the operand has 3 axes, so the number of heads must be given");
        }
        // Heads stay behind the sequence where they are, so that nothing is moved.
        Term x = flat ? parts.input(0).reshape(0, 0, count, -1) : parts.input(0);
        long size = flat ? parts.size(0, 2) / count : parts.size(0, 3);
        long given = node.integer("rotary_embedding_dim", 0);
        long turning = given == 0 ? size : given;
        Term cos = angles(parts, 1, flat);
        Term sin = angles(parts, 2, flat);
        Term turned =
                node.integer("interleaved", 0) != 0 ? interleaved(x, turning, cos, sin) : halves(x, turning, cos, sin);
        Term result = turning == size ? turned : turned.concat(3, x.slice(3, turning, size));
        return List.of(flat ? result.reshape(0, 0, -1) : result);
    }

    private static Term halves(Term x, long turning, Term cos, Term sin) {
        Term first = x.slice(3, 0, turning / 2);
        Term second = x.slice(3, turning / 2, turning);
        return first.mul(cos).sub(second.mul(sin)).concat(3, first.mul(sin).add(second.mul(cos)));
    }

    private static Term interleaved(Term x, long turning, Term cos, Term sin) {
        Term pairs = x.slice(3, 0, turning).reshape(0, 0, 0, turning / 2, 2);
        Term first = pairs.slice(4, 0, 1).squeeze(4);
        Term second = pairs.slice(4, 1, 2).squeeze(4);
        Term real = first.mul(cos).sub(second.mul(sin)).unsqueeze(4);
        Term imaginary = first.mul(sin).add(second.mul(cos)).unsqueeze(4);
        return real.concat(4, imaginary).reshape(0, 0, 0, turning);
    }

    /** {@code [batch, 1, sequence, half]}, or with the third axis of size 1; looked up by position ids when there are any. */
    private static Term angles(Parts parts, int operand, boolean flat) {
        Term cache = parts.input(operand);
        Term rows = parts.has(3) ? cache.gather(parts.input(3), 0) : cache;
        return rows.unsqueeze(flat ? 2 : 1);
    }
}
