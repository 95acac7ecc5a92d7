package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.TensorType;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * What is known of a value before a graph runs.
 *
 * @param sizes of its axes; empty when not even their number is known
 */
record ValueType(ElementType element, Optional<List<Size>> sizes) {
    ValueType {
        sizes = sizes.map(List::copyOf);
    }

    static ValueType of(ElementType element, List<Size> sizes) {
        return new ValueType(element, Optional.of(sizes));
    }

    static ValueType unranked(ElementType element) {
        return new ValueType(element, Optional.empty());
    }

    static ValueType of(String value, TensorType type) {
        if (!type.isRanked()) {
            return unranked(type.isKnown() ? type.element() : ElementType.FLOAT);
        }
        List<Size> sizes = new ArrayList<>();
        for (int axis = 0; axis < type.rank(); axis++) {
            sizes.add(Size.of(type.dimension(axis), value + ":" + axis));
        }
        return of(type.element(), sizes);
    }

    static ValueType of(Tensor tensor) {
        return of(
                tensor.type(), LongStream.of(tensor.shape()).mapToObj(Size::of).toList());
    }

    boolean isRanked() {
        return sizes.isPresent();
    }

    int rank() {
        return sizes.orElseThrow().size();
    }

    Size size(int axis) {
        return sizes.orElseThrow().get(axis < 0 ? axis + rank() : axis);
    }

    ValueType with(ElementType other) {
        return new ValueType(other, sizes);
    }

    /** The shape, if it is the same in every run. */
    Optional<long[]> fixed() {
        return sizes.filter(all -> all.stream().allMatch(Size::isFixed))
                .map(all -> all.stream().mapToLong(Size::factor).toArray());
    }
}
