package dev.save4j.graph;

import dev.save4j.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Follows the number of dimensions of values through a graph, as far as the common operators say it, and the number of elements of the vectors that
 * are used as shapes. What is not known stays unknown; nothing is guessed.
 */
final class Ranks {
    private static final Set<String> KNOWN_DOMAINS = Set.of("", Node.MICROSOFT, Node.SAVE4J);
    private static final Set<String> SAME_AS_FIRST = Set.of(
            "Identity",
            "Cast",
            "CastLike",
            "Neg",
            "Abs",
            "Sign",
            "Exp",
            "Log",
            "Sqrt",
            "Reciprocal",
            "Erf",
            "Tanh",
            "Sigmoid",
            "Softplus",
            "Sin",
            "Cos",
            "Gelu",
            "Relu",
            "LeakyRelu",
            "Elu",
            "HardSigmoid",
            "HardSwish",
            "Mish",
            "Clip",
            "CumSum",
            "Softmax",
            "LogSoftmax",
            "Hardmax",
            "Trilu",
            "Not",
            "Ceil",
            "Floor",
            "Round",
            "IsNaN",
            "IsInf",
            "LayerNormalization",
            "RMSNormalization",
            "BatchNormalization",
            "InstanceNormalization",
            "GroupNormalization",
            "Transpose",
            "Slice",
            "Pad",
            "Concat",
            "Split",
            "TopK",
            "GatherElements",
            "ScatterElements",
            "ScatterND",
            "Conv",
            "ConvTranspose",
            "AveragePool",
            "MaxPool",
            "GlobalAveragePool",
            "GlobalMaxPool",
            "RotaryEmbedding",
            "Dropout",
            "Tile",
            "StopGradient",
            "SkipLayerNormalization",
            "FastGelu",
            "BiasGelu",
            "QuickGelu");
    private static final Set<String> BROADCAST = Set.of(
            "Add",
            "Sub",
            "Mul",
            "Div",
            "Pow",
            "Mod",
            "Min",
            "Max",
            "Sum",
            "Mean",
            "Equal",
            "Greater",
            "GreaterOrEqual",
            "Less",
            "LessOrEqual",
            "And",
            "Or",
            "Xor",
            "Where",
            "PRelu");

    private final Map<String, Integer> ranks = new HashMap<>();
    private final Map<String, Integer> lengths = new HashMap<>();

    OptionalInt of(String value) {
        Integer rank = ranks.get(value);
        return rank == null ? OptionalInt.empty() : OptionalInt.of(rank);
    }

    void declare(String value, TensorType type) {
        if (type.isRanked()) {
            set(value, type.rank());
            if (type.rank() == 1 && type.dimension(0).isFixed()) {
                lengths.put(value, (int) Math.min(type.dimension(0).size(), Integer.MAX_VALUE));
            }
        }
    }

    void declare(String value, Tensor tensor) {
        set(value, tensor.rank());
        if (tensor.rank() == 1) {
            lengths.put(value, tensor.size());
        }
    }

    private void set(String value, int rank) {
        if (!value.isEmpty() && rank >= 0) {
            ranks.put(value, rank);
        }
    }

    /** Takes in one node whose operands have been taken in before. */
    void follow(Node node) {
        if (!KNOWN_DOMAINS.contains(node.domain())) {
            return;
        }
        OptionalInt rank = rank(node);
        if (rank.isPresent()) {
            node.outputs().forEach(output -> set(output, rank.getAsInt()));
        }
        OptionalInt length = length(node);
        if (length.isPresent() && node.hasOutput(0)) {
            lengths.put(node.outputs().get(0), length.getAsInt());
        }
    }

    private OptionalInt rank(Node node) {
        String operator = node.operator();
        if (SAME_AS_FIRST.contains(operator)) {
            return operand(node, 0);
        }
        if (BROADCAST.contains(operator)) {
            return largest(node);
        }
        if (OpsetUpgrade.REDUCTIONS.contains(operator)) {
            return reduced(node);
        }
        return switch (operator) {
            case "MatMul", "FusedMatMul" -> product(node);
            case "Gemm", "Flatten", "NonZero" -> OptionalInt.of(2);
            case "Shape", "Range" -> OptionalInt.of(1);
            case "Size" -> OptionalInt.of(0);
            case "Reshape" -> lengthOf(node, 1);
            case "ConstantOfShape" -> lengthOf(node, 0);
            case "Expand" -> plus(operand(node, 0), lengthOf(node, 1), 0, Math::max);
            case "Gather" -> plus(operand(node, 0), operand(node, 1), -1, Integer::sum);
            case "OneHot" -> shifted(operand(node, 0), 1);
            case "ArgMax", "ArgMin" -> shifted(operand(node, 0), node.integer("keepdims", 1) == 0 ? -1 : 0);
            case "Unsqueeze" -> plus(operand(node, 0), lengthOf(node, 1), 0, Integer::sum);
            case "Squeeze" -> plus(operand(node, 0), lengthOf(node, 1), 0, (rank, axes) -> rank - axes);
            default -> OptionalInt.empty();
        };
    }

    private OptionalInt length(Node node) {
        return switch (node.operator()) {
            case "Identity", "Cast" -> lengthOf(node, 0);
            case "Shape" -> node.attributes().isEmpty() ? operand(node, 0) : OptionalInt.empty();
            case "Unsqueeze" -> operand(node, 0).equals(OptionalInt.of(0)) ? OptionalInt.of(1) : OptionalInt.empty();
            case "Concat" -> {
                int sum = 0;
                for (int i = 0; i < node.inputs().size(); i++) {
                    OptionalInt part = lengthOf(node, i);
                    if (part.isEmpty()) {
                        yield OptionalInt.empty();
                    }
                    sum += part.getAsInt();
                }
                yield OptionalInt.of(sum);
            }
            case "Add", "Sub", "Mul", "Div" -> {
                OptionalInt left = lengthOf(node, 0);
                yield left.equals(lengthOf(node, 1)) ? left : OptionalInt.empty();
            }
            default -> OptionalInt.empty();
        };
    }

    private OptionalInt operand(Node node, int index) {
        return node.hasInput(index) ? of(node.inputs().get(index)) : OptionalInt.empty();
    }

    private OptionalInt lengthOf(Node node, int index) {
        Integer length = node.hasInput(index) ? lengths.get(node.inputs().get(index)) : null;
        return length == null ? OptionalInt.empty() : OptionalInt.of(length);
    }

    private OptionalInt largest(Node node) {
        List<OptionalInt> operands = IntStream.range(0, node.inputs().size())
                .mapToObj(index -> operand(node, index))
                .toList();
        return operands.stream().allMatch(OptionalInt::isPresent)
                ? operands.stream().mapToInt(OptionalInt::getAsInt).max()
                : OptionalInt.empty();
    }

    private OptionalInt product(Node node) {
        return plus(operand(node, 0), operand(node, 1), 0, (left, right) -> {
            int vectors = (left == 1 ? 1 : 0) + (right == 1 ? 1 : 0);
            return Math.max(Math.max(left, right), 2) - vectors;
        });
    }

    private OptionalInt reduced(Node node) {
        if (node.integer("keepdims", 1) != 0) {
            return operand(node, 0);
        }
        if (!node.hasInput(1)) {
            return node.integer("noop_with_empty_axes", 0) == 0 ? OptionalInt.of(0) : operand(node, 0);
        }
        OptionalInt axes = lengthOf(node, 1);
        return axes.isPresent() && axes.getAsInt() == 0
                ? OptionalInt.empty()
                : plus(operand(node, 0), axes, 0, (rank, gone) -> rank - gone);
    }

    private static OptionalInt shifted(OptionalInt rank, int by) {
        return rank.isPresent() ? OptionalInt.of(rank.getAsInt() + by) : rank;
    }

    private static OptionalInt plus(
            OptionalInt left, OptionalInt right, int shift, java.util.function.IntBinaryOperator joined) {
        return left.isPresent() && right.isPresent()
                ? OptionalInt.of(joined.applyAsInt(left.getAsInt(), right.getAsInt()) + shift)
                : OptionalInt.empty();
    }
}
