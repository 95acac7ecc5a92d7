package dev.save4j.tensorflow;

import static dev.save4j.tensorflow.Operator.ANY;

import ai.djl.ndarray.types.DataType;
import dev.save4j.SaveException;
import dev.save4j.graph.HostArithmetic;
import dev.save4j.graph.HostTensor;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Lookups of floating values by integer indices, which are checked on the host in every run. */
final class IndexOperators {
    private IndexOperators() {}

    static List<Operator> all() {
        return List.of(
                Operator.of("Gather", 2, 2, ANY, Set.of("axis"), IndexOperators::gather),
                Operator.of("GatherElements", 2, 2, ANY, Set.of("axis"), IndexOperators::gatherElements),
                Operator.of("GatherND", 2, 2, ANY, Set.of("batch_dims"), IndexOperators::gatherAtPositions));
    }

    /** Indices counted from the start; a USER error names the first that is outside. */
    static HostTensor positive(Node node, HostTensor indices, long size) {
        long[] positive = indices.values().clone();
        for (int i = 0; i < positive.length; i++) {
            long index = positive[i];
            if (index < -size || index >= size) {
                throw SaveException.user(node.describe() + ": index " + index + " is outside the " + size
                        + " rows of its operand '" + node.inputs().get(0) + "'");
            }
            positive[i] = index < 0 ? index + size : index;
        }
        return new HostTensor(ElementType.INT64, positive, indices.shape());
    }

    private static Symbol gather(Arguments in) {
        int axis = in.axis("axis", 0);
        long size = in.shape(0)[axis];
        Symbol indices = in.computed(DataType.INT32, given -> positive(in.node(), given.tensor(1), size), 1);
        return in.ops().gather(in.symbol(0), indices, axis);
    }

    private static Symbol gatherElements(Arguments in) {
        int axis = in.axis("axis", 0);
        long[] shape = in.shape(0);
        Symbol positions = in.computed(DataType.INT32, given -> elements(in.node(), shape, given.tensor(1), axis), 1);
        return in.ops().gather(in.ops().flat(in.symbol(0)), positions, 0);
    }

    /** Positions, in the flattened data, of elements that differ from their own place along one axis. */
    static HostTensor elements(Node node, long[] data, HostTensor indices, int axis) {
        HostTensor positive = positive(node, indices, data[axis]);
        long[] shape = indices.shape();
        long[] at = new long[positive.size()];
        long[] index = new long[data.length];
        for (int i = 0; i < at.length; i++) {
            for (int d = 0; d < data.length; d++) {
                at[i] = at[i] * data[d] + (d == axis ? positive.values()[i] : index[d]);
            }
            for (int d = data.length - 1; d >= 0 && ++index[d] == shape[d]; d--) {
                index[d] = 0;
            }
        }
        return new HostTensor(ElementType.INT64, at, shape);
    }

    private static Symbol gatherAtPositions(Arguments in) {
        int batch = (int) in.node().integer("batch_dims", 0);
        long[] shape = in.shape(0);
        Symbol rows = in.computed(
                DataType.INT32, given -> HostArithmetic.positions(in.node(), shape, given.tensor(1), batch), 1);
        int lead = batch + (int) in.shape(1)[in.rank(1) - 1];
        long[] inner = Arrays.copyOfRange(shape, lead, shape.length);
        long width = Arrays.stream(inner).reduce(1, (a, b) -> a * b);
        long height = Arrays.stream(shape, 0, lead).reduce(1, (a, b) -> a * b);
        long[] result = Arrays.copyOf(rows.shape(), rows.rank() + inner.length);
        System.arraycopy(inner, 0, result, rows.rank(), inner.length);
        Symbol matrix = in.ops().reshape(in.symbol(0), height, width);
        return in.ops().reshape(in.ops().gather(matrix, rows, 0), result);
    }
}
