package dev.save4j.testkit.reference;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.IntStream;

/** Lookups and writes by indices. */
final class IndexReference {
    private IndexReference() {}

    static List<ReferenceOperator> operators() {
        return List.of(
                ReferenceOperator.of("Gather", IndexReference::gather, "axis"),
                ReferenceOperator.of("GatherElements", in -> elementsAlong(in.get(0), in.get(1), in.axis(0)), "axis"),
                ReferenceOperator.of("GatherND", IndexReference::gatherAtPositions, "batch_dims"),
                ReferenceOperator.of("ScatterElements", IndexReference::scatterElements, "axis", "reduction"),
                ReferenceOperator.of("ScatterND", IndexReference::scatterAtPositions, "reduction"),
                ReferenceOperator.of("TensorScatter", IndexReference::scatterIntoCache, "axis", "mode"),
                ReferenceOperator.of("Compress", IndexReference::compress, "axis"),
                ReferenceOperator.of("OneHot", IndexReference::oneHot, "axis"),
                ReferenceOperator.of("NonZero", IndexReference::nonZero));
    }

    private static int wrap(double index, int size, Operands in) {
        if (index < -size || index >= size) {
            throw in.unsupported("index " + (long) index + " is outside " + size);
        }
        return (int) (index < 0 ? index + size : index);
    }

    private static Numbers gather(Operands in) {
        Numbers x = in.get(0);
        Numbers indices = in.get(1);
        int axis = in.axis(0);
        if (indices.size() == 0) {
            int[] none = x.shape().clone();
            none[axis] = 0;
            return reshaped(x.gather(none, x.strides(), 0), axis, indices.shape());
        }
        Numbers[] rows = new Numbers[indices.size()];
        for (int i = 0; i < rows.length; i++) {
            int at = wrap(indices.values()[i], x.shape()[axis], in);
            rows[i] = x.slice(axis, at, at + 1);
        }
        return reshaped(Numbers.concat(axis, rows), axis, indices.shape());
    }

    private static Numbers reshaped(Numbers x, int axis, int[] instead) {
        int[] shape = IntStream.of(IntStream.concat(
                                IntStream.concat(Arrays.stream(x.shape(), 0, axis), Arrays.stream(instead)),
                                Arrays.stream(x.shape(), axis + 1, x.rank()))
                        .toArray())
                .toArray();
        return x.withShape(shape);
    }

    /** One element for each position of the indices. */
    static Numbers elementsAlong(Numbers x, Numbers indices, int axis) {
        double[] values = new double[indices.size()];
        int[] index = new int[indices.rank()];
        for (int i = 0; i < values.length; i++) {
            int[] source = index.clone();
            int at = (int) indices.values()[i];
            source[axis] = at < 0 ? at + x.shape()[axis] : at;
            values[i] = x.at(source);
            Numbers.next(index, indices.shape());
        }
        return new Numbers(x.type(), indices.shape(), values);
    }

    /** Offsets of the slices to which the last axis of {@code indices} points, after {@code batch} shared axes. */
    private static int[] positions(Numbers x, Numbers indices, int batch, Operands in) {
        int depth = indices.shape()[indices.rank() - 1];
        int tuples = indices.size() / depth;
        int perBatch = tuples / Numbers.size(Arrays.copyOf(indices.shape(), batch));
        int[] strides = x.strides();
        int batchStride = batch == 0 ? 0 : strides[batch - 1];
        int[] offsets = new int[tuples];
        for (int i = 0; i < tuples; i++) {
            offsets[i] = i / perBatch * batchStride;
            for (int k = 0; k < depth; k++) {
                int axis = batch + k;
                offsets[i] += wrap(indices.values()[i * depth + k], x.shape()[axis], in) * strides[axis];
            }
        }
        return offsets;
    }

    private static Numbers gatherAtPositions(Operands in) {
        Numbers x = in.get(0);
        Numbers indices = in.get(1);
        int batch = in.integer("batch_dims", 0);
        int lead = batch + indices.shape()[indices.rank() - 1];
        int width = Numbers.size(Arrays.copyOfRange(x.shape(), lead, x.rank()));
        int[] offsets = positions(x, indices, batch, in);
        double[] values = new double[offsets.length * width];
        for (int i = 0; i < offsets.length; i++) {
            System.arraycopy(x.values(), offsets[i], values, i * width, width);
        }
        int[] shape = IntStream.concat(
                        Arrays.stream(indices.shape(), 0, indices.rank() - 1), Arrays.stream(x.shape(), lead, x.rank()))
                .toArray();
        return new Numbers(x.type(), shape, values);
    }

    private static DoubleBinaryOperator reduction(Operands in) {
        return switch (in.node().text("reduction", "none")) {
            case "none" -> (old, update) -> update;
            case "add" -> Double::sum;
            case "mul" -> (old, update) -> old * update;
            case "max" -> Math::max;
            case "min" -> Math::min;
            default -> throw in.unsupported("there is no such reduction");
        };
    }

    private static Numbers scatterElements(Operands in) {
        Numbers x = in.get(0);
        Numbers indices = in.get(1);
        int axis = in.axis(0);
        double[] values = x.values().clone();
        int[] index = new int[indices.rank()];
        for (int i = 0; i < indices.size(); i++) {
            int[] target = index.clone();
            target[axis] = wrap(indices.values()[i], x.shape()[axis], in);
            int at = x.offset(target);
            values[at] = reduction(in).applyAsDouble(values[at], in.get(2).values()[i]);
            Numbers.next(index, indices.shape());
        }
        return new Numbers(x.type(), x.shape(), values);
    }

    private static Numbers scatterAtPositions(Operands in) {
        Numbers x = in.get(0);
        double[] values = x.values().clone();
        int[] offsets = positions(x, in.get(1), 0, in);
        int width = in.get(2).size() / Math.max(1, offsets.length);
        for (int i = 0; i < offsets.length; i++) {
            for (int k = 0; k < width; k++) {
                int at = offsets[i] + k;
                values[at] = reduction(in).applyAsDouble(values[at], in.get(2).values()[i * width + k]);
            }
        }
        return new Numbers(x.type(), x.shape(), values);
    }

    /** Writes new keys or values {@code [batch, …, sequence, …]} into a cache, each row at its own position. */
    private static Numbers scatterIntoCache(Operands in) {
        Numbers cache = in.get(0);
        Numbers update = in.get(1);
        int axis = in.axis(-2);
        int room = cache.shape()[axis];
        boolean circular = in.node().text("mode", "linear").equals("circular");
        double[] values = cache.values().clone();
        int[] index = new int[update.rank()];
        for (int i = 0; i < update.size(); i++) {
            int[] target = index.clone();
            int at = (in.has(2) ? (int) in.longs(2)[index[0]] : 0) + index[axis];
            target[axis] = circular ? at % room : at;
            values[cache.offset(target)] = update.values()[i];
            Numbers.next(index, update.shape());
        }
        return new Numbers(cache.type(), cache.shape(), values);
    }

    private static Numbers compress(Operands in) {
        Numbers x = in.node().has("axis")
                ? in.get(0)
                : in.get(0).withShape(in.get(0).size());
        int axis = in.node().has("axis") ? in.axis(0) : 0;
        List<Numbers> kept = new ArrayList<>();
        for (int i = 0; i < in.get(1).size() && i < x.shape()[axis]; i++) {
            if (in.get(1).isTrue(i)) {
                kept.add(x.slice(axis, i, i + 1));
            }
        }
        return Numbers.concat(axis, kept.toArray(Numbers[]::new));
    }

    private static Numbers oneHot(Operands in) {
        Numbers indices = in.get(0);
        int depth = (int) in.get(1).item();
        int rank = indices.rank() + 1;
        int axis = in.integer("axis", -1);
        axis = axis < 0 ? axis + rank : axis;
        int[] shape = new int[rank];
        for (int i = 0; i < rank; i++) {
            shape[i] = i == axis ? depth : indices.shape()[i < axis ? i : i - 1];
        }
        int inner = Numbers.size(Arrays.copyOfRange(shape, axis + 1, rank));
        double[] values = new double[Numbers.size(shape)];
        Arrays.fill(values, in.get(2).values()[0]);
        for (int i = 0; i < indices.size(); i++) {
            double index = indices.values()[i];
            if (index >= -depth && index < depth) {
                int at = (int) (index < 0 ? index + depth : index);
                values[(i / inner * depth + at) * inner + i % inner] = in.get(2).values()[1];
            }
        }
        return new Numbers(in.get(2).type(), shape, values);
    }

    private static Numbers nonZero(Operands in) {
        Numbers x = in.get(0);
        List<int[]> found = new ArrayList<>();
        int[] index = new int[x.rank()];
        for (int i = 0; i < x.size(); i++) {
            if (x.isTrue(i)) {
                found.add(index.clone());
            }
            Numbers.next(index, x.shape());
        }
        long[] values = new long[x.rank() * found.size()];
        for (int axis = 0; axis < x.rank(); axis++) {
            for (int i = 0; i < found.size(); i++) {
                values[axis * found.size() + i] = found.get(i)[axis];
            }
        }
        return Numbers.of(values, x.rank(), found.size());
    }
}
