package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.List;

/**
 * The type of a value in a graph: element type and dimensions. The rank is known except where a file does not say it, see {@link #isRanked()}; then
 * everything that needs the dimensions throws a USER error.
 */
public record TensorType(ElementType element, List<Dimension> shape) {
    private static final List<Dimension> ANY_RANK = List.of(Dimension.of("\0rank"));
    private static final List<Dimension> ANY_TYPE = List.of(Dimension.of("\0type"));

    /** The type of a value about which a file says nothing, as in the bodies of control-flow operators. */
    public static final TensorType UNKNOWN = new TensorType(ElementType.FLOAT, ANY_TYPE);

    public TensorType {
        shape = List.copyOf(shape);
    }

    /** A tensor of any rank. */
    public static TensorType unranked(ElementType element) {
        return new TensorType(element, ANY_RANK);
    }

    /** Whether the number of dimensions is known. */
    public boolean isRanked() {
        return !shape.equals(ANY_RANK) && isKnown();
    }

    /** Whether at least the element type is known. */
    public boolean isKnown() {
        return !shape.equals(ANY_TYPE);
    }

    /** The element type; a USER error when it is not known. */
    @Override
    public ElementType element() {
        if (!isKnown()) {
            throw SaveException.user(
                    "the file does not say the type of this value; export the model with typed values");
        }
        return element;
    }

    /** The dimensions; a USER error when their number is not known. */
    @Override
    public List<Dimension> shape() {
        if (!isRanked()) {
            throw SaveException.user(
                    "the file does not say how many dimensions this value has; export the model with shapes");
        }
        return shape;
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
        return shape().size();
    }

    /** The dimension at an axis; negative axes count from the end. */
    public Dimension dimension(int axis) {
        return shape().get(axis < 0 ? axis + rank() : axis);
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
        return new TensorType(element(), other);
    }

    @Override
    public String toString() {
        return isRanked() ? element + shape.toString() : isKnown() ? element + "[any rank]" : "[any type]";
    }
}
