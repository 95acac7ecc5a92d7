package dev.save4j.testkit;

import dev.save4j.graph.Attribute;
import dev.save4j.tensor.ElementType;
import dev.save4j.testkit.reference.Numbers;
import java.util.List;

/** Samples of operators that work element by element. */
final class ElementwiseSamples {
    private static final List<int[]> SHAPES =
            List.of(new int[0], new int[] {5}, new int[] {3, 4}, new int[] {2, 3, 2}, new int[] {2, 1, 3, 2});

    private ElementwiseSamples() {}

    static void addTo(SampleList list) {
        functions(list);
        activations(list);
        twoOperands(list);
        comparisons(list);
        choices(list);
        integers(list);
        casts(list);
    }

    private static String rank(int[] shape) {
        return "rank " + shape.length;
    }

    private static void functions(SampleList list) {
        for (int[] shape : SHAPES) {
            for (String operator : List.of("Abs", "Neg", "Exp", "Sin", "Cos", "Tanh", "Erf", "Sinh", "Cosh", "Asinh")) {
                list.op(operator).data(list.numbers(shape)).label(rank(shape));
            }
            for (String operator : List.of("Log", "Sqrt", "Reciprocal")) {
                list.op(operator).data(list.positive(shape)).label(rank(shape));
            }
            list.op("Identity").data(list.numbers(shape)).label(rank(shape));
            list.own("StopGradient").data(list.numbers(shape)).rough().label(rank(shape));
        }
        for (String operator : List.of("Acos", "Asin", "Atan", "Atanh", "Tan")) {
            list.op(operator).data(list.uniform(-0.9, 0.9, 3, 4)).label("rank 2");
        }
        list.op("Acosh").data(list.uniform(1.2, 3, 3, 4)).label("rank 2");
        Numbers steps = Numbers.of(new double[] {-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0, 1, -1, 0.2, 1.7, -3.9}, 3, 4);
        for (String operator : List.of("Ceil", "Floor", "Round", "Sign")) {
            list.op(operator).data(steps).rough().label("halves go to even numbers");
            list.op(operator).data(list.numbers(2, 3)).label("matrix");
        }
        Numbers special = Numbers.of(
                new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0, 1, -2}, 2, 3);
        list.op("IsNaN").data(special).label("special values");
        list.op("IsInf").data(special).label("special values");
        list.op("IsInf").data(special).set("detect_negative", 0).label("positive only");
        list.op("IsInf").data(special).set("detect_positive", 0).label("negative only");
        list.op("Exp").data(Numbers.of(new double[] {-200, 200, 0}, 3)).rough().label("underflow and overflow");
        for (String operator : List.of("Not")) {
            list.op(operator).input(list.booleans(3, 4)).label("matrix");
        }
        list.op("Dropout").data(list.numbers(2, 3)).set("seed", 1).label("evaluation");
        list.op("Dropout").data(list.numbers(2, 3)).results(2).label("evaluation, with mask");
    }

    private static void activations(SampleList list) {
        for (int[] shape : SHAPES) {
            for (String operator :
                    List.of("Sigmoid", "Softplus", "Relu", "Gelu", "HardSwish", "Mish", "Softsign", "LeakyRelu")) {
                list.op(operator).data(list.numbers(shape)).label(rank(shape));
            }
            list.op("Swish").data(list.numbers(shape)).opset(24).label(rank(shape));
        }
        Numbers far = Numbers.of(new double[] {-120, -40, 40, 120}, 4);
        for (String operator : List.of("Sigmoid", "Softplus", "Tanh", "Gelu")) {
            list.op(operator).data(far).rough().label("far from zero");
        }
        list.op("Gelu").data(list.numbers(3, 4)).set("approximate", "tanh").label("by tanh");
        list.op("Swish").data(list.numbers(3, 4)).opset(24).set("alpha", 1.7f).label("alpha");
        list.op("LeakyRelu").data(list.numbers(3, 4)).set("alpha", 0.3f).label("alpha");
        list.op("Elu").data(list.numbers(3, 4)).label("default");
        list.op("Elu").data(list.numbers(3, 4)).set("alpha", 1.3f).label("alpha");
        list.op("Celu").data(list.numbers(3, 4)).label("default");
        list.op("Celu").data(list.numbers(3, 4)).set("alpha", 1.3f).label("alpha");
        list.op("Selu").data(list.numbers(3, 4)).label("default");
        list.op("Selu")
                .data(list.numbers(3, 4))
                .set("alpha", 1.5f)
                .set("gamma", 1.2f)
                .label("alpha and gamma");
        list.op("HardSigmoid").data(list.numbers(3, 4)).label("default");
        list.op("HardSigmoid")
                .data(list.numbers(3, 4))
                .set("alpha", 0.3f)
                .set("beta", 0.4f)
                .label("alpha and beta");
        list.op("ThresholdedRelu").data(list.numbers(3, 4)).label("default");
        list.op("ThresholdedRelu").data(list.numbers(3, 4)).set("alpha", 0.1f).label("alpha");
        list.op("Shrink").data(list.numbers(3, 4)).label("default");
        list.op("Shrink")
                .data(list.numbers(3, 4))
                .set("lambd", 0.1f)
                .set("bias", 0.2f)
                .label("lambda and bias");
        list.op("PRelu").data(list.numbers(2, 3, 4)).data(list.positive(3, 1)).label("slope per channel");
        list.op("PRelu").data(list.numbers(2, 3)).data(list.positive(1)).label("one slope");
        for (String operator : List.of("Gelu", "FastGelu", "QuickGelu")) {
            list.microsoft(operator).data(list.numbers(2, 4)).label("default");
        }
        list.microsoft("QuickGelu").data(list.numbers(2, 4)).set("alpha", 1.1f).label("alpha");
        list.microsoft("FastGelu")
                .data(list.numbers(2, 4))
                .data(list.numbers(4))
                .label("bias");
        list.microsoft("BiasGelu")
                .data(list.numbers(2, 4))
                .data(list.numbers(4))
                .label("bias");
    }

    private static void twoOperands(SampleList list) {
        List<List<int[]>> pairs = List.of(
                List.of(new int[] {2, 3}, new int[] {2, 3}),
                List.of(new int[] {2, 3}, new int[0]),
                List.of(new int[0], new int[] {2, 3}),
                List.of(new int[] {2, 3, 4}, new int[] {4}),
                List.of(new int[] {4}, new int[] {2, 3, 4}),
                List.of(new int[] {3, 1}, new int[] {1, 4}),
                List.of(new int[] {2, 1, 3, 2}, new int[] {3, 1}));
        for (List<int[]> pair : pairs) {
            String label = java.util.Arrays.toString(pair.get(0)) + " with " + java.util.Arrays.toString(pair.get(1));
            for (String operator : List.of("Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "Mean")) {
                list.op(operator)
                        .data(list.positive(pair.get(0)))
                        .data(list.positive(pair.get(1)))
                        .label(label);
            }
        }
        for (String operator : List.of("Max", "Min", "Sum", "Mean")) {
            list.op(operator).data(list.numbers(3)).label("one operand");
            list.op(operator)
                    .data(list.distinct(2, 3))
                    .data(list.distinct(3))
                    .data(list.distinct(2, 1))
                    .label("three operands");
        }
        for (float exponent : new float[] {-0.5f, 0.5f, 0, 1, 1.7f, 2, 3}) {
            list.op("Pow")
                    .data(list.positive(2, 3))
                    .constant(Numbers.scalar((double) exponent))
                    .label("constant exponent " + exponent);
        }
        list.op("Pow")
                .data(Numbers.of(new double[] {-1.5, -0.5, 0.5, 2}, 4))
                .constant(Numbers.scalar(2.0))
                .label("squares of negative numbers");
        list.op("Pow").data(list.numbers(4)).constant(Numbers.scalar(3L)).label("integer exponent");
        list.op("Mod")
                .input(list.numbers(6))
                .input(list.numbers(6))
                .set("fmod", 1)
                .label("floating");
    }

    private static void comparisons(SampleList list) {
        for (String operator : List.of("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")) {
            Numbers left = Numbers.of(new double[] {1, 2, 3, -1, 0, Double.POSITIVE_INFINITY}, 2, 3);
            list.op(operator)
                    .input(left)
                    .input(Numbers.of(new double[] {1, 3, 2}, 3))
                    .label("equal numbers among them");
            list.op(operator)
                    .input(list.integers(-2, 3, 3, 4))
                    .input(list.integers(-2, 3, 3, 1))
                    .label("integers");
        }
        for (String operator : List.of("And", "Or", "Xor")) {
            list.op(operator).input(list.booleans(3, 4)).input(list.booleans(4)).label("broadcast");
            list.op(operator)
                    .input(list.booleans(3, 4))
                    .input(list.booleans(3, 4))
                    .label("equal shapes");
        }
    }

    private static void choices(SampleList list) {
        list.op("Where")
                .input(list.booleans(2, 3))
                .data(list.numbers(2, 3))
                .data(list.numbers(2, 3))
                .label("equal shapes");
        list.op("Where")
                .input(list.booleans(3, 1))
                .data(list.numbers(4))
                .data(list.numbers())
                .label("all broadcast");
        list.op("Where")
                .constant(list.booleans(4))
                .data(list.numbers(2, 3, 1))
                .data(list.numbers(3, 4))
                .label("constant condition");
        list.op("Where")
                .input(list.booleans(2, 2))
                .data(list.numbers(2, 2))
                .constant(Numbers.scalar(Double.NEGATIVE_INFINITY))
                .rough()
                .label("masked with minus infinity");
        Numbers x = list.numbers(3, 4);
        list.op("Clip").data(x).label("no bounds");
        list.op("Clip").data(x).constant(Numbers.scalar(-0.51)).label("low");
        list.op("Clip").data(x).absent().constant(Numbers.scalar(0.83)).label("high");
        list.op("Clip")
                .data(x)
                .constant(Numbers.scalar(-0.51))
                .constant(Numbers.scalar(0.83))
                .label("both");
        list.op("Clip")
                .data(x)
                .input(Numbers.scalar(-0.51))
                .input(Numbers.scalar(0.83))
                .label("bounds as inputs");
        list.op("Clip")
                .data(x)
                .data(Numbers.scalar(-0.51))
                .data(Numbers.scalar(0.83))
                .label("bounds with gradients");
        list.op("Clip")
                .data(x)
                .constant(Numbers.scalar(1.0))
                .constant(Numbers.scalar(-1.0))
                .rough()
                .label("low above high");
    }

    private static void integers(SampleList list) {
        Numbers left = Numbers.of(new long[] {7, -7, 7, -7, 0, 5}, 2, 3);
        Numbers right = Numbers.of(new long[] {3, 3, -3, -3, 2, 5}, 2, 3);
        for (String operator : List.of("Add", "Sub", "Mul", "Div", "Mod", "Max", "Min")) {
            list.op(operator).input(left).input(right).label("integers");
            list.op(operator).input(left).constant(Numbers.vector(2)).label("integers, broadcast");
        }
        list.op("Mod").input(left).input(right).set("fmod", 1).label("sign of the dividend");
        list.op("Pow").input(left).input(Numbers.scalar(3L)).label("integers");
        for (String operator : List.of("Neg", "Abs", "Sign", "Identity")) {
            list.op(operator).input(left).label("integers");
        }
        list.op("Where").input(list.booleans(2, 3)).input(left).input(right).label("integers");
        for (String operator : List.of("BitwiseAnd", "BitwiseOr", "BitwiseXor")) {
            list.op(operator).input(left).input(right).label("integers");
        }
        list.op("BitwiseNot").input(left).label("integers");
        for (String direction : List.of("LEFT", "RIGHT")) {
            list.op("BitShift")
                    .input(list.integers(0, 200, 4).withType(ElementType.UINT8))
                    .input(list.integers(0, 4, 4).withType(ElementType.UINT8))
                    .set("direction", direction)
                    .label(direction);
        }
    }

    private static void casts(SampleList list) {
        Numbers mixed = Numbers.of(new double[] {-2.7, -0.4, 0, 0.6, 3.2, 100.9}, 2, 3);
        for (ElementType to : List.of(ElementType.INT64, ElementType.INT32, ElementType.BOOL)) {
            list.op("Cast").data(mixed).set("to", Attribute.of(to.onnxCode())).label("float to " + to);
            list.op("Cast")
                    .input(list.integers(-3, 3, 5))
                    .set("to", Attribute.of(to.onnxCode()))
                    .label("integer to " + to);
        }
        list.op("Cast")
                .data(list.numbers(2, 3))
                .set("to", ElementType.FLOAT.onnxCode())
                .label("float to float");
        list.op("Cast").input(list.integers(-3, 3, 5)).set("to", 1).label("integer to float");
        list.op("Cast").input(list.booleans(5)).set("to", 1).label("boolean to float");
        list.op("Cast").input(list.booleans(5)).set("to", 7).label("boolean to integer");
        list.op("CastLike").data(list.numbers(3)).input(list.numbers(1)).label("float to float");
        list.op("CastLike").data(mixed).input(list.integers(0, 1, 2)).label("float to integer");
        list.op("Cast").data(list.numbers(2)).set("to", 1).set("saturate", 1).label("saturating");
        list.op("CastLike")
                .data(list.numbers(2))
                .input(list.numbers(1))
                .set("saturate", 1)
                .label("saturating");
    }
}
