package dev.save4j.pytorch;

import static dev.save4j.pytorch.Operator.ANY;
import static dev.save4j.pytorch.Operator.FLOATING;

import ai.djl.ndarray.NDArray;
import dev.save4j.graph.HostTensor;
import dev.save4j.tensor.ElementType;
import java.util.EnumSet;
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
    private static final Set<ElementType> BOOLEAN = EnumSet.of(ElementType.BOOL);

    private ElementwiseOperators() {}

    static List<Operator> all() {
        return List.of(
                binary("Add", NDArray::add),
                binary("Sub", NDArray::sub),
                binary("Mul", NDArray::mul),
                binary("Div", NDArray::div),
                binary("Max", NDArray::maximum),
                binary("Min", NDArray::minimum),
                binary("Sum", NDArray::add),
                Operator.of("Mean", FLOATING, NONE, ElementwiseOperators::mean),
                Operator.of("Pow", ANY, NONE, ElementwiseOperators::power),
                unary("Neg", NDArray::neg),
                unary("Abs", NDArray::abs),
                unary("Exp", NDArray::exp),
                unary("Log", NDArray::log),
                unary("Sqrt", NDArray::sqrt),
                Operator.of("Reciprocal", FLOATING, NONE, in -> in.scalar(1).div(in.array(0))),
                unary("Erf", NDArray::erf),
                unary("Tanh", NDArray::tanh),
                unary("Sigmoid", array -> array.getNDArrayInternal().sigmoid()),
                unary("Softplus", array -> array.getNDArrayInternal().softPlus()),
                unary("Relu", array -> array.getNDArrayInternal().relu()),
                unary("Sin", NDArray::sin),
                unary("Cos", NDArray::cos),
                Operator.of(
                        "LeakyRelu",
                        FLOATING,
                        Set.of("alpha"),
                        in -> in.array(0)
                                .getNDArrayInternal()
                                .leakyRelu(in.node().real("alpha", 0.01f))),
                Operator.of("Gelu", FLOATING, Set.of("approximate"), ElementwiseOperators::gelu),
                Operator.of("Swish", FLOATING, Set.of("alpha"), ElementwiseOperators::swish),
                Operator.of("Clip", ANY, NONE, ElementwiseOperators::clip),
                step("Floor", NDArray::floor),
                step("Ceil", NDArray::ceil),
                step("Round", NDArray::round),
                step("Sign", NDArray::sign),
                comparison("Equal", NDArray::eq),
                comparison("Greater", NDArray::gt),
                comparison("GreaterOrEqual", NDArray::gte),
                comparison("Less", NDArray::lt),
                comparison("LessOrEqual", NDArray::lte),
                logic("And", NDArray::logicalAnd),
                logic("Or", NDArray::logicalOr),
                logic("Xor", NDArray::logicalXor),
                Operator.constant("Not", BOOLEAN, NONE, in -> in.array(0).logicalNot()),
                Operator.constant("IsNaN", FLOATING, NONE, in -> in.array(0).isNaN()),
                Operator.of("Where", ANY, NONE, in -> TorchNative.where(in.array(0), in.array(1), in.array(2))),
                new Operator(
                        new dev.save4j.engine.OperatorRule("", "Cast", Set.of("to", "saturate"), ANY, true),
                        ElementwiseOperators::cast));
    }

    private static Operator binary(String name, BinaryOperator<NDArray> function) {
        return Operator.of(name, ANY, NONE, in -> fold(in, function));
    }

    /** Max, Min and Sum take any number of operands. */
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
        return Operator.of(name, ANY, NONE, in -> function.apply(in.array(0)));
    }

    private static Operator step(String name, UnaryOperator<NDArray> function) {
        return Operator.constant(name, ANY, NONE, in -> function.apply(in.array(0)));
    }

    private static Operator comparison(String name, BinaryOperator<NDArray> function) {
        return Operator.constant(name, ANY, NONE, in -> function.apply(in.array(0), in.array(1)));
    }

    private static Operator logic(String name, BinaryOperator<NDArray> function) {
        return Operator.constant(name, BOOLEAN, NONE, in -> function.apply(in.array(0), in.array(1)));
    }

    /** The same array under a new handle, part of the autograd graph. */
    static NDArray same(NDArray array) {
        return array.reshape(array.getShape());
    }

    private static NDArray mean(Arguments in) {
        NDArray sum = fold(in, NDArray::add);
        return sum.div(in.scalar(in.count()));
    }

    private static NDArray power(Arguments in) {
        NDArray base = in.floating(0);
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
        return base.pow(in.floating(1));
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

    private static NDArray gelu(Arguments in) {
        NDArray x = in.array(0);
        return switch (in.node().text("approximate", "none")) {
            case "none" -> x.getNDArrayInternal().gelu();
            case "tanh" -> geluByTanh(in, x);
            default ->
                throw in.unsupported(
                        "approximate is '" + in.node().text("approximate", "") + "', expected 'none' or 'tanh'");
        };
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
