package dev.save4j.pytorch;

import static dev.save4j.pytorch.Operator.ANY;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.save4j.SaveException;
import dev.save4j.graph.HostArithmetic;
import dev.save4j.graph.HostTensor;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Lookups of floating values by integer indices, which live on the host and are checked there. */
final class IndexOperators {
    private IndexOperators() {}

    static List<Operator> all() {
        return List.of(
                Operator.of("Gather", 2, 2, ANY, Set.of("axis"), IndexOperators::gather),
                Operator.of("GatherElements", 2, 2, ANY, Set.of("axis"), IndexOperators::gatherElements),
                Operator.of("GatherND", 2, 2, ANY, Set.of("batch_dims"), IndexOperators::gatherAtPositions));
    }

    /** Indices counted from the start; a USER error names the first that is outside. */
    private static HostTensor checked(Node node, HostTensor indices, long size) {
        long[] values = indices.values();
        for (int i = 0; i < values.length; i++) {
            long index = values[i];
            if (index < -size || index >= size) {
                throw SaveException.user(node.describe() + ": index " + index + " is outside the " + size
                        + " rows of its operand '" + node.inputs().get(0) + "'");
            }
            if (index < 0) {
                if (values == indices.values()) {
                    values = values.clone();
                }
                values[i] = index + size;
            }
        }
        return values == indices.values() ? indices : new HostTensor(ElementType.INT64, values, indices.shape());
    }

    /** Runs a lookup with the indices on the device; the value's own upload is used again where it can be. */
    private static NDArray lookUp(Arguments in, HostTensor indices, java.util.function.UnaryOperator<NDArray> lookUp) {
        if (in.has(1) && in.value(1) instanceof TorchValue.OnHost host && host.tensor() == indices) {
            return lookUp.apply(host.array(in.memory()));
        }
        try (NDArray uploaded = in.memory().upload(indices)) {
            return lookUp.apply(uploaded);
        }
    }

    private static NDArray gather(Arguments in) {
        int axis = in.axis("axis", 0);
        long[] shape = in.shape(0);
        HostTensor indices = checked(in.node(), in.tensor(1), shape[axis]);
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
                in, indices, uploaded -> TorchNative.rows(data.reshape(new Shape(shape[axis], width)), uploaded));
        long[] result = Arrays.copyOf(indices.shape(), indices.rank() + inner.length);
        System.arraycopy(inner, 0, result, indices.rank(), inner.length);
        NDArray gathered = rows.reshape(new Shape(result));
        if (axis == 0) {
            return gathered;
        }
        int[] back = new int[result.length];
        for (int i = 0; i < back.length; i++) {
            back[i] = i < axis ? indices.rank() + i : i < axis + indices.rank() ? i - axis : i;
        }
        return gathered.transpose(back);
    }

    private static NDArray gatherElements(Arguments in) {
        int axis = in.axis("axis", 0);
        HostTensor indices = checked(in.node(), in.tensor(1), in.shape(0)[axis]);
        return lookUp(in, indices, uploaded -> in.array(0).gather(uploaded, axis));
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
        return lookUp(in, rows, uploaded -> TorchNative.rows(in.array(0).reshape(new Shape(height, width)), uploaded))
                .reshape(new Shape(result));
    }
}
