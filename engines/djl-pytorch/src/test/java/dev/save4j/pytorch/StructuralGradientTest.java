package dev.save4j.pytorch;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StructuralGradientTest {
    private static final long[] VECTOR = {4};
    private static final long[] MATRIX = {3, 4};
    private static final long[] CUBE = {2, 3, 4};
    private static final long[] FOUR = {2, 2, 3, 4};

    private static Value node(
            GraphBuilder g, String operator, List<Value> operands, Map<String, Attribute> attributes, Object... shape) {
        return g.node("", operator, operands, attributes, List.of(TensorType.of(ElementType.FLOAT, shape)))
                .get(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSumSquare"})
    void reductions(String operator) {
        for (long[] shape : List.of(VECTOR, MATRIX, CUBE, FOUR)) {
            for (int keep = 0; keep < 2; keep++) {
                Map<String, Attribute> attributes = Map.of("keepdims", Attribute.of(keep));
                GradientCheck.check(0.3, 2, (g, w) -> g.op(operator, List.of(w[0]), attributes), shape);
                GradientCheck.check(0.3, 2, (g, w) -> g.op(operator, List.of(w[0], g.vector(-1)), attributes), shape);
                GradientCheck.check(0.3, 2, (g, w) -> g.op(operator, List.of(w[0], g.vector(0)), attributes), shape);
            }
        }
        Map<String, Attribute> keep = Map.of("keepdims", Attribute.of(1));
        Map<String, Attribute> drop = Map.of("keepdims", Attribute.of(0));
        GradientCheck.check(0.3, 2, (g, w) -> g.op(operator, List.of(w[0], g.vector(0, -1)), drop), CUBE);
        GradientCheck.check(0.3, 2, (g, w) -> g.op(operator, List.of(w[0], g.vector(2, 1)), keep), FOUR);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp"})
    void rarerReductions(String operator) {
        Map<String, Attribute> drop = Map.of("keepdims", Attribute.of(0));
        GradientCheck.check(0.3, 2, (g, w) -> node(g, operator, List.of(w[0], g.vector(1)), drop, 2, 4), CUBE);
        GradientCheck.check(
                0.3, 2, (g, w) -> node(g, operator, List.of(w[0], g.vector(0, 2)), Map.of(), 1, 3, 1), CUBE);
        GradientCheck.check(0.3, 2, (g, w) -> node(g, operator, List.of(w[0]), drop), CUBE);
    }

    @Test
    void softmaxAlongEveryAxis() {
        for (int axis = -2; axis < 2; axis++) {
            int along = axis;
            GradientCheck.check(-2, 2, (g, w) -> w[0].softmax(along), CUBE);
            GradientCheck.check(-2, 2, (g, w) -> w[0].logSoftmax(along), CUBE);
            GradientCheck.check(-2, 2, (g, w) -> w[0].softmax(along), FOUR);
        }
    }

    @Test
    void runningSums() {
        for (int exclusive = 0; exclusive < 2; exclusive++) {
            for (int reverse = 0; reverse < 2; reverse++) {
                Map<String, Attribute> attributes =
                        Map.of("exclusive", Attribute.of(exclusive), "reverse", Attribute.of(reverse));
                for (long axis = -1; axis < 2; axis++) {
                    long along = axis;
                    GradientCheck.check(
                            -2, 2, (g, w) -> g.op("CumSum", List.of(w[0], g.scalar(along)), attributes), CUBE);
                }
            }
        }
    }

    @Test
    void shapesAreChanged() {
        GradientCheck.check(-2, 2, (g, w) -> w[0].reshape(4, -1), CUBE);
        GradientCheck.check(-2, 2, (g, w) -> w[0].reshape(0, 12), CUBE);
        GradientCheck.check(-2, 2, (g, w) -> w[0].reshape(g.concat(0, w[0].size(2), g.vector(-1))), CUBE);
        GradientCheck.check(-2, 2, (g, w) -> w[0].transpose(2, 0, 1).exp(), CUBE);
        GradientCheck.check(-2, 2, (g, w) -> w[0].transpose(0, 2, 1, 3).exp(), FOUR);
        GradientCheck.check(-2, 2, (g, w) -> w[0].unsqueeze(0, -1).squeeze(0).exp(), CUBE);
        GradientCheck.check(-2, 2, (g, w) -> w[0].expand(g.vector(2, 3, 4)).square(), VECTOR);
        GradientCheck.check(
                -2, 2, (g, w) -> w[0].unsqueeze(1).expand(g.vector(1, 2, 1)).square(), MATRIX);
        GradientCheck.check(
                -2, 2, (g, w) -> node(g, "Flatten", List.of(w[0]), Map.of("axis", Attribute.of(2)), 6, 4), CUBE);
        GradientCheck.check(
                -2,
                2,
                (g, w) -> node(g, "Tile", List.of(w[0], g.vector(2, 1)), Map.of(), 6, 4)
                        .exp(),
                MATRIX);
        GradientCheck.check(-2, 2, (g, w) -> w[0].identity().square(), CUBE);
    }

    @Test
    void partsAreTakenAndJoined() {
        GradientCheck.check(-2, 2, (g, w) -> w[0].slice(1, 1, 3).exp(), CUBE);
        GradientCheck.check(-2, 2, (g, w) -> w[0].slice(-1, -3, Long.MAX_VALUE).exp(), CUBE);
        GradientCheck.check(-2, 2, (g, w) -> w[0].slice(0, 0, -1).exp(), MATRIX);
        GradientCheck.check(
                -2,
                2,
                (g, w) -> node(
                                g,
                                "Slice",
                                List.of(
                                        w[0],
                                        g.vector(-1, 0),
                                        g.vector(Long.MIN_VALUE, 4),
                                        g.vector(2, 1),
                                        g.vector(-2, 2)),
                                Map.of(),
                                2,
                                2,
                                2)
                        .exp(),
                CUBE);
        GradientCheck.check(-2, 2, (g, w) -> g.concat(1, w[0], w[1].exp(), w[0]), MATRIX, new long[] {3, 2});
        GradientCheck.check(-2, 2, (g, w) -> g.concat(-2, w[0].exp(), w[1]), CUBE, CUBE);
        GradientCheck.check(
                -2,
                2,
                (g, w) -> {
                    List<Value> parts = w[0].split(-1, 1, 3);
                    return parts.get(0).exp().mul(parts.get(1));
                },
                CUBE);
        for (int upper = 0; upper < 2; upper++) {
            Map<String, Attribute> attributes = Map.of("upper", Attribute.of(upper));
            for (long diagonal = -1; diagonal < 2; diagonal++) {
                long at = diagonal;
                GradientCheck.check(
                        -2, 2, (g, w) -> g.op("Trilu", List.of(w[0].exp(), g.scalar(at)), attributes), CUBE);
            }
        }
    }

    @Test
    void lookups() {
        Tensor matrix = Tensor.of(new long[] {1, 0, -1, 1}, 2, 2);
        GradientCheck.check(
                -2, 2, (g, w) -> w[0].gather(g.constant("i", matrix), 0).exp(), MATRIX);
        GradientCheck.check(
                -2, 2, (g, w) -> w[0].gather(g.constant("i", matrix), 1).exp(), CUBE);
        GradientCheck.check(
                -2, 2, (g, w) -> w[0].gather(g.constant("i", matrix), -1).exp(), CUBE);
        GradientCheck.check(-2, 2, (g, w) -> w[0].gather(g.scalar(-2L), 1).exp(), CUBE);
        GradientCheck.check(-2, 2, (g, w) -> w[0].gather(g.vector(3, 3, 0), 0).exp(), VECTOR);
        Tensor elements = Tensor.of(new long[] {0, -1, 2, 1, 1, 1}, 2, 3, 1);
        GradientCheck.check(
                -2,
                2,
                (g, w) -> w[0].gatherElements(g.constant("i", elements), -1).exp(),
                CUBE);
        Tensor rows = Tensor.of(new long[] {0, -1, 1, 1, 1, 0, 0, 2}, 1, 2, 4);
        GradientCheck.check(
                -2, 2, (g, w) -> w[0].gatherElements(g.constant("i", rows), 1).exp(), CUBE);
        Tensor positions = Tensor.of(new long[] {2, -3}, 2, 1);
        GradientCheck.check(
                -2, 2, (g, w) -> w[0].atPosition(g.constant("i", positions)).exp(), CUBE);
        GradientCheck.check(
                -2, 2, (g, w) -> w[0].atPosition(g.constant("i", positions)).exp(), new long[] {2, 3});
        Tensor pairs = Tensor.of(new long[] {1, 2, 0, -1, 1, 0}, 3, 2);
        GradientCheck.check(
                -2, 2, (g, w) -> g.op("GatherND", w[0], g.constant("i", pairs)).exp(), CUBE);
        GradientCheck.check(
                -2, 2, (g, w) -> g.op("GatherND", w[0], g.constant("i", pairs)).exp(), new long[] {2, 3, 4, 2});
    }

    @Test
    void products() {
        long[] right = {4, 5};
        GradientCheck.check(-2, 2, (g, w) -> w[0].matmul(w[1]), MATRIX, right);
        GradientCheck.check(-2, 2, (g, w) -> w[0].matmul(w[1]), CUBE, right);
        GradientCheck.check(-2, 2, (g, w) -> w[0].matmul(w[1]), FOUR, right);
        GradientCheck.check(-2, 2, (g, w) -> w[0].matmul(w[1]), new long[] {2, 1, 3, 4}, new long[] {2, 4, 2});
        GradientCheck.check(-2, 2, (g, w) -> w[0].linear(w[1]), MATRIX, new long[] {5, 4});
        GradientCheck.check(-2, 2, (g, w) -> w[0].linear(w[1]), CUBE, new long[] {5, 4});
        GradientCheck.check(-2, 2, (g, w) -> w[0].linear(w[1]), FOUR, new long[] {2, 2, 5, 4});
        Map<String, Attribute> scaled =
                Map.of("transA", Attribute.of(1), "transB", Attribute.of(1), "alpha", Attribute.of(0.3f));
        GradientCheck.check(
                -2,
                2,
                (g, w) -> g.op("com.microsoft", "FusedMatMul", List.of(w[0], w[1]), scaled),
                new long[] {2, 4, 3},
                new long[] {2, 5, 4});
        Map<String, Attribute> gemm = Map.of(
                "transA",
                Attribute.of(1),
                "transB",
                Attribute.of(1),
                "alpha",
                Attribute.of(0.3f),
                "beta",
                Attribute.of(0.7f));
        GradientCheck.check(
                -2,
                2,
                (g, w) -> node(g, "Gemm", List.of(w[0], w[1], w[2]), gemm, 3, 5),
                new long[] {4, 3},
                new long[] {5, 4},
                new long[] {5});
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bij,bjk->bik",
                "bhid,bhjd->bhij",
                "bhij,bhjd->bihd",
                "ij,jk",
                "i,j->ij",
                "bij,bij->bi",
                "ij,j->i",
                "bij,kj->b"
            })
    void einsteinSumsOfTwo(String equation) {
        String[] terms = equation.split("->")[0].split(",");
        Map<String, Attribute> attributes = Map.of("equation", Attribute.of(equation));
        int rank = equation.contains("->") ? equation.split("->")[1].length() : 2;
        Object[] shape = Collections.nCopies(rank, "n").toArray();
        GradientCheck.check(
                -2,
                2,
                (g, w) -> node(g, "Einsum", List.of(w[0], w[1]), attributes, shape),
                sizes(terms[0]),
                sizes(terms[1]));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ij->ji", "bij->b", "bij->jb", "ij->"})
    void einsteinSumsOfOne(String equation) {
        Map<String, Attribute> attributes = Map.of("equation", Attribute.of(equation));
        int rank = equation.length() - equation.indexOf('>') - 1;
        Object[] shape = Collections.nCopies(rank, "n").toArray();
        GradientCheck.check(
                -2,
                2,
                (g, w) -> node(g, "Einsum", List.of(w[0].exp()), attributes, shape),
                sizes(equation.split("->")[0]));
    }

    private static long[] sizes(String letters) {
        return letters.chars().mapToLong(letter -> 2 + letter % 3).toArray();
    }

    @Test
    void normalisations() {
        for (int axis : new int[] {-1, 1, 2}) {
            long[] scale = axis == 1 ? new long[] {3, 4} : new long[] {4};
            Map<String, Attribute> attributes = Map.of("axis", Attribute.of(axis), "epsilon", Attribute.of(1e-3f));
            GradientCheck.check(
                    -2,
                    2,
                    (g, w) -> g.op("LayerNormalization", List.of(w[0], w[1], w[2]), attributes),
                    CUBE,
                    scale,
                    scale);
            GradientCheck.check(
                    -2, 2, (g, w) -> g.op("LayerNormalization", List.of(w[0], w[1]), attributes), CUBE, scale);
            GradientCheck.check(
                    -2, 2, (g, w) -> g.op("RMSNormalization", List.of(w[0], w[1]), attributes), CUBE, scale);
        }
        TensorType cube = TensorType.of(ElementType.FLOAT, 2, 3, 4);
        TensorType rows = TensorType.of(ElementType.FLOAT, 2, 3, 1);
        GradientCheck.check(
                -2,
                2,
                (g, w) -> {
                    List<Value> all =
                            g.node("", "LayerNormalization", List.of(w[0], w[1]), Map.of(), List.of(cube, rows, rows));
                    return all.get(0).mul(all.get(1)).mul(all.get(2));
                },
                CUBE,
                VECTOR);
        GradientCheck.check(
                -2,
                2,
                (g, w) -> g.node(
                                "com.microsoft",
                                "SkipSimplifiedLayerNormalization",
                                List.of(w[0], w[1], w[2]),
                                Map.of(),
                                List.of(cube))
                        .get(0),
                CUBE,
                CUBE,
                VECTOR);
    }
}
