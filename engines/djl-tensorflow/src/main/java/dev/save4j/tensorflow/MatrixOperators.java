package dev.save4j.tensorflow;

import static dev.save4j.tensorflow.Operator.FLOATING;

import dev.save4j.graph.Node;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Products of matrices. */
final class MatrixOperators {
    private MatrixOperators() {}

    static List<Operator> all() {
        return List.of(
                Operator.of(
                        "MatMul",
                        2,
                        2,
                        FLOATING,
                        Set.of(),
                        in -> product(in.ops(), in.symbol(0), in.symbol(1), false, false)),
                Operator.of("Gemm", 2, 3, FLOATING, Set.of("alpha", "beta", "transA", "transB"), MatrixOperators::gemm),
                Operator.of("Einsum", 1, 2, FLOATING, Set.of("equation"), Einsum::evaluate)
                        .unless(Einsum::objection),
                Operator.many(
                        Node.MICROSOFT,
                        "FusedMatMul",
                        2,
                        2,
                        FLOATING,
                        Set.of("transA", "transB", "transBatchA", "transBatchB", "alpha"),
                        Operator.single(MatrixOperators::fused)));
    }

    /** A product that takes a vector for a row on the left and for a column on the right, as NumPy does. */
    private static Symbol product(
            TensorOps ops, Symbol left, Symbol right, boolean transposeLeft, boolean transposeRight) {
        boolean row = left.rank() == 1;
        boolean column = right.rank() == 1;
        Symbol result = ops.matmul(
                row ? ops.expandDims(left, 0) : left,
                column ? ops.expandDims(right, 1) : right,
                transposeLeft && !row,
                transposeRight && !column);
        int rank = result.rank();
        long[] shape = IntStream.range(0, rank)
                .filter(axis -> !(row && axis == rank - 2) && !(column && axis == rank - 1))
                .mapToLong(result::size)
                .toArray();
        return ops.reshape(result, shape);
    }

    private static Symbol fused(Arguments in) {
        Symbol left = in.flag("transBatchA", false) ? batchInside(in.ops(), in.symbol(0)) : in.symbol(0);
        Symbol right = in.flag("transBatchB", false) ? batchInside(in.ops(), in.symbol(1)) : in.symbol(1);
        Symbol product = product(in.ops(), left, right, in.flag("transA", false), in.flag("transB", false));
        return in.ops().mul(product, in.node().real("alpha", 1));
    }

    /** The first axis moved to the place before the last. */
    private static Symbol batchInside(TensorOps ops, Symbol x) {
        int rank = x.rank();
        int[] order = new int[rank];
        for (int axis = 0; axis < rank; axis++) {
            order[axis] = axis < rank - 2 ? axis + 1 : axis == rank - 2 ? 0 : axis;
        }
        return rank < 3 ? x : ops.transpose(x, order);
    }

    private static Symbol gemm(Arguments in) {
        Node node = in.node();
        TensorOps ops = in.ops();
        Symbol product = ops.matmul(in.symbol(0), in.symbol(1), in.flag("transA", false), in.flag("transB", false));
        Symbol scaled = ops.mul(product, node.real("alpha", 1));
        return in.has(2) ? ops.add(scaled, ops.mul(in.symbol(2), node.real("beta", 1))) : scaled;
    }
}
