package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The element type of every value of a normalised graph, as far as it can be told: from the types of inputs, weights and constants, by the rules of
 * the ONNX operator specifications. Immutable.
 */
public final class ElementTypes {
    private static final Set<String> BOOLEAN = Set.of(
            "And", "Equal", "Greater", "GreaterOrEqual", "IsInf", "IsNaN", "Less", "LessOrEqual", "Not", "Or", "Xor");
    private static final Set<String> POSITIONS = Set.of("ArgMax", "ArgMin", "NonZero", "Shape", "Size");

    private final Map<String, ElementType> types;

    public ElementTypes(Graph graph) {
        this(graph, Map.of());
    }

    private ElementTypes(Graph graph, Map<String, ElementType> outer) {
        types = new HashMap<>(outer);
        graph.inputs().forEach(input -> declare(input.name(), input.type()));
        graph.parameters().forEach(this::declare);
        graph.constants().forEach((name, tensor) -> types.put(name, tensor.type()));
        for (Node node : graph.nodes()) {
            for (int i = 0; i < node.outputs().size(); i++) {
                ElementType type = node.hasOutput(i) ? result(node, i) : null;
                if (type != null) {
                    types.put(node.outputs().get(i), type);
                }
            }
        }
    }

    /** The types in the body of a control-flow operator, which also sees the values of this graph. */
    public ElementTypes inside(Graph body) {
        return new ElementTypes(body, types);
    }

    private void declare(String name, TensorType type) {
        if (type.isKnown()) {
            types.put(name, type.element());
        }
    }

    /** The type of a value, if it can be told. */
    public Optional<ElementType> find(String value) {
        return Optional.ofNullable(types.get(value));
    }

    /** The type of a value; a USER error when it cannot be told. */
    public ElementType of(String value) {
        return find(value)
                .orElseThrow(() -> SaveException.user("the file does not say the type of value '" + value
                        + "', and it does not follow from others; export the model with typed values"));
    }

    public boolean isFloating(String value) {
        return of(value).isFloating();
    }

    private @Nullable ElementType result(Node node, int output) {
        String operator = node.operator();
        if (BOOLEAN.contains(operator)) {
            return ElementType.BOOL;
        }
        if (POSITIONS.contains(operator)) {
            return ElementType.INT64;
        }
        return switch (operator) {
            case "Cast" -> ElementType.ofOnnxCode((int) node.integer("to", 0));
            case "Constant" -> constant(node);
            case "ConstantOfShape" ->
                node.attributes().get("value") instanceof Attribute.Constant constant
                        ? constant.value().type()
                        : ElementType.FLOAT;
            case "Where", "CastLike" -> operand(node, 1);
            case "OneHot", "EmbedLayerNormalization" -> operand(node, 2);
            case "Dropout" -> output == 1 ? ElementType.BOOL : operand(node, 0);
            case "MaxPool", "TopK", "Unique" -> output > 0 ? ElementType.INT64 : operand(node, 0);
            case "EyeLike" ->
                node.has("dtype") ? ElementType.ofOnnxCode((int) node.integer("dtype", 0)) : operand(node, 0);
            case "QuantizeLinear" -> node.hasInput(2) ? operand(node, 2) : ElementType.UINT8;
            case "DequantizeLinear" -> operand(node, 1);
            case "DynamicQuantizeLinear" -> output == 1 ? ElementType.FLOAT : ElementType.UINT8;
            case "DynamicQuantizeMatMul", "MatMulIntegerToFloat" -> ElementType.FLOAT;
            case "ConvInteger", "MatMulInteger" -> ElementType.INT32;
            case "QLinearConv", "QLinearMatMul" -> operand(node, 7);
            // The first output of a loop's body is its condition.
            case "If", "Loop", "Scan" -> ofBody(node, operator.equals("Loop") ? output + 1 : output);
            default -> operand(node, 0);
        };
    }

    private @Nullable ElementType operand(Node node, int index) {
        return node.hasInput(index) ? types.get(node.inputs().get(index)) : null;
    }

    private @Nullable ElementType ofBody(Node node, int output) {
        for (Attribute attribute : node.attributes().values()) {
            if (attribute instanceof Attribute.Body body
                    && output < body.value().outputs().size()) {
                return inside(body.value())
                        .types
                        .get(body.value().outputs().get(output).name());
            }
        }
        return null;
    }

    private static ElementType constant(Node node) {
        Attribute value = node.attributes().values().stream()
                .findFirst()
                .orElseThrow(() -> SaveException.user(node.describe() + " has no value"));
        return value instanceof Attribute.Constant constant
                ? constant.value().type()
                : value instanceof Attribute.Int || value instanceof Attribute.Ints
                        ? ElementType.INT64
                        : ElementType.FLOAT;
    }
}
