package dev.save4j.pytorch;

import static dev.save4j.pytorch.Operator.ANY;
import static dev.save4j.pytorch.Operator.FLOATING;

import ai.djl.ndarray.NDArray;
import dev.save4j.graph.HostTensor;
import dev.save4j.graph.Node;
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
                Operator.many("", "Pow", 2, 2, ANY, NONE, ElementwiseOperators::power),
                Operator.of("Mod", 2, 2, ANY, Set.of("fmod"), ElementwiseOperators::remainder),
                unary("Neg", NDArray::neg),
                unary("Abs", NDArray::abs),
                unary("Exp", NDArray::exp),
                unary("Log", NDArray::log),
                unary("Sqrt", NDArray::sqrt),
                unary("Erf", NDArray::erf),
                unary("Tanh", NDArray::tanh),
                unary("Sigmoid", array -> array.getNDArrayInternal().sigmoid()),
                unary("Softplus", array -> array.getNDArrayInternal().softPlus()),
                unary("Relu", array -> array.getNDArrayInternal().relu()),
                unary("Sin", NDArray::sin),
                unary("Cos", NDArray::cos),
                Operator.of(
                        "Reciprocal", 1, 1, FLOATING, NONE, in -> in.scalar(1).div(in.array(0))),
                Operator.of(
                        "LeakyRelu",
                        1,
                        1,
                        FLOATING,
                        Set.of("alpha"),
                        in -> in.array(0)
                                .getNDArrayInternal()
                                .leakyRelu(in.node().real("alpha", 0.01f))),
                Operator.of("Gelu", 1, 1, FLOATING, Set.of("approximate"), ElementwiseOperators::gelu)
                        .unless(ElementwiseOperators::unknownGelu),
                Operator.of("Swish", 1, 1, FLOATING, Set.of("alpha"), ElementwiseOperators::swish),
                Operator.of("Clip", 1, 3, ANY, NONE, ElementwiseOperators::clip),
                unary("Floor", NDArray::floor).withoutGradient(),
                unary("Ceil", NDArray::ceil).withoutGradient(),
                unary("Round", NDArray::round).withoutGradient(),
                unary("Sign", NDArray::sign).withoutGradient(),
                unary("Not", NDArray::logicalNot).withoutGradient(),
                unary("IsNaN", NDArray::isNaN).withoutGradient(),
                binary("Equal", NDArray::eq).withoutGradient(),
                binary("Greater", NDArray::gt).withoutGradient(),
                binary("GreaterOrEqual", NDArray::gte).withoutGradient(),
                binary("Less", NDArray::lt).withoutGradient(),
                binary("LessOrEqual", NDArray::lte).withoutGradient(),
                binary("And", NDArray::logicalAnd).withoutGradient(),
                binary("Or", NDArray::logicalOr).withoutGradient(),
                binary("Xor", NDArray::logicalXor).withoutGradient(),
                Operator.of("Where", 3, 3, ANY, NONE, in -> TorchNative.where(in.array(0), in.array(1), in.array(2))),
                Operator.many("", "Cast", 1, 1, ANY, Set.of("to", "saturate"), ElementwiseOperators::cast));
    }

    private static Operator binary(String name, BinaryOperator<NDArray> function) {
        return Operator.of(name, 2, 2, ANY, NONE, in -> function.apply(in.array(0), in.array(1)));
    }

    private static Operator variadic(String name, BinaryOperator<NDArray> function) {
        return Operator.of(name, 1, Operator.MANY, ANY, NONE, in -> fold(in, function));
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
        return Operator.of(name, 1, 1, ANY, NONE, in -> function.apply(in.array(0)));
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

    private static String unknownGelu(Node node) {
        String approximate = node.text("approximate", "none");
        return approximate.equals("none") || approximate.equals("tanh")
                ? ""
                : "approximate is '" + approximate + "', expected 'none' or 'tanh'";
    }

    private static NDArray gelu(Arguments in) {
        NDArray x = in.array(0);
        return in.node().text("approximate", "none").equals("tanh")
                ? geluByTanh(in, x)
                : x.getNDArrayInternal().gelu();
    }

    /** x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))). */
    static NDArray geluByTanh(Arguments in, NDArray x) {
        NDArray cube = x.square().mul(x).mul(in.scalar(0.044715));
        NDArray inner = x.add(cube).mul(in.scalar(Math.sqrt(2 / Math.PI)));
        return x.mul(in.scalar(0.5)).mul(inner.tanh().add(in.scalar(1)));
    }

    private static NDArray swish(Arguments in) {
        NDArray x = in.array(0);
        float alpha = in.node().real("alpha", 1);
        NDArray inner = alpha == 1 ? x : x.mul(in.scalar(alpha));
        return x.mul(inner.getNDArrayInternal().sigmoid());
    }

    /** There is one floating type on the device, so a cast between floating types keeps every bit. */
    private static List<TorchValue> cast(Arguments in) {
        ElementType to = ElementType.ofOnnxCode((int) in.node().integer("to", 0));
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
        float[] numbers = in.numbers(0);
        long[] values = new long[numbers.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (long) numbers[i];
        }
        return List.of(new TorchValue.OnHost(new HostTensor(to, values, in.shape(0))));
    }
}
