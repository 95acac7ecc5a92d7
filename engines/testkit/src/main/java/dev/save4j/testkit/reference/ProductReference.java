package dev.save4j.testkit.reference;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Products of matrices and tensors. */
final class ProductReference {
    private ProductReference() {}

    static List<ReferenceOperator> operators() {
        return List.of(
                ReferenceOperator.of("MatMul", in -> matmul(in.get(0), in.get(1))),
                ReferenceOperator.of("Gemm", ProductReference::gemm, "alpha", "beta", "transA", "transB"),
                ReferenceOperator.of("Einsum", ProductReference::einsum, "equation"),
                ReferenceOperator.microsoft(
                        "FusedMatMul",
                        ProductReference::fused,
                        "alpha",
                        "transA",
                        "transB",
                        "transBatchA",
                        "transBatchB"));
    }

    /** As NumPy's matmul: vectors become matrices, leading axes broadcast. */
    static Numbers matmul(Numbers left, Numbers right) {
        if (left.rank() == 1) {
            Numbers product = matmul(left.withShape(1, left.size()), right);
            return product.withShape(without(product.shape(), right.rank() == 1 ? 0 : product.rank() - 2));
        }
        if (right.rank() == 1) {
            Numbers product = matmul(left, right.withShape(right.size(), 1));
            return product.withShape(without(product.shape(), product.rank() - 1));
        }
        int m = left.shape()[left.rank() - 2];
        int k = left.shape()[left.rank() - 1];
        int n = right.shape()[right.rank() - 1];
        int[] batch = Numbers.broadcast(
                Arrays.copyOf(left.shape(), left.rank() - 2), Arrays.copyOf(right.shape(), right.rank() - 2));
        Numbers a = left.broadcastTo(append(batch, m, k));
        Numbers b = right.broadcastTo(append(batch, k, n));
        double[] values = new double[Numbers.size(batch) * m * n];
        for (int i = 0; i < values.length; i++) {
            int matrix = i / (m * n);
            int row = i / n % m;
            for (int at = 0; at < k; at++) {
                values[i] += a.values()[(matrix * m + row) * k + at] * b.values()[(matrix * k + at) * n + i % n];
            }
        }
        return new Numbers(left.type(), append(batch, m, n), values);
    }

    private static int[] without(int[] shape, int axis) {
        return IntStream.range(0, shape.length)
                .filter(i -> i != axis)
                .map(i -> shape[i])
                .toArray();
    }

    static int[] append(int[] shape, int... more) {
        return IntStream.concat(Arrays.stream(shape), Arrays.stream(more)).toArray();
    }

    /** The last two axes exchanged. */
    static Numbers transposed(Numbers x) {
        int rank = x.rank();
        return x.transpose(IntStream.range(0, rank)
                .map(i -> i == rank - 2 ? rank - 1 : i == rank - 1 ? rank - 2 : i)
                .toArray());
    }

    private static Numbers gemm(Operands in) {
        Numbers left = in.flag("transA", false) ? transposed(in.get(0)) : in.get(0);
        Numbers right = in.flag("transB", false) ? transposed(in.get(1)) : in.get(1);
        double alpha = in.node().real("alpha", 1);
        double beta = in.node().real("beta", 1);
        Numbers product = matmul(left, right).map(x -> alpha * x);
        return in.has(2) ? product.with(in.get(2), (x, c) -> x + beta * c) : product;
    }

    private static List<Numbers> fused(Operands in) {
        Numbers left = oriented(in, 0, "transA", "transBatchA");
        Numbers right = oriented(in, 1, "transB", "transBatchB");
        double alpha = in.node().real("alpha", 1);
        return List.of(matmul(left, right).map(x -> alpha * x));
    }

    /** {@code transBatch} moves the first axis before the last one, ahead of a transposition. */
    private static Numbers oriented(Operands in, int operand, String transpose, String batch) {
        Numbers x = in.get(operand);
        int rank = x.rank();
        if (in.flag(batch, false)) {
            x = x.transpose(IntStream.range(0, rank)
                    .map(i -> i < rank - 2 ? i + 1 : i == rank - 2 ? 0 : i)
                    .toArray());
        }
        return in.flag(transpose, false) && rank > 1 ? transposed(x) : x;
    }

    /** Sums over every label that is not in the result, by trying all indices. */
    private static Numbers einsum(Operands in) {
        String equation = in.node().text("equation", "").replace(" ", "");
        int arrow = equation.indexOf("->");
        String[] terms = (arrow < 0 ? equation : equation.substring(0, arrow)).split(",", -1);
        Map<Character, Integer> sizes = new LinkedHashMap<>();
        int hidden = 0;
        for (int i = 0; i < terms.length; i++) {
            hidden = Math.max(
                    hidden, in.get(i).rank() - terms[i].replace("...", "").length());
        }
        for (int i = 0; i < terms.length; i++) {
            terms[i] = spelledOut(terms[i], in.get(i).rank());
            for (int axis = 0; axis < terms[i].length(); axis++) {
                sizes.merge(terms[i].charAt(axis), in.get(i).shape()[axis], Math::max);
            }
        }
        String result = arrow < 0
                ? implicit(terms)
                : spelledOut(
                        equation.substring(arrow + 2),
                        equation.substring(arrow + 2).replace("...", "").length() + hidden);
        StringBuilder labels = new StringBuilder(result);
        sizes.keySet().stream().filter(label -> result.indexOf(label) < 0).forEach(labels::append);
        int[] loop = labels.chars().map(label -> sizes.get((char) label)).toArray();
        int[] shape = Arrays.copyOf(loop, result.length());
        double[] values = new double[Numbers.size(shape)];
        int inner = Numbers.size(Arrays.copyOfRange(loop, result.length(), loop.length));
        int[] index = new int[loop.length];
        for (int i = 0; i < values.length * inner; i++) {
            double product = 1;
            for (int operand = 0; operand < terms.length; operand++) {
                Numbers x = in.get(operand);
                int[] at = new int[x.rank()];
                for (int axis = 0; axis < at.length; axis++) {
                    at[axis] =
                            x.shape()[axis] == 1 ? 0 : index[labels.indexOf(terms[operand].substring(axis, axis + 1))];
                }
                product *= x.at(at);
            }
            values[i / inner] += product;
            Numbers.next(index, loop);
        }
        return new Numbers(in.get(0).type(), shape, values);
    }

    /** The ellipsis gets digits as labels, aligned to the right. */
    private static String spelledOut(String term, int rank) {
        int hidden = rank - term.replace("...", "").length();
        StringBuilder digits = new StringBuilder();
        for (int i = hidden; i > 0; i--) {
            digits.append((char) ('0' + i));
        }
        return term.replace("...", digits.toString());
    }

    private static String implicit(String[] terms) {
        String all = String.join("", terms);
        return all.chars()
                .filter(label -> all.indexOf(label) == all.lastIndexOf(label) || Character.isDigit(label))
                .distinct()
                .sorted()
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
