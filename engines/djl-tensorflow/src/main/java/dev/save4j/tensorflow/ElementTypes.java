package dev.save4j.tensorflow;

import dev.save4j.SaveException;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import java.util.HashMap;
import java.util.Map;

/** The element type of every value of a graph, which decides whether it lives on the host or on the device. */
final class ElementTypes {
    private final Map<String, ElementType> types = new HashMap<>();

    ElementTypes(Graph graph) {
        graph.inputs().forEach(input -> types.put(input.name(), input.type().element()));
        graph.parameters().forEach((name, type) -> types.put(name, type.element()));
        graph.constants().forEach((name, tensor) -> types.put(name, tensor.type()));
        for (Node node : graph.nodes()) {
            for (int i = 0; i < node.outputs().size(); i++) {
                types.put(node.outputs().get(i), result(node, i));
            }
        }
    }

    ElementType of(String value) {
        ElementType type = types.get(value);
        if (type == null) {
            throw SaveException.internal("value '" + value + "' has no type");
        }
        return type;
    }

    boolean isFloating(String value) {
        return of(value).isFloating();
    }

    private ElementType result(Node node, int output) {
        return switch (node.operator()) {
            case "Cast" -> ElementType.ofOnnxCode((int) node.integer("to", 0));
            case "Shape", "Size", "ArgMax", "ArgMin", "NonZero" -> ElementType.INT64;
            case "Equal",
                    "Greater",
                    "GreaterOrEqual",
                    "Less",
                    "LessOrEqual",
                    "And",
                    "Or",
                    "Xor",
                    "Not",
                    "IsNaN",
                    "IsInf" -> ElementType.BOOL;
            case "Dropout" -> output == 1 ? ElementType.BOOL : of(node.inputs().get(0));
            case "Where", "CastLike" -> of(node.inputs().get(1));
            case "OneHot" -> of(node.inputs().get(2));
            case "TopK" -> output == 1 ? ElementType.INT64 : of(node.inputs().get(0));
            case "Constant" -> constant(node);
            case "ConstantOfShape" ->
                node.attributes().get("value") instanceof Attribute.Constant constant
                        ? constant.value().type()
                        : ElementType.FLOAT;
            default -> of(node.inputs().get(0));
        };
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
