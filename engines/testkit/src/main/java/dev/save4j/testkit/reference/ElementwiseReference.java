package dev.save4j.testkit.reference;

import dev.save4j.engine.OperatorRule;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/** Arithmetic, comparison and choice, element by element. */
final class ElementwiseReference {
    private ElementwiseReference() {}

    static List<ReferenceOperator> operators() {
        List<ReferenceOperator> all = new ArrayList<>();
        unary(all, "Abs", Math::abs);
        unary(all, "Acos", Math::acos);
        unary(all, "Acosh", x -> Math.log(x + Math.sqrt(x * x - 1)));
        unary(all, "Asin", Math::asin);
        unary(all, "Asinh", x -> Math.signum(x) * Math.log(Math.abs(x) + Math.sqrt(x * x + 1)));
        unary(all, "Atan", Math::atan);
        unary(all, "Atanh", x -> (Math.log1p(x) - Math.log1p(-x)) / 2);
        unary(all, "Ceil", Math::ceil);
        unary(all, "Cos", Math::cos);
        unary(all, "Cosh", Math::cosh);
        unary(all, "Exp", Math::exp);
        unary(all, "Floor", Math::floor);
        unary(all, "Identity", x -> x);
        unary(all, "Log", Math::log);
        unary(all, "Neg", x -> -x);
        unary(all, "Reciprocal", x -> 1 / x);
        unary(all, "Round", Math::rint);
        unary(all, "Sign", Math::signum);
        unary(all, "Sin", Math::sin);
        unary(all, "Sinh", Math::sinh);
        unary(all, "Sqrt", Math::sqrt);
        unary(all, "Tan", Math::tan);
        unary(all, "Tanh", Math::tanh);
        unary(all, "BitwiseNot", x -> ~(long) x);
        unary(all, "Not", x -> x == 0 ? 1 : 0);
        variadic(all, "Add", Double::sum);
        variadic(all, "Sub", (a, b) -> a - b);
        variadic(all, "Mul", (a, b) -> a * b);
        variadic(all, "Max", Math::max);
        variadic(all, "Min", Math::min);
        variadic(all, "Sum", Double::sum);
        variadic(all, "And", (a, b) -> a != 0 && b != 0 ? 1 : 0);
        variadic(all, "Or", (a, b) -> a != 0 || b != 0 ? 1 : 0);
        variadic(all, "Xor", (a, b) -> (a != 0) == (b != 0) ? 0 : 1);
        variadic(all, "BitwiseAnd", (a, b) -> (long) a & (long) b);
        variadic(all, "BitwiseOr", (a, b) -> (long) a | (long) b);
        variadic(all, "BitwiseXor", (a, b) -> (long) a ^ (long) b);
        comparison(all, "Equal", (a, b) -> a == b ? 1 : 0);
        comparison(all, "Greater", (a, b) -> a > b ? 1 : 0);
        comparison(all, "GreaterOrEqual", (a, b) -> a >= b ? 1 : 0);
        comparison(all, "Less", (a, b) -> a < b ? 1 : 0);
        comparison(all, "LessOrEqual", (a, b) -> a <= b ? 1 : 0);
        all.add(ReferenceOperator.of("Div", ElementwiseReference::quotient));
        all.add(ReferenceOperator.of("Pow", ElementwiseReference::power));
        all.add(ReferenceOperator.of("Mod", ElementwiseReference::remainder, "fmod"));
        all.add(ReferenceOperator.of("Mean", in -> fold(in, Double::sum).map(x -> x / in.count())));
        all.add(ReferenceOperator.of("BitShift", ElementwiseReference::shift, "direction"));
        all.add(ReferenceOperator.of("Clip", ElementwiseReference::clip));
        all.add(ReferenceOperator.of("Where", ElementwiseReference::choose));
        all.add(ReferenceOperator.of(
                "IsNaN", in -> in.get(0).map(x -> Double.isNaN(x) ? 1 : 0).withType(ElementType.BOOL)));
        all.add(ReferenceOperator.of("IsInf", ElementwiseReference::infinite, "detect_negative", "detect_positive"));
        all.add(ReferenceOperator.of(
                "Cast", in -> cast(in.get(0), ElementType.ofOnnxCode(in.integer("to", 0))), "to", "saturate"));
        all.add(ReferenceOperator.of("CastLike", in -> cast(in.get(0), in.get(1).type()), "saturate"));
        all.add(ReferenceOperator.several("Dropout", ElementwiseReference::dropout, "seed"));
        all.add(new ReferenceOperator(
                new OperatorRule(Node.SAVE4J, "StopGradient", Set.of(), ReferenceOperator.ANY, true),
                in -> List.of(in.get(0))));
        return all;
    }

    private static void unary(List<ReferenceOperator> all, String operator, DoubleUnaryOperator function) {
        all.add(ReferenceOperator.of(operator, in -> in.get(0).map(function)));
    }

    private static void variadic(List<ReferenceOperator> all, String operator, DoubleBinaryOperator function) {
        all.add(ReferenceOperator.of(operator, in -> fold(in, function)));
    }

    private static void comparison(List<ReferenceOperator> all, String operator, DoubleBinaryOperator function) {
        all.add(ReferenceOperator.of(
                operator, in -> in.get(0).with(in.get(1), function).withType(ElementType.BOOL)));
    }

    private static Numbers fold(Operands in, DoubleBinaryOperator function) {
        Numbers result = in.get(0);
        for (int i = 1; i < in.count(); i++) {
            result = result.with(in.get(i), function);
        }
        return result;
    }

    private static Numbers quotient(Operands in) {
        return in.get(0).with(in.get(1), in.isInteger() ? (a, b) -> (double) ((long) a / (long) b) : (a, b) -> a / b);
    }

    private static Numbers power(Operands in) {
        Numbers power = in.get(0).with(in.get(1), Math::pow);
        return in.isInteger() ? power.map(x -> (long) x) : power;
    }

    private static Numbers remainder(Operands in) {
        if (in.flag("fmod", false)) {
            return in.get(0).with(in.get(1), (a, b) -> a % b);
        }
        return in.get(0).with(in.get(1), (a, b) -> Math.floorMod((long) a, (long) b));
    }

    private static Numbers shift(Operands in) {
        boolean left = in.node().text("direction", "").equals("LEFT");
        double modulus = Math.pow(2, 8 * in.get(0).type().bytes());
        return in.get(0)
                .with(in.get(1), (a, b) -> left ? a * Math.pow(2, b) % modulus : Math.floor(a / Math.pow(2, b)));
    }

    private static Numbers clip(Operands in) {
        double low = in.number(1, Double.NEGATIVE_INFINITY);
        double high = in.number(2, Double.POSITIVE_INFINITY);
        return in.get(0).map(x -> Math.min(Math.max(x, low), high));
    }

    private static Numbers choose(Operands in) {
        int[] shape = Numbers.broadcast(
                in.get(0).shape(),
                Numbers.broadcast(in.get(1).shape(), in.get(2).shape()));
        Numbers condition = in.get(0).broadcastTo(shape);
        Numbers yes = in.get(1).broadcastTo(shape);
        Numbers no = in.get(2).broadcastTo(shape);
        double[] values = new double[condition.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = condition.isTrue(i) ? yes.values()[i] : no.values()[i];
        }
        return new Numbers(yes.type(), shape, values);
    }

    private static Numbers infinite(Operands in) {
        boolean negative = in.flag("detect_negative", true);
        boolean positive = in.flag("detect_positive", true);
        return in.get(0)
                .map(x -> Double.isInfinite(x) && (x < 0 ? negative : positive) ? 1 : 0)
                .withType(ElementType.BOOL);
    }

    /** Towards zero for integers; floating numbers keep the precision of the reference. */
    static Numbers cast(Numbers from, ElementType to) {
        Numbers cast = to.isFloating()
                ? from
                : to == ElementType.BOOL ? from.map(x -> x == 0 ? 0 : 1) : from.map(x -> narrow((long) x, to));
        return cast.withType(to);
    }

    private static double narrow(long value, ElementType to) {
        return switch (to) {
            case INT8 -> (byte) value;
            case UINT8 -> value & 0xff;
            case INT16 -> (short) value;
            case UINT16 -> value & 0xffff;
            case INT32 -> (int) value;
            case UINT32 -> value & 0xffffffffL;
            default -> value;
        };
    }

    /** Only in evaluation, where nothing is dropped. */
    private static List<Numbers> dropout(Operands in) {
        if (in.number(2, 0) != 0 && in.number(1, 0.5) != 0) {
            throw in.unsupported("its mask is random");
        }
        return List.of(in.get(0), in.get(0).map(x -> 1).withType(ElementType.BOOL));
    }
}
