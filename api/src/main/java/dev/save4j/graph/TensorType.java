package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.List;

/** The type of a value in a graph: element type and dimensions, the rank always known. */
public record TensorType(ElementType element, List<Dimension> shape) {
    public TensorType {
        shape = List.copyOf(shape);
    }

    /** From sizes given as {@code Integer}, {@code Long}, {@link Dimension}, or {@code String} for a named dimension. */
    public static TensorType of(ElementType element, Object... sizes) {
        List<Dimension> shape = new ArrayList<>();
        for (Object size : sizes) {
            shape.add(dimension(size));
        }
        return new TensorType(element, shape);
    }

    private static Dimension dimension(Object size) {
        if (size instanceof Dimension dimension) {
            return dimension;
        }
        if (size instanceof String symbol) {
            return Dimension.of(symbol);
        }
        if (size instanceof Integer || size instanceof Long) {
            return Dimension.of(((Number) size).longValue());
        }
        throw SaveException.internal("not a dimension: " + size);
    }

    public int rank() {
        return shape.size();
    }

    /** The dimension at an axis; negative axes count from the end. */
    public Dimension dimension(int axis) {
        return shape.get(axis < 0 ? axis + rank() : axis);
    }

    /** The sizes when all are fixed; an INTERNAL error otherwise. */
    public long[] fixedShape() {
        long[] sizes = new long[rank()];
        for (int axis = 0; axis < sizes.length; axis++) {
            if (!shape.get(axis).isFixed()) {
                throw SaveException.internal(this + " has no fixed shape");
            }
            sizes[axis] = shape.get(axis).size();
        }
        return sizes;
    }

    public TensorType withElement(ElementType other) {
        return new TensorType(other, shape);
    }

    public TensorType withShape(List<Dimension> other) {
        return new TensorType(element, other);
    }

    @Override
    public String toString() {
        return element + shape.toString();
    }
}
