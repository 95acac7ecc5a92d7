package dev.save4j.pytorch;

import static dev.save4j.pytorch.Operator.ANY;
import static dev.save4j.pytorch.Operator.FLOATING;

import ai.djl.ndarray.NDArray;
import dev.save4j.engine.OperandTypes;
import dev.save4j.graph.HostTensor;
import dev.save4j.tensor.ElementType;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/**
 * Operators that work on each element by itself, broadcasting as in NumPy.
 *
 * <p>Where Max and Min have equal operands each gets half of the gradient; Clip passes the gradient on its bounds, and none outside.
 */
final class ElementwiseOperators {
    private static final Set<String> NONE = Set.of();

    private ElementwiseOperators() {}

    static List<Operator> all() {
        return List.of(
                binary("Add", NDArray::add),
                binary("Sub", NDArray::sub),
                binary("Mul", NDArray::mul),
                binary("Div", NDArray::div),
                variadic("Max", NDArray::maximum),
                variadic("Min", NDArray::minimum),
                variadic("Sum", NDArray::add),
                Operator.of("Mean", 1, Operator.MANY, FLOATING, NONE, ElementwiseOperators::mean),
                Operator.many("", "Pow", 2, 2, OperandTypes.of("Pow"), NONE, ElementwiseOperators::power),
                Operator.of("Mod", 2, 2, OperandTypes.of("Mod"), Set.of("fmod"), ElementwiseOperators::remainder),
                unary("Neg", NDArray::neg),
                unary("Abs", NDArray::abs),
                unary("Exp", NDArray::exp),
                unary("Log", NDArray::log),
                unary("Sqrt", NDArray::sqrt),
                unary("Erf", NDArray::erf),
                unary("Sin", NDArray::sin),
                unary("Cos", NDArray::cos),
                unary("Tan", NDArray::tan),
                unary("Sinh", NDArray::sinh),
                unary("Cosh", NDArray::cosh),
                unary("Asin", NDArray::asin),
                unary("Acos", NDArray::acos),
                unary("Atan", NDArray::atan),
                Operator.of(
                        "Reciprocal", 1, 1, FLOATING, NONE, in -> in.scalar(1).div(in.array(0))),
                Operator.of("Clip", 1, 3, OperandTypes.of("Clip"), NONE, ElementwiseOperators::clip),
                unary("Floor", NDArray::floor).withoutGradient(),
                unary("Ceil", NDArray::ceil).withoutGradient(),
                unary("Round", NDArray::round).withoutGradient(),
                unary("Sign", NDArray::sign).withoutGradient(),
                unary("Not", NDArray::logicalNot).withoutGradient(),
                unary("IsNaN", NDArray::isNaN).withoutGradient(),
                Operator.of(
                                "IsInf",
                                1,
                                1,
                                FLOATING,
                                Set.of("detect_negative", "detect_positive"),
                                ElementwiseOperators::isInfinite)
                        .withoutGradient(),
                binary("Equal", NDArray::eq).withoutGradient(),
                binary("Greater", NDArray::gt).withoutGradient(),
                binary("GreaterOrEqual", NDArray::gte).withoutGradient(),
                binary("Less", NDArray::lt).withoutGradient(),
                binary("LessOrEqual", NDArray::lte).withoutGradient(),
                binary("And", NDArray::logicalAnd).withoutGradient(),
                binary("Or", NDArray::logicalOr).withoutGradient(),
                binary("Xor", NDArray::logicalXor).withoutGradient(),
                Operator.of("Where", 3, 3, ANY, NONE, in -> TorchNative.where(in.array(0), in.array(1), in.array(2))),
                Operator.many(
                        "",
                        "Cast",
                        1,
                        1,
                        ANY,
                        Set.of("to", "saturate"),
                        in -> cast(in, ElementType.ofOnnxCode((int) in.node().integer("to", 0)))),
                Operator.many("", "CastLike", 2, 2, ANY, Set.of("saturate"), in -> cast(in, typeOf(in, 1))));
    }

    private static Operator binary(String name, BinaryOperator<NDArray> function) {
        return Operator.of(name, 2, 2, OperandTypes.of(name), NONE, in -> function.apply(in.array(0), in.array(1)));
    }

    private static Operator variadic(String name, BinaryOperator<NDArray> function) {
        return Operator.of(name, 1, Operator.MANY, OperandTypes.of(name), NONE, in -> fold(in, function));
    }

    private static NDArray fold(Arguments in, BinaryOperator<NDArray> function) {
        if (in.count() == 1) {
            return same(in.array(0));
        }
        NDArray result = function.apply(in.array(0), in.array(1));
        for (int i = 2; i < in.count(); i++) {
            result = function.apply(result, in.array(i));
        }
        return result;
    }

    private static Operator unary(String name, UnaryOperator<NDArray> function) {
        return Operator.of(name, 1, 1, OperandTypes.of(name), NONE, in -> function.apply(in.array(0)));
    }

    /** The same array under a new handle, part of the autograd graph. */
    static NDArray same(NDArray array) {
        return array.reshape(array.getShape());
    }

    private static NDArray mean(Arguments in) {
        NDArray sum = fold(in, NDArray::add);
        return sum.div(in.scalar(in.count()));
    }

    private static List<TorchValue> power(Arguments in) {
        if (in.value(0) instanceof TorchValue.OnHost host) {
            return List.of(new TorchValue.OnHost(integerPower(in, host.tensor())));
        }
        return List.of(new TorchValue.OnDevice(power(in, in.array(0))));
    }

    private static NDArray power(Arguments in, NDArray base) {
        OptionalDouble exponent = in.constant(1);
        if (exponent.isPresent() && in.rank(1) == 0) {
            double value = exponent.getAsDouble();
            if (value == 2) {
                return base.square();
            } else if (value == 3) {
                return base.square().mul(base);
            } else if (value == 0.5) {
                return base.sqrt();
            } else if (value == 1) {
                return same(base);
            }
        }
        if (in.value(1) instanceof TorchValue.OnHost) {
            return base.pow(in.floating(1));
        }
        return base.pow(in.array(1));
    }

    /** The result of Pow has the type of the base. */
    private static HostTensor integerPower(Arguments in, HostTensor base) {
        NDArray power = in.memory().uploadAsFloating(base).pow(in.floating(1));
        float[] numbers = in.memory().download(power, ElementType.FLOAT).toFloats();
        long[] values = new long[numbers.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (long) numbers[i];
        }
        return new HostTensor(base.type(), values, power.getShape().getShape());
    }

    /** The remainder with the sign of the dividend. */
    private static NDArray remainder(Arguments in) {
        if (!in.flag("fmod", false)) {
            throw in.unsupported("fmod must be 1 for floating operands");
        }
        NDArray quotient = in.array(0).div(in.array(1)).trunc().stopGradient();
        return in.array(0).sub(quotient.mul(in.array(1)));
    }

    private static NDArray clip(Arguments in) {
        OptionalDouble low = in.has(1) ? in.constant(1) : OptionalDouble.of(Double.NEGATIVE_INFINITY);
        OptionalDouble high = in.has(2) ? in.constant(2) : OptionalDouble.of(Double.POSITIVE_INFINITY);
        if (low.isPresent() && high.isPresent() && low.getAsDouble() <= high.getAsDouble()) {
            return in.array(0).clip(low.getAsDouble(), high.getAsDouble());
        }
        NDArray result = in.array(0);
        if (in.has(1)) {
            result = result.maximum(in.array(1));
        }
        return in.has(2) ? result.minimum(in.array(2)) : result;
    }

    private static NDArray isInfinite(Arguments in) {
        NDArray low = in.array(0).eq(in.scalar(Double.NEGATIVE_INFINITY));
        NDArray high = in.array(0).eq(in.scalar(Double.POSITIVE_INFINITY));
        boolean negative = in.flag("detect_negative", true);
        boolean positive = in.flag("detect_positive", true);
        return negative && positive ? low.logicalOr(high) : negative ? low : positive ? high : low.logicalAnd(high);
    }

    private static ElementType typeOf(Arguments in, int operand) {
        if (in.value(operand) instanceof TorchValue.OnHost host) {
            return host.tensor().type();
        }
        return in.isFloating(operand) ? ElementType.FLOAT : ElementType.BOOL;
    }

    /** There is one floating type on the device, so a cast between floating types keeps every bit. */
    private static List<TorchValue> cast(Arguments in, ElementType to) {
        if (to.isFloating()) {
            NDArray result = in.value(0) instanceof TorchValue.OnHost host
                    ? in.memory().uploadAsFloating(host.tensor())
                    : in.isFloating(0)
                            ? same(in.array(0))
                            : Copies.numbers(in.array(0), in.memory().floating());
            return List.of(new TorchValue.OnDevice(result));
        }
        if (to == ElementType.BOOL) {
            return List.of(new TorchValue.OnDevice(in.array(0).neq(in.scalar(0))));
        }
        if (!in.isFloating(0)) {
            HostTensor from = in.tensor(0);
            return List.of(new TorchValue.OnHost(new HostTensor(to, from.values(), from.shape())));
        }
        float[] numbers = in.numbers(0);
        long[] values = new long[numbers.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (long) numbers[i];
        }
        return List.of(new TorchValue.OnHost(new HostTensor(to, values, in.shape(0))));
    }
}
