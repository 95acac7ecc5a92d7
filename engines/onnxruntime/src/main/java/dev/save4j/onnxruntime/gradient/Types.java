package dev.save4j.onnxruntime.gradient;

import dev.save4j.SaveException;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * What is known of every value of a graph before it runs: its element type, the sizes of its axes, and the numbers in the vectors that are used as
 * shapes. What is not known has a name of its own, so that nothing is guessed.
 */
final class Types {
    /** Longer tensors of integers are data, not shapes. */
    private static final int LONGEST = 64;

    private static final Set<String> BOOLEAN = Set.of(
            "And", "Equal", "Greater", "GreaterOrEqual", "IsInf", "IsNaN", "Less", "LessOrEqual", "Not", "Or", "Xor");
    private static final Set<String> INTEGER = Set.of("ArgMax", "ArgMin", "NonZero", "Shape", "Size");

    private final Map<String, ValueType> types = new HashMap<>();
    private final Map<String, List<Size>> integers = new HashMap<>();
    private final Map<String, Double> numbers = new HashMap<>();

    Types(Graph graph) {
        graph.inputs().forEach(input -> types.put(input.name(), ValueType.of(input.name(), input.type())));
        graph.parameters().forEach((name, type) -> types.put(name, ValueType.of(name, type)));
        graph.constants().forEach(this::constant);
        graph.nodes().forEach(this::follow);
    }

    private void constant(String name, Tensor tensor) {
        types.put(name, ValueType.of(tensor));
        if (tensor.type().isFloating()) {
            if (tensor.size() == 1) {
                numbers.put(name, (double) tensor.toFloats()[0]);
            }
        } else if (tensor.rank() <= 1 && tensor.size() <= LONGEST) {
            integers.put(
                    name, LongStream.of(tensor.toLongs()).mapToObj(Size::of).toList());
        }
    }

    private void follow(Node node) {
        if (node.operator().equals("Constant") && node.domain().isEmpty()) {
            constant(node.outputs().get(0), tensor(node));
            return;
        }
        ResultSizes sizes = new ResultSizes(node, this);
        for (int i = 0; i < node.outputs().size(); i++) {
            String output = node.outputs().get(i);
            if (!output.isEmpty()) {
                ElementType element = element(node, i);
                types.put(output, new ValueType(element, sizes.of(i)));
            }
        }
        new IntegerFlow(node, this).result().ifPresent(values -> {
            if (values.size() <= LONGEST) {
                integers.put(node.outputs().get(0), values);
            }
        });
    }

    private static Tensor tensor(Node node) {
        Attribute value = node.attributes().values().iterator().next();
        if (value instanceof Attribute.Constant constant) {
            return constant.value();
        } else if (value instanceof Attribute.Int integer) {
            return Tensor.scalar(integer.value());
        } else if (value instanceof Attribute.Ints many) {
            return Tensor.vector(many.toArray());
        } else if (value instanceof Attribute.Real real) {
            return Tensor.scalar(real.value());
        } else if (value instanceof Attribute.Reals reals) {
            float[] values = new float[reals.values().size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = reals.values().get(i);
            }
            return Tensor.of(values, values.length);
        }
        throw SaveException.user(node.describe() + ": a constant must be a tensor or numbers");
    }

    private ElementType element(Node node, int result) {
        String operator = node.operator();
        if (BOOLEAN.contains(operator)) {
            return ElementType.BOOL;
        }
        if (INTEGER.contains(operator)) {
            return ElementType.INT64;
        }
        return switch (operator) {
            case "Cast" -> ElementType.ofOnnxCode((int) node.integer("to", 1));
            case "Where", "CastLike" -> elementOf(node, 1);
            case "OneHot" -> elementOf(node, 2);
            case "Dropout" -> result == 1 ? ElementType.BOOL : elementOf(node, 0);
            case "TopK", "MaxPool", "Unique" -> result > 0 ? ElementType.INT64 : elementOf(node, 0);
            case "EyeLike" ->
                node.has("dtype") ? ElementType.ofOnnxCode((int) node.integer("dtype", 1)) : elementOf(node, 0);
            case "ConstantOfShape" ->
                node.attributes().get("value") instanceof Attribute.Constant constant
                        ? constant.value().type()
                        : ElementType.FLOAT;
            case "QuantizeLinear" -> node.hasInput(2) ? elementOf(node, 2) : ElementType.UINT8;
            case "DequantizeLinear", "DynamicQuantizeMatMul", "MatMulIntegerToFloat" -> ElementType.FLOAT;
            case "DynamicQuantizeLinear" -> result == 1 ? ElementType.FLOAT : ElementType.UINT8;
            case "MatMulInteger", "ConvInteger" -> ElementType.INT32;
            case "QLinearMatMul", "QLinearConv" -> elementOf(node, 7);
            case "If", "Loop", "Scan" -> bodyElement(node, result);
            default -> elementOf(node, 0);
        };
    }

    private ElementType elementOf(Node node, int operand) {
        return node.hasInput(operand) ? of(node.inputs().get(operand)).element() : ElementType.FLOAT;
    }

    private static ElementType bodyElement(Node node, int result) {
        for (Attribute attribute : node.attributes().values()) {
            if (attribute instanceof Attribute.Body body) {
                // The first output of a loop's body is its condition.
                int at = node.operator().equals("Loop") ? result + 1 : result;
                if (at < body.value().outputs().size()
                        && body.value().outputs().get(at).type().isKnown()) {
                    return body.value().outputs().get(at).type().element();
                }
            }
        }
        return ElementType.FLOAT;
    }

    /** Lets a value that is computed again be known as what it is. */
    void again(String value, String name) {
        types.put(name, of(value));
        integers(value).ifPresent(known -> integers.put(name, known));
        number(value).ifPresent(known -> numbers.put(name, known));
    }

    ValueType of(String value) {
        ValueType type = types.get(value);
        if (type == null) {
            throw SaveException.internal("value '" + value + "' has no type");
        }
        return type;
    }

    /** The elements of an integer scalar or vector. */
    Optional<List<Size>> integers(String value) {
        return Optional.ofNullable(integers.get(value));
    }

    /** The elements of an integer scalar or vector that are the same in every run. */
    Optional<long[]> fixedIntegers(String value) {
        return integers(value)
                .filter(all -> all.stream().allMatch(Size::isFixed))
                .map(all -> all.stream().mapToLong(Size::factor).toArray());
    }

    /** The number in a constant of one element. */
    Optional<Double> number(String value) {
        return Optional.ofNullable(numbers.get(value));
    }
}
