package dev.save4j.pytorch;

import static dev.save4j.pytorch.Operator.ANY;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.save4j.SaveException;
import dev.save4j.graph.HostArithmetic;
import dev.save4j.graph.HostTensor;
import dev.save4j.tensor.ElementType;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Lookups of floating values by integer indices, which live on the host and are checked there. */
final class IndexOperators {
    private IndexOperators() {}

    static List<Operator> all() {
        return List.of(
                Operator.of("Gather", 2, 2, ANY, Set.of("axis"), IndexOperators::gather),
                Operator.of("GatherElements", 2, 2, ANY, Set.of("axis"), IndexOperators::gatherElements),
                Operator.of("GatherND", 2, 2, ANY, Set.of("batch_dims"), IndexOperators::gatherAtPositions));
    }

    /** The indices of operand 1 counted from the start; a USER error names the first that is outside. */
    static HostTensor positive(Arguments in, long size) {
        HostTensor indices = in.tensor(1);
        boolean negative = false;
        for (long index : indices.values()) {
            if (index < -size || index >= size) {
                throw SaveException.user(in.node().describe() + ": index " + index + " is outside the " + size
                        + " rows of its operand '" + in.node().inputs().get(0) + "'");
            }
            negative |= index < 0;
        }
        return negative
                ? new HostTensor(
                        ElementType.INT64,
                        LongStream.of(indices.values())
                                .map(index -> index < 0 ? index + size : index)
                                .toArray(),
                        indices.shape())
                : indices;
    }

    /** Runs a lookup with the indices on the device; the value's own upload is used where none counts from the end. */
    private static NDArray lookUp(Arguments in, long size, UnaryOperator<NDArray> lookUp) {
        HostTensor indices = positive(in, size);
        if (indices.equals(in.tensor(1))) {
            return lookUp.apply(in.array(1));
        }
        try (NDArray uploaded = in.memory().upload(indices)) {
            return lookUp.apply(uploaded);
        }
    }

    private static NDArray gather(Arguments in) {
        int axis = in.axis("axis", 0);
        long[] shape = in.shape(0);
        long[] positions = in.shape(1);
        // The gathered axis first, as rows of a matrix.
        int[] first = IntStream.concat(
                        IntStream.of(axis), IntStream.range(0, shape.length).filter(i -> i != axis))
                .toArray();
        NDArray data = axis == 0 ? in.array(0) : in.array(0).transpose(first);
        long[] inner = IntStream.range(0, shape.length)
                .filter(i -> i != axis)
                .mapToLong(i -> shape[i])
                .toArray();
        long width = Arrays.stream(inner).reduce(1, (a, b) -> a * b);
        NDArray rows = lookUp(
                in, shape[axis], indices -> TorchNative.rows(data.reshape(new Shape(shape[axis], width)), indices));
        long[] result = Arrays.copyOf(positions, positions.length + inner.length);
        System.arraycopy(inner, 0, result, positions.length, inner.length);
        NDArray gathered = rows.reshape(new Shape(result));
        if (axis == 0) {
            return gathered;
        }
        int[] back = new int[result.length];
        for (int i = 0; i < back.length; i++) {
            back[i] = i < axis ? positions.length + i : i < axis + positions.length ? i - axis : i;
        }
        return gathered.transpose(back);
    }

    private static NDArray gatherElements(Arguments in) {
        int axis = in.axis("axis", 0);
        return lookUp(in, in.shape(0)[axis], indices -> in.array(0).gather(indices, axis));
    }

    private static NDArray gatherAtPositions(Arguments in) {
        int batch = (int) in.node().integer("batch_dims", 0);
        long[] shape = in.shape(0);
        HostTensor rows = HostArithmetic.positions(in.node(), shape, in.tensor(1), batch);
        int lead = batch + (int) in.shape(1)[in.rank(1) - 1];
        long[] inner = Arrays.copyOfRange(shape, lead, shape.length);
        long width = Arrays.stream(inner).reduce(1, (a, b) -> a * b);
        long height = Arrays.stream(shape, 0, lead).reduce(1, (a, b) -> a * b);
        long[] result = Arrays.copyOf(rows.shape(), rows.rank() + inner.length);
        System.arraycopy(inner, 0, result, rows.rank(), inner.length);
        try (NDArray uploaded = in.memory().upload(rows)) {
            return TorchNative.rows(in.array(0).reshape(new Shape(height, width)), uploaded)
                    .reshape(new Shape(result));
        }
    }
}
