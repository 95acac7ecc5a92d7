package dev.save4j.testkit.reference;

import dev.save4j.tensor.ElementType;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Attention in its several forms, over heads {@code [batch, heads, sequence, size]}. */
final class AttentionReference {
    private AttentionReference() {}

    static List<ReferenceOperator> operators() {
        return List.of(
                ReferenceOperator.several(
                        "Attention",
                        AttentionReference::standard,
                        "is_causal",
                        "kv_num_heads",
                        "q_num_heads",
                        "qk_matmul_output_mode",
                        "scale",
                        "softcap",
                        "softmax_precision"),
                ReferenceOperator.of(
                        "RotaryEmbedding",
                        in -> rotate(in, in.get(0), in.get(1), in.get(2), in.optional(3)),
                        "interleaved",
                        "num_heads",
                        "rotary_embedding_dim"),
                ReferenceOperator.microsoft(
                        "RotaryEmbedding",
                        in -> List.of(rotate(in, in.get(0), in.get(2), in.get(3), Optional.of(positions(in)))),
                        "interleaved",
                        "num_heads",
                        "rotary_embedding_dim"),
                ReferenceOperator.microsoft(
                        "GroupQueryAttention",
                        AttentionReference::grouped,
                        "do_rotary",
                        "kv_num_heads",
                        "local_window_size",
                        "num_heads",
                        "rotary_interleaved",
                        "scale",
                        "smooth_softmax",
                        "softcap"),
                ReferenceOperator.microsoft(
                        "MultiHeadAttention",
                        AttentionReference::multiHead,
                        "mask_filter_value",
                        "num_heads",
                        "scale",
                        "unidirectional"),
                ReferenceOperator.microsoft(
                        "Attention",
                        AttentionReference::projected,
                        "mask_filter_value",
                        "num_heads",
                        "qkv_hidden_sizes",
                        "scale",
                        "unidirectional"));
    }

    /** {@code [batch, sequence, heads · size]} as {@code [batch, heads, sequence, size]}. */
    private static Numbers heads(Numbers x, int heads) {
        int[] s = x.shape();
        return x.withShape(s[0], s[1], heads, s[2] / heads).transpose(0, 2, 1, 3);
    }

    private static Numbers joined(Numbers x) {
        int[] s = x.shape();
        return x.transpose(0, 2, 1, 3).withShape(s[0], s[2], s[1] * s[3]);
    }

    /** Every head several times in a row, so that there are as many as of the queries. */
    private static Numbers repeated(Numbers x, int heads) {
        int[] s = x.shape();
        return heads == s[1]
                ? x
                : x.withShape(s[0], s[1], 1, s[2], s[3])
                        .broadcastTo(s[0], s[1], heads / s[1], s[2], s[3])
                        .withShape(s[0], heads, s[2], s[3]);
    }

    private static Numbers softmax(Numbers scores) {
        return ReductionReference.along(scores, scores.rank() - 1, row -> {
            // A row that sees nothing is all zeros.
            boolean blind = Arrays.stream(row).allMatch(x -> x == Double.NEGATIVE_INFINITY);
            return blind ? new double[row.length] : ReductionReference.softmax(row);
        });
    }

    /** With one more score, of 0, that points at nothing. */
    private static Numbers smoothSoftmax(Numbers scores) {
        return ReductionReference.along(scores, scores.rank() - 1, row -> {
            double[] more = Arrays.copyOf(row, row.length + 1);
            return Arrays.copyOf(ReductionReference.softmax(more), row.length);
        });
    }

    private static double scale(Operands in, Numbers query) {
        double given = in.node().real("scale", 0);
        return given == 0 ? 1 / Math.sqrt(query.shape()[3]) : given;
    }

    private static Numbers scores(Operands in, Numbers query, Numbers keys) {
        double scale = scale(in, query);
        return ProductReference.matmul(query, ProductReference.transposed(repeated(keys, query.shape()[1])))
                .map(x -> x * scale);
    }

    private static Numbers capped(Operands in, Numbers scores) {
        double cap = in.node().real("softcap", 0);
        return cap == 0 ? scores : scores.map(x -> cap * Math.tanh(x / cap));
    }

    private static Numbers cached(Optional<Numbers> past, Numbers fresh) {
        return past.map(old -> Numbers.concat(2, old, fresh)).orElse(fresh);
    }

    private static List<Numbers> standard(Operands in) {
        boolean flat = in.get(0).rank() == 3;
        Numbers query = flat ? heads(in.get(0), in.integer("q_num_heads", 1)) : in.get(0);
        Numbers freshKeys = flat ? heads(in.get(1), in.integer("kv_num_heads", 1)) : in.get(1);
        Numbers freshValues = flat ? heads(in.get(2), in.integer("kv_num_heads", 1)) : in.get(2);
        Numbers keys = cached(in.optional(4), freshKeys);
        Numbers values = cached(in.optional(5), freshValues);
        Numbers raw = scores(in, query, keys);
        Numbers capped = capped(in, raw);
        int past = in.has(4) ? in.get(4).shape()[2] : 0;
        Numbers masked = masked(in, capped, past);
        Numbers weights = softmax(masked);
        Numbers result = ProductReference.matmul(weights, repeated(values, query.shape()[1]));
        Numbers shown = List.of(raw, capped, masked, weights).get(in.integer("qk_matmul_output_mode", 0));
        return List.of(flat ? joined(result) : result, keys, values, shown);
    }

    private static Numbers masked(Operands in, Numbers scores, int past) {
        int rows = scores.shape()[2];
        int columns = scores.shape()[3];
        double[] values = scores.values().clone();
        Optional<Numbers> mask = in.optional(3).map(given -> widened(given, scores));
        boolean causal = in.flag("is_causal", false);
        for (int i = 0; i < values.length; i++) {
            int row = i / columns % rows;
            int column = i % columns;
            if (causal && column > row + past) {
                values[i] = Double.NEGATIVE_INFINITY;
            }
            if (mask.isPresent()) {
                double given = mask.get().values()[i];
                values[i] += mask.get().type() == ElementType.BOOL ? given == 0 ? Double.NEGATIVE_INFINITY : 0 : given;
            }
            if (in.has(6) && column >= in.longs(6)[i / (columns * rows * scores.shape()[1])]) {
                values[i] = Double.NEGATIVE_INFINITY;
            }
        }
        return new Numbers(scores.type(), scores.shape(), values);
    }

    /** A mask may end before the keys do; what it does not mention is hidden. */
    private static Numbers widened(Numbers mask, Numbers scores) {
        int missing = scores.shape()[3] - mask.shape()[mask.rank() - 1];
        if (missing > 0 && mask.shape()[mask.rank() - 1] > 1) {
            int[] after = new int[mask.rank()];
            after[mask.rank() - 1] = missing;
            double hidden = mask.type() == ElementType.BOOL ? 0 : Double.NEGATIVE_INFINITY;
            mask = RearrangementReference.pad(mask, new int[mask.rank()], after, "constant", hidden);
        }
        return mask.broadcastTo(scores.shape());
    }

    /** @param positions {@code [batch, sequence]} rows of the caches, or none when the caches have a row per token */
    private static Numbers rotate(Operands in, Numbers x, Numbers cos, Numbers sin, Optional<Numbers> positions) {
        boolean flat = x.rank() == 3;
        Numbers heads = flat ? heads(x, headCount(in, x, cos)) : x;
        Numbers rotated = rotate(
                heads, cos, sin, positions, in.flag("interleaved", false), in.integer("rotary_embedding_dim", 0));
        return flat ? joined(rotated) : rotated;
    }

    private static int headCount(Operands in, Numbers x, Numbers cos) {
        int given = in.integer("num_heads", 0);
        return given > 0 ? given : x.shape()[2] / (2 * cos.shape()[cos.rank() - 1]);
    }

    private static Numbers rotate(
            Numbers x, Numbers cos, Numbers sin, Optional<Numbers> positions, boolean interleaved, int rotatedSize) {
        int sequence = x.shape()[2];
        int size = x.shape()[3];
        int rotary = rotatedSize == 0 ? size : rotatedSize;
        int half = rotary / 2;
        double[] values = x.values().clone();
        for (int row = 0; row < values.length / size; row++) {
            int token = row / (sequence * x.shape()[1]) * sequence + row % sequence;
            int position = positions.map(p -> (int) p.values()[token]).orElse(token);
            for (int i = 0; i < half; i++) {
                double c = cos.values()[position * half + i];
                double s = sin.values()[position * half + i];
                int first = row * size + (interleaved ? 2 * i : i);
                int second = interleaved ? first + 1 : first + half;
                values[first] = c * x.values()[first] - s * x.values()[second];
                values[second] = s * x.values()[first] + c * x.values()[second];
            }
        }
        return new Numbers(x.type(), x.shape(), values);
    }

    /** One offset for all rows, or a position for each token. */
    private static Numbers positions(Operands in) {
        Numbers x = in.get(0);
        Numbers given = in.get(1);
        int batch = x.shape()[0];
        int sequence = x.shape()[x.rank() - 2];
        if (given.size() == batch * sequence && given.rank() == 2) {
            return given;
        }
        double[] values = new double[batch * sequence];
        for (int i = 0; i < values.length; i++) {
            values[i] = given.values()[0] + i % sequence;
        }
        return new Numbers(ElementType.INT64, new int[] {batch, sequence}, values);
    }

    /** Causal, over a cache of fixed length that new keys and values are written into. */
    private static List<Numbers> grouped(Operands in) {
        int kvHeads = in.integer("kv_num_heads", 1);
        Numbers query = heads(in.get(0), in.integer("num_heads", 1));
        Numbers keys = heads(in.get(1), kvHeads);
        Numbers values = heads(in.get(2), kvHeads);
        int batch = query.shape()[0];
        int sequence = query.shape()[2];
        long[] last = in.longs(5);
        double[] positions = new double[batch * sequence];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = last[i / sequence] + 1 - sequence + i % sequence;
        }
        if (in.flag("do_rotary", false)) {
            Optional<Numbers> at = Optional.of(new Numbers(ElementType.INT64, new int[] {batch, sequence}, positions));
            boolean interleaved = in.flag("rotary_interleaved", false);
            int rotary = 2 * in.get(7).shape()[1];
            query = rotate(query, in.get(7), in.get(8), at, interleaved, rotary);
            keys = rotate(keys, in.get(7), in.get(8), at, interleaved, rotary);
        }
        int room = Math.max((int) in.get(6).item(), in.has(3) ? in.get(3).shape()[2] : 0);
        Numbers allKeys = written(in.optional(3), keys, positions, room);
        Numbers allValues = written(in.optional(4), values, positions, room);
        Numbers scores = capped(in, scores(in, query, allKeys));
        double[] visible = scores.values().clone();
        int window = in.integer("local_window_size", -1);
        int heads = query.shape()[1];
        for (int i = 0; i < visible.length; i++) {
            int row = i / room;
            double position = positions[row / (heads * sequence) * sequence + row % sequence];
            int column = i % room;
            if (column > position || window > 0 && column <= position - window) {
                visible[i] = Double.NEGATIVE_INFINITY;
            }
        }
        Numbers masked = new Numbers(scores.type(), scores.shape(), visible);
        Numbers weights = in.flag("smooth_softmax", false) ? smoothSoftmax(masked) : softmax(masked);
        return List.of(joined(ProductReference.matmul(weights, repeated(allValues, heads))), allKeys, allValues);
    }

    private static Numbers written(Optional<Numbers> past, Numbers fresh, double[] positions, int room) {
        int[] s = fresh.shape();
        int[] shape = {s[0], s[1], room, s[3]};
        double[] values = new double[Numbers.size(shape)];
        Numbers cache = new Numbers(fresh.type(), shape, values);
        past.ifPresent(old -> {
            int[] index = new int[4];
            for (int i = 0; i < old.size(); i++) {
                values[cache.offset(index)] = old.values()[i];
                Numbers.next(index, old.shape());
            }
        });
        int[] index = new int[4];
        for (int i = 0; i < fresh.size(); i++) {
            int at = (int) positions[index[0] * s[2] + index[2]];
            values[cache.offset(index[0], index[1], at, index[3])] = fresh.values()[i];
            Numbers.next(index, s);
        }
        return cache;
    }

    private static List<Numbers> multiHead(Operands in) {
        if (in.has(6) || in.has(7)) {
            throw in.unsupported("a past");
        }
        int heads = in.integer("num_heads", 1);
        Numbers[] parts = new Numbers[3];
        for (int i = 0; i < 3; i++) {
            parts[i] = in.get(i);
            if (in.has(3)) {
                int width = in.get(3).size() / 3;
                parts[i] = parts[i].with(in.get(3).slice(0, i * width, (i + 1) * width), Double::sum);
            }
            parts[i] = heads(parts[i], heads);
        }
        return List.of(joined(attend(in, parts[0], parts[1], parts[2], in.optional(4), in.optional(5))));
    }

    /** Query, key and value come of one product. */
    private static List<Numbers> projected(Operands in) {
        if (in.has(4)) {
            throw in.unsupported("a past");
        }
        int heads = in.integer("num_heads", 1);
        Numbers product = ProductReference.matmul(in.get(0), in.get(1));
        product = in.has(2) ? product.with(in.get(2), Double::sum) : product;
        int third = product.shape()[2] / 3;
        int[] widths = in.integers("qkv_hidden_sizes", third, third, third);
        Numbers[] parts = new Numbers[3];
        int from = 0;
        for (int i = 0; i < 3; i++) {
            parts[i] = heads(product.slice(2, from, from + widths[i]), heads);
            from += widths[i];
        }
        return List.of(joined(attend(in, parts[0], parts[1], parts[2], in.optional(3), in.optional(5))));
    }

    /**
     * @param padding {@code [batch, keys]}, 0 where a key is padding
     * @param bias added to the scores
     */
    private static Numbers attend(
            Operands in,
            Numbers query,
            Numbers keys,
            Numbers values,
            Optional<Numbers> padding,
            Optional<Numbers> bias) {
        Numbers scores = scores(in, query, keys);
        Numbers biased = bias.map(b -> scores.with(b, Double::sum)).orElse(scores);
        double[] masked = biased.values().clone();
        int rows = scores.shape()[2];
        int columns = scores.shape()[3];
        double filter = in.node().real("mask_filter_value", -10000);
        for (int i = 0; i < masked.length; i++) {
            int row = i / columns % rows;
            if (in.flag("unidirectional", false) && i % columns > row) {
                masked[i] = Double.NEGATIVE_INFINITY;
            }
            if (padding.isPresent() && padding.get().at(i / (columns * rows * scores.shape()[1]), i % columns) == 0) {
                masked[i] += filter;
            }
        }
        Numbers weights = softmax(new Numbers(scores.type(), scores.shape(), masked));
        return ProductReference.matmul(weights, values);
    }
}
