package dev.save4j.tensorflow;

import static dev.save4j.tensorflow.Operator.ANY;
import static dev.save4j.tensorflow.Operator.FLOATING;

import ai.djl.ndarray.types.DataType;
import dev.save4j.engine.OperandTypes;
import dev.save4j.tensor.ElementType;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Operators that work on each element by itself, broadcasting as in NumPy.
 *
 * <p>Where Max and Min have equal operands the first gets the gradient; Clip passes the gradient on its bounds, and none outside.
 */
final class ElementwiseOperators {
    private static final Set<String> NONE = Set.of();

    private ElementwiseOperators() {}

    static List<Operator> all() {
        return List.of(
                binary("Add", "AddV2"),
                binary("Sub", "Sub"),
                binary("Mul", "Mul"),
                binary("Div", "RealDiv"),
                variadic("Max", "Maximum"),
                variadic("Min", "Minimum"),
                variadic("Sum", "AddV2"),
                Operator.of(
                        "Mean",
                        1,
                        Operator.MANY,
                        FLOATING,
                        NONE,
                        in -> in.ops().div(fold(in, "AddV2"), in.scalar(in.count()))),
                Operator.many("", "Pow", 2, 2, OperandTypes.of("Pow"), NONE, ElementwiseOperators::power),
                Operator.of("Mod", 2, 2, OperandTypes.of("Mod"), Set.of("fmod"), ElementwiseOperators::remainder),
                unary("Neg", "Neg"),
                unary("Abs", "Abs"),
                unary("Exp", "Exp"),
                unary("Log", "Log"),
                unary("Sqrt", "Sqrt"),
                unary("Erf", "Erf"),
                unary("Sin", "Sin"),
                unary("Cos", "Cos"),
                unary("Tan", "Tan"),
                unary("Sinh", "Sinh"),
                unary("Cosh", "Cosh"),
                unary("Asin", "Asin"),
                unary("Acos", "Acos"),
                unary("Atan", "Atan"),
                Operator.of("Reciprocal", 1, 1, FLOATING, NONE, in -> in.ops().div(in.scalar(1), in.symbol(0))),
                Operator.of("Clip", 1, 3, OperandTypes.of("Clip"), NONE, ElementwiseOperators::clip),
                unary("Floor", "Floor").withoutGradient(),
                unary("Ceil", "Ceil").withoutGradient(),
                unary("Round", "Round").withoutGradient(),
                unary("Sign", "Sign").withoutGradient(),
                unary("Not", "LogicalNot").withoutGradient(),
                unary("IsNaN", "IsNan").withoutGradient(),
                Operator.of(
                                "IsInf",
                                1,
                                1,
                                FLOATING,
                                Set.of("detect_negative", "detect_positive"),
                                ElementwiseOperators::isInfinite)
                        .withoutGradient(),
                binary("Equal", "Equal").withoutGradient(),
                binary("Greater", "Greater").withoutGradient(),
                binary("GreaterOrEqual", "GreaterEqual").withoutGradient(),
                binary("Less", "Less").withoutGradient(),
                binary("LessOrEqual", "LessEqual").withoutGradient(),
                binary("And", "LogicalAnd").withoutGradient(),
                binary("Or", "LogicalOr").withoutGradient(),
                binary("Xor", "NotEqual").withoutGradient(),
                Operator.of("Where", 3, 3, ANY, NONE, in -> in.ops().where(in.symbol(0), in.symbol(1), in.symbol(2))),
                Operator.many(
                        "",
                        "Cast",
                        1,
                        1,
                        ANY,
                        Set.of("to", "saturate"),
                        in -> cast(in, ElementType.ofOnnxCode((int) in.node().integer("to", 0)))),
                Operator.many("", "CastLike", 2, 2, ANY, Set.of("saturate"), in -> cast(in, in.element(1))));
    }

    private static Operator binary(String name, String type) {
        return Operator.of(
                name, 2, 2, OperandTypes.of(name), NONE, in -> in.ops().binary(type, in.symbol(0), in.symbol(1)));
    }

    private static Operator variadic(String name, String type) {
        return Operator.of(name, 1, Operator.MANY, OperandTypes.of(name), NONE, in -> fold(in, type));
    }

    private static Symbol fold(Arguments in, String type) {
        return IntStream.range(1, in.count())
                .mapToObj(in::symbol)
                .reduce(in.symbol(0), (a, b) -> in.ops().binary(type, a, b));
    }

    private static Operator unary(String name, String type) {
        return Operator.of(
                name, 1, 1, OperandTypes.of(name), NONE, in -> in.ops().unary(type, in.symbol(0)));
    }

    /** The result has the type of the base. */
    private static List<TracedValue> power(Arguments in) {
        if (in.element(0).isFloating()) {
            return List.of(new TracedValue.OnDevice(power(in, in.symbol(0))));
        }
        Symbol power = in.ops().binary("Pow", in.floating(0), in.floating(1));
        return List.of(new TracedValue.OnDevice(in.ops().cast(power, DataType.INT64)));
    }

    private static Symbol power(Arguments in, Symbol base) {
        OptionalDouble exponent = in.constant(1);
        if (exponent.isPresent() && in.rank(1) == 0) {
            double value = exponent.getAsDouble();
            if (value == 2) {
                return in.ops().square(base);
            } else if (value == 3) {
                return in.ops().mul(in.ops().square(base), base);
            } else if (value == 0.5) {
                return in.ops().sqrt(base);
            } else if (value == 1) {
                return base;
            }
        }
        return in.ops().binary("Pow", base, in.floating(1));
    }

    /** The remainder with the sign of the dividend. */
    private static Symbol remainder(Arguments in) {
        if (!in.flag("fmod", false)) {
            throw in.unsupported("fmod must be 1 for floating operands");
        }
        TensorOps ops = in.ops();
        Symbol quotient = ops.stopGradient(ops.div(in.symbol(0), in.symbol(1)));
        Symbol whole = ops.mul(ops.unary("Sign", quotient), ops.unary("Floor", ops.unary("Abs", quotient)));
        return ops.sub(in.symbol(0), ops.mul(ops.stopGradient(whole), in.symbol(1)));
    }

    private static Symbol clip(Arguments in) {
        Symbol result = in.symbol(0);
        // TensorFlow's extremes give the whole gradient to the first of equal operands: here what is clipped.
        if (in.has(1)) {
            result = in.ops().binary("Maximum", result, in.symbol(1));
        }
        return in.has(2) ? in.ops().binary("Minimum", result, in.symbol(2)) : result;
    }

    private static Symbol isInfinite(Arguments in) {
        Symbol low = in.ops().binary("Equal", in.symbol(0), in.scalar(Double.NEGATIVE_INFINITY));
        Symbol high = in.ops().binary("Equal", in.symbol(0), in.scalar(Double.POSITIVE_INFINITY));
        boolean negative = in.flag("detect_negative", true);
        boolean positive = in.flag("detect_positive", true);
        return negative && positive
                ? in.ops().binary("LogicalOr", low, high)
                : negative ? low : positive ? high : in.ops().binary("LogicalAnd", low, high);
    }

    /** There is one floating type in the graph, so a cast between floating types keeps every bit. */
    private static List<TracedValue> cast(Arguments in, ElementType to) {
        if (to.isFloating()) {
            OptionalDouble constant = in.constant(0);
            return List.of(new TracedValue.OnDevice(in.floating(0), constant));
        }
        Symbol from =
                in.isOnHost(0) || !in.isFloating(0) ? in.symbol(0) : in.ops().stopGradient(in.symbol(0));
        if (to == ElementType.BOOL) {
            Symbol zero = in.ops().cast(in.scalar(0), from.type());
            return List.of(new TracedValue.OnDevice(
                    from.type() == DataType.BOOLEAN ? from : in.ops().binary("NotEqual", from, zero)));
        }
        return List.of(new TracedValue.OnDevice(in.ops().cast(from, DataType.INT64)));
    }
}
