package dev.save4j.engine;

import dev.save4j.tensor.ElementType;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/** The element types that the ONNX specification gives the operands of operators that compute, for engines that take them all. */
public final class OperandTypes {
    private static final Set<ElementType> FLOATING = EnumSet.noneOf(ElementType.class);
    private static final Set<ElementType> NUMERIC = EnumSet.complementOf(EnumSet.of(ElementType.BOOL));
    private static final Set<ElementType> EVERY = EnumSet.allOf(ElementType.class);

    static {
        Arrays.stream(ElementType.values()).filter(ElementType::isFloating).forEach(FLOATING::add);
    }

    private OperandTypes() {}

    /** Of an operator of the standard domain; all types where the specification has no narrower rule. */
    public static Set<ElementType> of(String operator) {
        Set<ElementType> types = EnumSet.copyOf(
                switch (operator) {
                    case "And", "Not", "Or", "Xor" -> EnumSet.of(ElementType.BOOL);
                    case "Acos", "Asin", "Atan", "Ceil", "Cos", "Cosh", "Erf", "Exp", "Floor", "IsNaN", "Log" ->
                        FLOATING;
                    case "Attention", "Mean", "RotaryEmbedding", "Round", "Sin", "Sinh", "Sqrt", "Sum", "Tan" ->
                        FLOATING;
                    case "Abs", "Add", "ArgMax", "ArgMin", "Clip", "CumSum", "Div", "Max", "Min", "Mod", "Mul" ->
                        NUMERIC;
                    case "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Neg", "Pow", "Range", "Sign" -> NUMERIC;
                    case "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMean", "ReduceProd" ->
                        NUMERIC;
                    case "ReduceSum", "ReduceSumSquare", "Sub", "TopK" -> NUMERIC;
                    default -> EVERY;
                });
        switch (operator) {
            // A mask, and the lengths of the keys.
            case "Attention" -> types.addAll(EnumSet.of(ElementType.BOOL, ElementType.INT64));
            // Positions.
            case "RotaryEmbedding" -> types.add(ElementType.INT64);
            default -> {}
        }
        return types;
    }
}
