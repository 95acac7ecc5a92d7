package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Products of matrices. With Y = α A B the derivatives are dA = α dY Bᵀ and dB = α Aᵀ dY; transpositions are flags of the products, nothing is moved.
 */
final class ProductGradients {
    private ProductGradients() {}

    static void addTo(GradientRules.Registry rules) {
        rules.add("MatMul com.microsoft::FusedMatMul", ProductGradients::product);
        rules.add("Gemm", ProductGradients::gemm);
        rules.add("Einsum", ((GradientRule) ProductGradients::einsum).unless(ProductGradients::objection));
    }

    /** One operand of a product as the formulas see it: at least a matrix, its batch in front. */
    private record Factor(Term term, ValueType type, boolean transposed) {}

    private static void product(Step step) {
        float alpha = step.node().real("alpha", 1);
        int rankA = step.rank(0);
        int rankB = step.rank(1);
        Factor a = factor(step, 0, "transA", "transBatchA", rankA == 1 ? 0 : -1);
        Factor b = factor(step, 1, "transB", "transBatchB", rankB == 1 ? 1 : -1);
        Term slope = step.slope();
        if (rankB == 1) {
            slope = slope.unsqueeze(-1);
        }
        if (rankA == 1) {
            slope = slope.unsqueeze(-2);
        }
        ValueType whole = batched(a.type(), b.type());
        if (step.wants(0)) {
            Term derivative = a.transposed()
                    ? b.term().product(b.transposed(), slope, true, alpha)
                    : slope.product(false, b.term(), !b.transposed(), alpha);
            Term sum = summable(derivative, b.type().size(b.transposed() ? -2 : -1), slope, -1);
            give(step, 0, sum, sized(whole, a.type()), a, "transBatchA");
        }
        if (step.wants(1)) {
            if (b.type().rank() == 2 && !a.transposed() && a.type().rank() >= 2) {
                weight(step, a, b, slope, alpha);
                return;
            }
            Term derivative = b.transposed()
                    ? slope.product(true, a.term(), a.transposed(), alpha)
                    : a.term().product(!a.transposed(), slope, false, alpha);
            Term sum = summable(derivative, a.type().size(a.transposed() ? -1 : -2), slope, -2);
            give(step, 1, sum, sized(whole, b.type()), b, "transBatchB");
        }
    }

    /** A product of which the library writes only the first matrix of the batch when it has no terms to add up. */
    private static Term summable(Term product, Size terms, Term slope, int axis) {
        if (!terms.mayBeZero()) {
            return product;
        }
        Term count = slope.shape().part(axis, axis == -1 ? Integer.MAX_VALUE : axis + 1);
        return count.equalTo(count.constant(0)).drop(product);
    }

    /** The derivative by a plain matrix: the rows of all batches are one product, whose sum over the batch costs nothing. */
    private static void weight(Step step, Factor a, Factor b, Term slope, float alpha) {
        boolean flat = a.type().rank() == 2;
        Term rows = flat ? a.term() : rows(step, a.term(), a.type().size(-1));
        Term slopes = flat ? slope : rows(step, slope, b.type().size(b.transposed() ? 0 : 1));
        Term derivative =
                b.transposed() ? slopes.gemm(true, rows, false, alpha) : rows.gemm(true, slopes, false, alpha);
        step.give(1, step.rank(1) == 1 ? derivative.reshape(step.shape(1)) : derivative);
    }

    private static Term rows(Step step, Term value, Size width) {
        Emitter emitter = step.emitter();
        return emitter.once(
                "rows " + value.name(),
                () -> width.isFixed()
                        ? value.reshape(-1, width.factor())
                        : value.reshape(
                                emitter.vector(-1).concat(0, value.shape().part(-1, Integer.MAX_VALUE))));
    }

    private static Factor factor(Step step, int operand, String transposed, String batch, int vectorAxis) {
        Term term = step.input(operand);
        ValueType type = step.type(operand);
        if (vectorAxis >= 0) {
            List<Size> sizes = new ArrayList<>(type.sizes().orElseThrow());
            sizes.add(vectorAxis, Size.ONE);
            return new Factor(term.unsqueeze(vectorAxis), ValueType.of(type.element(), sizes), false);
        }
        if (step.flag(batch, false) && type.rank() > 2) {
            int[] order = batchInside(type.rank());
            List<Size> sizes = new ArrayList<>();
            for (int axis : order) {
                sizes.add(type.size(axis));
            }
            return new Factor(term.transpose(order), ValueType.of(type.element(), sizes), step.flag(transposed, false));
        }
        return new Factor(term, type, step.flag(transposed, false));
    }

    /** The first axis moved to the place before the last. */
    private static int[] batchInside(int rank) {
        int[] order = new int[rank];
        for (int axis = 0; axis < rank; axis++) {
            order[axis] = axis < rank - 2 ? axis + 1 : axis == rank - 2 ? 0 : axis;
        }
        return order;
    }

    private static int[] inverse(int[] order) {
        int[] inverse = new int[order.length];
        for (int i = 0; i < order.length; i++) {
            inverse[order[i]] = i;
        }
        return inverse;
    }

    /** The batch of the product with a matrix of any size, of which the summing needs the batch alone. */
    private static ValueType batched(ValueType a, ValueType b) {
        int rank = Math.max(a.rank(), b.rank());
        List<Size> sizes = new ArrayList<>();
        for (int i = 0; i < rank - 2; i++) {
            int left = i - rank + a.rank();
            int right = i - rank + b.rank();
            sizes.add(
                    left < 0 ? b.size(right) : right < 0 ? a.size(left) : Size.broadcast(a.size(left), b.size(right)));
        }
        return ValueType.of(a.element(), sizes);
    }

    private static ValueType sized(ValueType batch, ValueType matrix) {
        List<Size> sizes = new ArrayList<>(batch.sizes().orElseThrow());
        sizes.add(matrix.size(-2));
        sizes.add(matrix.size(-1));
        return ValueType.of(matrix.element(), sizes);
    }

    private static void give(Step step, int operand, Term derivative, ValueType type, Factor factor, String batch) {
        int rank = step.rank(operand);
        Term summed = step.summed(derivative, type, factor.type(), factor.term()::shape);
        if (step.flag(batch, false) && rank > 2) {
            summed = summed.transpose(inverse(batchInside(rank)));
        }
        step.give(operand, rank == 1 ? summed.reshape(step.shape(operand)) : summed);
    }

    /** Y = α A B + β C, C broadcast: dC = β dY. */
    private static void gemm(Step step) {
        float alpha = step.node().real("alpha", 1);
        boolean transposeA = step.flag("transA", false);
        boolean transposeB = step.flag("transB", false);
        Term slope = step.slope();
        if (step.wants(0)) {
            step.give(
                    0,
                    transposeA
                            ? step.input(1).gemm(transposeB, slope, true, alpha)
                            : slope.gemm(false, step.input(1), !transposeB, alpha));
        }
        if (step.wants(1)) {
            step.give(
                    1,
                    transposeB
                            ? slope.gemm(true, step.input(0), transposeA, alpha)
                            : step.input(0).gemm(!transposeA, slope, false, alpha));
        }
        if (step.wants(2)) {
            step.give(
                    2, step.summed(slope, step.resultType(0), 2).mul(step.node().real("beta", 1)));
        }
    }

    private static String objection(Node node) {
        Equation equation = Equation.of(node);
        return equation.isPlain() && equation.terms().size() == node.inputs().size()
                ? ""
                : "the equation '" + node.text("equation", "")
                        + "' repeats a letter or has '...', and has no gradient then";
    }

    /**
     * The derivative by one operand is the Einsum of dy and the other operands with that operand's letters as result; along letters that nobody else
     * has it is repeated.
     */
    private static void einsum(Step step) {
        Equation equation = Equation.of(step.node());
        for (int i = 0; i < step.count(); i++) {
            if (!step.wants(i)) {
                continue;
            }
            List<String> terms = new ArrayList<>(List.of(equation.output()));
            List<Term> operands = new ArrayList<>(List.of(step.slope()));
            for (int other = 0; other < step.count(); other++) {
                if (other != i) {
                    terms.add(equation.terms().get(other));
                    operands.add(step.input(other));
                }
            }
            String letters = equation.terms().get(i);
            String elsewhere = String.join("", terms);
            StringBuilder shared = new StringBuilder();
            List<Long> repeated = new ArrayList<>();
            for (int axis = 0; axis < letters.length(); axis++) {
                if (elsewhere.indexOf(letters.charAt(axis)) >= 0) {
                    shared.append(letters.charAt(axis));
                } else {
                    repeated.add((long) axis);
                }
            }
            Term product = step.emitter()
                    .op(
                            "Einsum",
                            step.type(i).element(),
                            Map.of("equation", Attribute.of(String.join(",", terms) + "->" + shared)),
                            operands.toArray(Term[]::new));
            step.give(
                    i,
                    repeated.isEmpty()
                            ? product
                            : product.unsqueeze(repeated.stream()
                                            .mapToLong(Long::longValue)
                                            .toArray())
                                    .expand(step.shape(i)));
        }
    }
}
