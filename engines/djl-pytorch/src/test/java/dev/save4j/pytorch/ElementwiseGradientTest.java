package dev.save4j.pytorch;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ElementwiseGradientTest {
    private static final long[] SCALAR = {};
    private static final long[] VECTOR = {4};
    private static final long[] COLUMN = {3, 1};
    private static final long[] MATRIX = {3, 4};
    private static final long[] CUBE = {2, 3, 4};
    private static final long[] FOUR = {2, 1, 3, 4};

    @ParameterizedTest
    @ValueSource(strings = {"Neg", "Exp", "Erf", "Tanh", "Sigmoid", "Softplus", "Sin", "Cos", "Abs", "Gelu"})
    void functionsOfAnyNumber(String operator) {
        each(-2, 2, x -> x, operator);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Log", "Sqrt", "Reciprocal"})
    void functionsOfPositiveNumbers(String operator) {
        each(0.3, 2, x -> x, operator);
    }

    @Test
    void functionsWithABend() {
        for (long[] shape : List.of(MATRIX, CUBE, FOUR)) {
            GradientCheck.check(-2, 2, (g, w) -> w[0].relu(), shape);
            GradientCheck.check(
                    -2,
                    2,
                    (g, w) -> g.node(
                                    "",
                                    "LeakyRelu",
                                    List.of(w[0]),
                                    Map.of("alpha", Attribute.of(0.2f)),
                                    List.of(w[0].type()))
                            .get(0),
                    shape);
        }
    }

    private static void each(double low, double high, UnaryOperator<Value> before, String operator) {
        for (long[] shape : List.of(SCALAR, VECTOR, MATRIX, CUBE, FOUR)) {
            GradientCheck.check(low, high, (g, w) -> g.op(operator, before.apply(w[0])), shape);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Add", "Sub", "Mul", "Div", "Min", "Max", "Pow"})
    void twoOperandsOfEqualShape(String operator) {
        GradientCheck.check(0.3, 2, (g, w) -> g.op(operator, w[0], w[1]), CUBE, CUBE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Add", "Sub", "Mul", "Div", "Min", "Max", "Pow"})
    void operandsThatBroadcast(String operator) {
        BiFunction<GraphBuilder, Value[], Value> expression = (g, w) -> g.op(operator, w[0], w[1]);
        for (long[] other : List.of(SCALAR, VECTOR, COLUMN, MATRIX)) {
            GradientCheck.check(0.3, 2, expression, CUBE, other);
            GradientCheck.check(0.3, 2, expression, other, CUBE);
        }
        GradientCheck.check(0.3, 2, expression, COLUMN, VECTOR);
        GradientCheck.check(0.3, 2, expression, FOUR, CUBE);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.5, 0.5, 1, 1.7, 2, 3})
    void powersWithAConstantExponent(double exponent) {
        GradientCheck.check(0.3, 2, (g, w) -> w[0].pow(exponent), MATRIX);
    }

    @Test
    void clipWithConstantBounds() {
        GradientCheck.check(-2, 2, (g, w) -> w[0].clip(-0.5, 0.8), CUBE);
        GradientCheck.check(-2, 2, (g, w) -> g.op("Clip", w[0], g.absent(), g.scalar(0.5)), CUBE);
        GradientCheck.check(-2, 2, (g, w) -> g.op("Clip", w[0], g.scalar(0.5)), CUBE);
    }

    @Test
    void clipWithTrainedBounds() {
        GradientCheck.check(-2, 2, (g, w) -> g.op("Clip", w[0], w[1].sub(1), w[2].add(1)), CUBE, SCALAR, SCALAR);
    }

    @Test
    void choicesWithConditionsThatBroadcast() {
        BinaryOperator<Value> choose = (a, b) -> a.greaterThan(b).choose(a.mul(2), b.exp());
        GradientCheck.check(-1, 1, (g, w) -> choose.apply(w[0], w[1]), CUBE, CUBE);
        GradientCheck.check(-1, 1, (g, w) -> choose.apply(w[0], w[1]), CUBE, COLUMN);
        GradientCheck.check(
                -1,
                1,
                (g, w) -> g.constant("mask", Tensor.of(new boolean[] {true, false, true}, 3, 1))
                        .choose(w[0], w[1]),
                CUBE,
                VECTOR);
    }

    @Test
    void variantsOfGelu() {
        GradientCheck.check(
                -2, 2, (g, w) -> g.op("Gelu", List.of(w[0]), Map.of("approximate", Attribute.of("tanh"))), CUBE);
    }

    @Test
    void combinations() {
        GradientCheck.check(-2, 2, (g, w) -> w[0].silu().add(w[0].logSigmoid()).add(w[0].square()), CUBE);
    }
}
