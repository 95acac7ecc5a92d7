package dev.save4j.pytorch;

import static dev.save4j.pytorch.Operator.FLOATING;

import ai.djl.ndarray.NDArray;
import dev.save4j.graph.Node;
import java.util.List;
import java.util.Set;

/** Products of matrices. */
final class MatrixOperators {
    private MatrixOperators() {}

    static List<Operator> all() {
        return List.of(
                Operator.of(
                        "MatMul", 2, 2, FLOATING, Set.of(), in -> in.array(0).matMul(in.array(1))),
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

    /** The last two axes exchanged; a view. */
    static NDArray transposed(NDArray array) {
        int rank = array.getShape().dimension();
        return array.swapAxes(rank - 2, rank - 1);
    }

    private static NDArray fused(Arguments in) {
        NDArray left = in.flag("transBatchA", false) ? batchInside(in.array(0)) : in.array(0);
        left = in.flag("transA", false) && in.rank(0) > 1 ? transposed(left) : left;
        NDArray right = in.flag("transBatchB", false) ? batchInside(in.array(1)) : in.array(1);
        boolean transposed = in.flag("transB", false) && in.rank(1) > 1;
        float factor = in.node().real("alpha", 1);
        // The linear kernel folds the leading axes into one large product.
        if (transposed && in.rank(1) == 2) {
            return scaled(in, TorchNative.linear(left, right, null), factor);
        }
        NDArray other = transposed ? transposed(right) : right;
        // The smaller of operand and product is scaled, queries rather than their scores.
        boolean wide = other.getShape().get(other.getShape().dimension() - 1)
                > left.getShape().get(left.getShape().dimension() - 1);
        return wide ? scaled(in, left, factor).matMul(other) : scaled(in, left.matMul(other), factor);
    }

    /** The first axis moved to the place before the last; a view. */
    private static NDArray batchInside(NDArray array) {
        int rank = array.getShape().dimension();
        int[] order = new int[rank];
        for (int axis = 0; axis < rank; axis++) {
            order[axis] = axis < rank - 2 ? axis + 1 : axis == rank - 2 ? 0 : axis;
        }
        return rank < 3 ? array : array.transpose(order);
    }

    private static NDArray gemm(Arguments in) {
        Node node = in.node();
        NDArray left = in.flag("transA", false) ? transposed(in.array(0)) : in.array(0);
        NDArray right = in.flag("transB", false) ? transposed(in.array(1)) : in.array(1);
        NDArray product = scaled(in, left.matMul(right), node.real("alpha", 1));
        return in.has(2) ? product.add(scaled(in, in.array(2), node.real("beta", 1))) : product;
    }

    private static NDArray scaled(Arguments in, NDArray array, float factor) {
        return factor == 1 ? array : array.mul(in.scalar(factor));
    }
}
