package dev.save4j.testkit.reference;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Operators that move, repeat or cut elements. */
final class RearrangementReference {
    private RearrangementReference() {}

    static List<ReferenceOperator> operators() {
        return List.of(
                ReferenceOperator.of("Transpose", RearrangementReference::transpose, "perm"),
                ReferenceOperator.of("Concat", RearrangementReference::concat, "axis"),
                ReferenceOperator.several("Split", RearrangementReference::split, "axis", "num_outputs"),
                ReferenceOperator.of("Slice", RearrangementReference::slice),
                ReferenceOperator.of("Tile", RearrangementReference::tile),
                ReferenceOperator.of("Trilu", RearrangementReference::triangle, "upper"),
                ReferenceOperator.of("Pad", RearrangementReference::pad, "mode"),
                ReferenceOperator.of("CenterCropPad", RearrangementReference::center, "axes"),
                ReferenceOperator.of("ReverseSequence", RearrangementReference::reverse, "batch_axis", "time_axis"),
                ReferenceOperator.of("DepthToSpace", RearrangementReference::depthToSpace, "blocksize", "mode"),
                ReferenceOperator.of("SpaceToDepth", RearrangementReference::spaceToDepth, "blocksize"));
    }

    private static Numbers transpose(Operands in) {
        int rank = in.get(0).rank();
        return in.get(0)
                .transpose(in.integers(
                        "perm", IntStream.range(0, rank).map(i -> rank - 1 - i).toArray()));
    }

    private static Numbers concat(Operands in) {
        Numbers[] parts = IntStream.range(0, in.count()).mapToObj(in::get).toArray(Numbers[]::new);
        return Numbers.concat(in.axis(0), parts);
    }

    private static List<Numbers> split(Operands in) {
        Numbers x = in.get(0);
        int axis = in.axis(0);
        int[] sizes;
        if (in.has(1)) {
            sizes = LayoutReference.ints(in.longs(1));
        } else {
            int parts = in.integer("num_outputs", in.results());
            int size = (x.shape()[axis] + parts - 1) / parts;
            sizes = new int[parts];
            Arrays.fill(sizes, size);
            sizes[parts - 1] = x.shape()[axis] - size * (parts - 1);
        }
        List<Numbers> results = new ArrayList<>();
        int from = 0;
        for (int size : sizes) {
            results.add(x.slice(axis, from, from + size));
            from += size;
        }
        return results;
    }

    private static Numbers slice(Operands in) {
        Numbers x = in.get(0);
        long[] starts = in.longs(1);
        for (int i = 0; i < starts.length; i++) {
            int axis = x.axis(in.has(3) ? in.longs(3)[i] : i);
            long step = in.has(4) ? in.longs(4)[i] : 1;
            x = slice(x, axis, starts[i], in.longs(2)[i], step);
        }
        return x;
    }

    private static Numbers slice(Numbers x, int axis, long start, long end, long step) {
        long size = x.shape()[axis];
        long from = start < 0 ? start + size : start;
        // The smallest bound means "up to and with the first element" when stepping backwards.
        long to = end < 0 ? Math.max(end, -size - 1) + size : end;
        from = Math.max(0, Math.min(step > 0 ? size : size - 1, from));
        to = Math.max(step > 0 ? 0 : -1, Math.min(size, to));
        int count = (int) Math.max(0, Math.ceil((to - from) / (double) step));
        int[] shape = x.shape().clone();
        shape[axis] = count;
        int[] strides = x.strides();
        int offset = count == 0 ? 0 : (int) from * strides[axis];
        strides[axis] *= (int) step;
        return x.gather(shape, strides, offset);
    }

    private static Numbers tile(Operands in) {
        Numbers x = in.get(0);
        for (int axis = 0; axis < x.rank(); axis++) {
            Numbers[] copies = new Numbers[(int) in.longs(1)[axis]];
            Arrays.fill(copies, x);
            x = Numbers.concat(axis, copies);
        }
        return x;
    }

    private static Numbers triangle(Operands in) {
        Numbers x = in.get(0);
        int columns = x.shape()[x.rank() - 1];
        int rows = x.shape()[x.rank() - 2];
        double diagonal = in.number(1, 0);
        boolean upper = in.flag("upper", true);
        double[] values = x.values().clone();
        for (int i = 0; i < values.length; i++) {
            int offset = i % columns - i / columns % rows;
            if (upper ? offset < diagonal : offset > diagonal) {
                values[i] = 0;
            }
        }
        return new Numbers(x.type(), x.shape(), values);
    }

    private static Numbers pad(Operands in) {
        Numbers x = in.get(0);
        int[] axes = in.has(3)
                ? Arrays.stream(in.longs(3)).mapToInt(x::axis).toArray()
                : IntStream.range(0, x.rank()).toArray();
        int[] before = new int[x.rank()];
        int[] after = new int[x.rank()];
        for (int i = 0; i < axes.length; i++) {
            before[axes[i]] = (int) in.longs(1)[i];
            after[axes[i]] = (int) in.longs(1)[i + axes.length];
        }
        String mode = in.node().text("mode", "constant");
        return pad(x, before, after, mode, in.number(2, 0));
    }

    static Numbers pad(Numbers x, int[] before, int[] after, String mode, double fill) {
        int[] shape = x.shape().clone();
        for (int axis = 0; axis < shape.length; axis++) {
            shape[axis] += before[axis] + after[axis];
        }
        double[] values = new double[Numbers.size(shape)];
        int[] index = new int[shape.length];
        int[] source = new int[shape.length];
        for (int i = 0; i < values.length; i++) {
            boolean inside = true;
            for (int axis = 0; axis < shape.length; axis++) {
                int size = x.shape()[axis];
                int at = index[axis] - before[axis];
                if (at < 0 || at >= size) {
                    switch (mode) {
                        case "edge" -> at = Math.max(0, Math.min(size - 1, at));
                        case "wrap" -> at = Math.floorMod(at, size);
                        case "reflect" -> {
                            int period = Math.max(1, 2 * (size - 1));
                            at = Math.floorMod(at, period);
                            at = at < size ? at : period - at;
                        }
                        default -> inside = false;
                    }
                }
                source[axis] = at;
            }
            values[i] = inside ? x.at(source) : fill;
            Numbers.next(index, shape);
        }
        return new Numbers(x.type(), shape, values);
    }

    private static Numbers center(Operands in) {
        Numbers x = in.get(0);
        int[] axes = in.integers("axes", IntStream.range(0, x.rank()).toArray());
        for (int i = 0; i < axes.length; i++) {
            int axis = x.axis(axes[i]);
            int wanted = (int) in.longs(1)[i];
            int size = x.shape()[axis];
            if (wanted <= size) {
                int from = (size - wanted) / 2;
                x = x.slice(axis, from, from + wanted);
            } else {
                int[] before = new int[x.rank()];
                int[] after = new int[x.rank()];
                before[axis] = (wanted - size) / 2;
                after[axis] = wanted - size - before[axis];
                x = pad(x, before, after, "constant", 0);
            }
        }
        return x;
    }

    private static Numbers reverse(Operands in) {
        Numbers x = in.get(0);
        int batch = in.integer("batch_axis", 1);
        int time = in.integer("time_axis", 0);
        long[] lengths = in.longs(1);
        double[] values = new double[x.size()];
        int[] index = new int[x.rank()];
        for (int i = 0; i < values.length; i++) {
            int[] source = index.clone();
            int length = (int) lengths[index[batch]];
            source[time] = index[time] < length ? length - 1 - index[time] : index[time];
            values[i] = x.at(source);
            Numbers.next(index, x.shape());
        }
        return new Numbers(x.type(), x.shape(), values);
    }

    private static Numbers depthToSpace(Operands in) {
        Numbers x = in.get(0);
        int block = in.integer("blocksize", 1);
        int[] s = x.shape();
        int depth = s[1] / (block * block);
        Numbers moved = in.node().text("mode", "DCR").equals("DCR")
                ? x.withShape(s[0], block, block, depth, s[2], s[3]).transpose(0, 3, 4, 1, 5, 2)
                : x.withShape(s[0], depth, block, block, s[2], s[3]).transpose(0, 1, 4, 2, 5, 3);
        return moved.withShape(s[0], depth, s[2] * block, s[3] * block);
    }

    private static Numbers spaceToDepth(Operands in) {
        Numbers x = in.get(0);
        int block = in.integer("blocksize", 1);
        int[] s = x.shape();
        return x.withShape(s[0], s[1], s[2] / block, block, s[3] / block, block)
                .transpose(0, 3, 5, 1, 2, 4)
                .withShape(s[0], s[1] * block * block, s[2] / block, s[3] / block);
    }
}
