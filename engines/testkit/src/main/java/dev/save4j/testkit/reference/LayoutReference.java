package dev.save4j.testkit.reference;

import dev.save4j.graph.Attribute;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Shapes, and operators that change nothing but the shape, or make tensors of a shape. */
final class LayoutReference {
    private LayoutReference() {}

    static List<ReferenceOperator> operators() {
        return List.of(
                ReferenceOperator.of("Reshape", LayoutReference::reshape, "allowzero"),
                ReferenceOperator.of("Flatten", LayoutReference::flatten, "axis"),
                ReferenceOperator.of("Unsqueeze", LayoutReference::unsqueeze),
                ReferenceOperator.of("Squeeze", LayoutReference::squeeze),
                ReferenceOperator.of("Shape", LayoutReference::shape, "start", "end"),
                ReferenceOperator.of(
                        "Size", in -> Numbers.scalar((long) in.get(0).size())),
                ReferenceOperator.of("Expand", LayoutReference::expand),
                ReferenceOperator.of("ConstantOfShape", LayoutReference::constantOfShape, "value"),
                ReferenceOperator.of(
                        "Constant",
                        LayoutReference::constant,
                        "value",
                        "value_float",
                        "value_floats",
                        "value_int",
                        "value_ints"),
                ReferenceOperator.of("Range", LayoutReference::range),
                ReferenceOperator.of("EyeLike", LayoutReference::eye, "dtype", "k"));
    }

    static int[] ints(long... values) {
        return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
    }

    private static Numbers reshape(Operands in) {
        Numbers x = in.get(0);
        int[] shape = ints(in.longs(1));
        int inferred = -1;
        int known = 1;
        for (int i = 0; i < shape.length; i++) {
            if (shape[i] == 0 && !in.flag("allowzero", false)) {
                shape[i] = x.shape()[i];
            }
            if (shape[i] == -1) {
                inferred = i;
            } else {
                known *= shape[i];
            }
        }
        if (inferred >= 0) {
            shape[inferred] = x.size() / known;
        }
        return x.withShape(shape);
    }

    private static Numbers flatten(Operands in) {
        Numbers x = in.get(0);
        int axis = in.integer("axis", 1);
        int rows = Numbers.size(Arrays.copyOf(x.shape(), axis < 0 ? axis + x.rank() : axis));
        return x.withShape(rows, x.size() / rows);
    }

    private static Numbers unsqueeze(Operands in) {
        Numbers x = in.get(0);
        int rank = x.rank() + in.get(1).size();
        Set<Integer> added = new HashSet<>();
        for (long axis : in.longs(1)) {
            added.add((int) (axis < 0 ? axis + rank : axis));
        }
        int[] shape = new int[rank];
        int from = 0;
        for (int i = 0; i < rank; i++) {
            shape[i] = added.contains(i) ? 1 : x.shape()[from++];
        }
        return x.withShape(shape);
    }

    private static Numbers squeeze(Operands in) {
        Numbers x = in.get(0);
        Set<Integer> gone = new HashSet<>();
        if (in.has(1)) {
            Arrays.stream(in.longs(1)).forEach(axis -> gone.add(x.axis(axis)));
        } else {
            IntStream.range(0, x.rank()).filter(i -> x.shape()[i] == 1).forEach(gone::add);
        }
        return x.withShape(IntStream.range(0, x.rank())
                .filter(i -> !gone.contains(i))
                .map(i -> x.shape()[i])
                .toArray());
    }

    private static Numbers shape(Operands in) {
        Numbers x = in.get(0);
        int start = clamp(in.integer("start", 0), x.rank());
        int end = clamp(in.integer("end", x.rank()), x.rank());
        return Numbers.vector(Arrays.copyOfRange(x.longShape(), start, Math.max(start, end)));
    }

    private static int clamp(int axis, int rank) {
        return Math.max(0, Math.min(rank, axis < 0 ? axis + rank : axis));
    }

    private static Numbers expand(Operands in) {
        int[] shape = Numbers.broadcast(in.get(0).shape(), ints(in.longs(1)));
        return in.get(0).broadcastTo(shape);
    }

    private static Numbers constantOfShape(Operands in) {
        Numbers value = in.node().attributes().get("value") instanceof Attribute.Constant constant
                ? Numbers.of(constant.value())
                : Numbers.of(new double[1], 1);
        return value.withShape().broadcastTo(ints(in.longs(0)));
    }

    private static Numbers constant(Operands in) {
        Attribute value = in.node().attributes().values().iterator().next();
        if (value instanceof Attribute.Constant tensor) {
            return Numbers.of(tensor.value());
        } else if (value instanceof Attribute.Int integer) {
            return Numbers.scalar(integer.value());
        } else if (value instanceof Attribute.Ints integers) {
            return Numbers.vector(integers.toArray());
        } else if (value instanceof Attribute.Real real) {
            return Numbers.scalar((double) real.value());
        } else if (value instanceof Attribute.Reals reals) {
            return Numbers.of(
                    reals.values().stream().mapToDouble(Float::doubleValue).toArray(),
                    reals.values().size());
        }
        throw in.unsupported("a constant must hold numbers");
    }

    private static Numbers range(Operands in) {
        double start = in.get(0).item();
        double limit = in.get(1).item();
        double step = in.get(2).item();
        List<Double> values = new ArrayList<>();
        long count = (long) Math.max(0, Math.ceil((limit - start) / step));
        for (long i = 0; i < count; i++) {
            values.add(start + i * step);
        }
        return new Numbers(
                in.get(0).type(),
                new int[] {values.size()},
                values.stream().mapToDouble(value -> value).toArray());
    }

    private static Numbers eye(Operands in) {
        int[] shape = in.get(0).shape();
        ElementType type = in.node().has("dtype")
                ? ElementType.ofOnnxCode(in.integer("dtype", 0))
                : in.get(0).type();
        double[] values = new double[shape[0] * shape[1]];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % shape[1] - i / shape[1] == in.integer("k", 0) ? 1 : 0;
        }
        return new Numbers(type, shape, values);
    }
}
