package dev.save4j.graph;

import dev.save4j.SaveException;
import java.util.Arrays;

/**
 * The shape rules of the ONNX operators that rearrange a tensor, at run time, when all sizes are known. Engines share them so that they agree. Every
 * error is a USER error that names the node.
 */
public final class Shapes {
    private Shapes() {}

    /** Part of one axis: positions {@code from}, {@code from + step}, …, {@code count} of them; all lie inside the axis. */
    public record Range(int axis, long from, long count, long step) {}

    /** The axis counted from the start. */
    public static int axis(Node node, long axis, int rank) {
        return HostLayout.axis(node, axis, rank);
    }

    /** Axes counted from the start, ascending. */
    public static int[] axes(Node node, long[] axes, int rank) {
        int[] sorted = Arrays.stream(axes)
                .mapToInt(axis -> axis(node, axis, rank))
                .sorted()
                .toArray();
        for (int i = 1; i < sorted.length; i++) {
            if (sorted[i] == sorted[i - 1]) {
                throw SaveException.user(node.describe() + ": axis " + sorted[i] + " is given twice");
            }
        }
        return sorted;
    }

    /** The shape to which all broadcast. */
    public static long[] broadcast(Node node, long[]... shapes) {
        return HostLayout.broadcast(node, Arrays.asList(shapes));
    }

    /**
     * Reshape: -1 takes what is left, 0 keeps the size at that position unless {@code allowZero}.
     *
     * @param wanted the second operand of the operator
     */
    public static long[] reshape(Node node, long[] from, long[] wanted, boolean allowZero) {
        long[] shape = wanted.clone();
        long known = 1;
        int inferred = -1;
        for (int i = 0; i < shape.length; i++) {
            if (shape[i] == 0 && !allowZero) {
                if (i >= from.length) {
                    throw misfit(node, from, wanted);
                }
                shape[i] = from[i];
            }
            if (shape[i] == -1 && inferred < 0) {
                inferred = i;
            } else if (shape[i] < 0) {
                throw misfit(node, from, wanted);
            } else {
                known *= shape[i];
            }
        }
        long total = Arrays.stream(from).reduce(1, (a, b) -> a * b);
        if (inferred >= 0) {
            if (known == 0 || total % known != 0) {
                throw misfit(node, from, wanted);
            }
            shape[inferred] = total / known;
        } else if (known != total) {
            throw misfit(node, from, wanted);
        }
        return shape;
    }

    private static SaveException misfit(Node node, long[] from, long[] wanted) {
        return SaveException.user(node.describe() + ": the shape " + Arrays.toString(wanted)
                + " does not hold the elements of an operand of shape " + Arrays.toString(from));
    }

    public static long[] unsqueeze(Node node, long[] from, long[] axes) {
        long[] shape = new long[from.length + axes.length];
        for (int axis : axes(node, axes, shape.length)) {
            shape[axis] = -1;
        }
        int at = 0;
        for (int i = 0; i < shape.length; i++) {
            shape[i] = shape[i] == -1 ? 1 : from[at++];
        }
        return shape;
    }

    /**
     * @param axes the axes to drop; none drops every axis of size 1
     */
    public static long[] squeeze(Node node, long[] from, long[] axes) {
        boolean[] gone = new boolean[from.length];
        if (axes.length == 0) {
            for (int i = 0; i < from.length; i++) {
                gone[i] = from[i] == 1;
            }
        }
        for (int axis : axes(node, axes, from.length)) {
            if (from[axis] != 1) {
                throw SaveException.user(node.describe() + ": axis " + axis + " of an operand of shape "
                        + Arrays.toString(from) + " is not of size 1");
            }
            gone[axis] = true;
        }
        long[] shape = new long[from.length];
        int rank = 0;
        for (int i = 0; i < from.length; i++) {
            if (!gone[i]) {
                shape[rank++] = from[i];
            }
        }
        return Arrays.copyOf(shape, rank);
    }

    /** The permutation of Transpose; reversed when the node gives none. */
    public static int[] permutation(Node node, int rank) {
        int[] permutation = new int[rank];
        if (!node.has("perm")) {
            Arrays.setAll(permutation, i -> rank - 1 - i);
            return permutation;
        }
        long[] given = node.integers("perm");
        if (given.length != rank || axes(node, given, rank).length != rank) {
            throw SaveException.user(
                    node.describe() + ": " + Arrays.toString(given) + " is not a permutation of " + rank + " axes");
        }
        Arrays.setAll(permutation, i -> (int) given[i]);
        return permutation;
    }

    /** Slice along one axis, with Python's rules for bounds that are negative or outside. */
    public static Range slice(Node node, long[] from, long axis, long start, long end, long step) {
        int at = axis(node, axis, from.length);
        long size = from[at];
        if (step == 0) {
            throw SaveException.user(node.describe() + ": the step of a slice must not be 0");
        }
        long lowest = step > 0 ? 0 : -1;
        long highest = step > 0 ? size : size - 1;
        long first = Math.max(lowest, Math.min(highest, start < 0 ? start + size : start));
        // The smallest long stands for "to the beginning"; adding the size to it does not overflow.
        long last = Math.max(lowest, Math.min(highest, end < 0 ? end + size : end));
        long distance = step > 0 ? last - first : first - last;
        long stride = Math.abs(step);
        return new Range(at, first, distance <= 0 ? 0 : (distance - 1) / stride + 1, step);
    }

    /**
     * Sizes of the parts of Split.
     *
     * @param given the second operand, or empty for equal parts
     */
    public static long[] split(Node node, long size, long[] given) {
        if (given.length > 0) {
            if (Arrays.stream(given).sum() != size
                    || given.length != node.outputs().size()) {
                throw SaveException.user(node.describe() + ": parts of " + Arrays.toString(given)
                        + " do not make up an axis of size " + size);
            }
            return given;
        }
        int parts = node.outputs().size();
        long each = (size + parts - 1) / parts;
        long[] sizes = new long[parts];
        Arrays.fill(sizes, each);
        sizes[parts - 1] = size - each * (parts - 1);
        if (sizes[parts - 1] < 0) {
            throw SaveException.user(node.describe() + ": an axis of size " + size + " has no " + parts + " parts");
        }
        return sizes;
    }

    /** The elements of Shape between the attributes {@code start} and {@code end}. */
    public static long[] shape(Node node, long[] of) {
        int rank = of.length;
        long start = node.integer("start", 0);
        long end = node.integer("end", rank);
        int from = (int) Math.max(0, Math.min(rank, start < 0 ? start + rank : start));
        int to = (int) Math.max(from, Math.min(rank, end < 0 ? end + rank : end));
        return Arrays.copyOfRange(of, from, to);
    }
}
