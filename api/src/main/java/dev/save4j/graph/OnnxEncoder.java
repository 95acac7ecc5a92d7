package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;

/** Turns graphs into messages of onnx.proto; the numbers are its field numbers. */
final class OnnxEncoder {
    /** The first version that knows everything written here, function overloads included. */
    static final int IR_VERSION = 10;

    static final String PRODUCER = "save4j";

    /** Marks a floating initializer that belongs to the graph and is no weight. */
    static final String ROLE = "dev.save4j.role";

    static final String CONSTANT = "constant";

    private OnnxEncoder() {}

    /** A whole model with nothing but its graph. */
    static WireWriter model(Graph graph, WeightPlacement placement) {
        WireWriter model = new WireWriter();
        model.integer(1, IR_VERSION);
        model.text(2, PRODUCER);
        model.message(7, graph(graph, placement));
        opsets(model, 8, graph.opsets());
        stopGradient(model, graph);
        return model;
    }

    static void opsets(WireWriter message, int field, Map<String, Integer> opsets) {
        opsets.forEach((domain, version) -> {
            WireWriter opset = new WireWriter();
            opset.textUnlessEmpty(1, domain);
            opset.integer(2, version);
            message.message(field, opset);
        });
    }

    /** Defines save4j's one operator as a function, so that any runtime can load the file. */
    static void stopGradient(WireWriter model, Graph graph) {
        if (!graph.opsets().containsKey(Node.SAVE4J)) {
            return;
        }
        WireWriter identity = new WireWriter();
        identity.text(1, "x");
        identity.text(2, "y");
        identity.text(4, "Identity");
        WireWriter function = new WireWriter();
        function.text(1, "StopGradient");
        function.text(4, "x");
        function.text(5, "y");
        function.message(7, identity);
        opsets(function, 9, Map.of("", graph.opsets().getOrDefault("", Graph.OPSET)));
        function.text(10, Node.SAVE4J);
        model.message(25, function);
    }

    static WireWriter graph(Graph graph, WeightPlacement placement) {
        WireWriter message = new WireWriter();
        graph.nodes().forEach(node -> message.message(1, node(node)));
        message.text(2, graph.name());
        graph.constants().forEach((name, tensor) -> message.message(5, constant(name, tensor)));
        graph.parameters().forEach((name, type) -> {
            if (!(placement instanceof WeightPlacement.Inputs)) {
                message.message(5, parameter(graph, name, type, placement));
            }
        });
        graph.inputs().forEach(input -> message.message(11, valueInfo(input)));
        if (placement instanceof WeightPlacement.Inputs) {
            graph.parameters().forEach((name, type) -> message.message(11, valueInfo(new ValueInfo(name, type))));
        }
        graph.outputs().forEach(output -> message.message(12, valueInfo(output)));
        message.raw(graph.preserved().wire());
        return message;
    }

    private static WireWriter constant(String name, Tensor tensor) {
        WireWriter message = tensor(name, tensor);
        if (tensor.type().isFloating() && tensor.rank() > 0) {
            entry(message, 16, ROLE, CONSTANT);
        }
        return message;
    }

    private static WireWriter parameter(Graph graph, String name, TensorType type, WeightPlacement placement) {
        if (placement instanceof WeightPlacement.Inline inline) {
            Tensor tensor = inline.weights().get(name);
            if (tensor == null) {
                throw SaveException.internal(
                        "graph '" + graph.name() + "': there is no tensor for its weight '" + name + "'");
            }
            if (tensor.type() != type.element() || !Arrays.equals(tensor.shape(), type.fixedShape())) {
                throw SaveException.internal("graph '" + graph.name() + "': weight '" + name + "' is declared as "
                        + type + " but its tensor is " + tensor);
            }
            return tensor(name, tensor);
        }
        if (placement instanceof WeightPlacement.External external) {
            WeightPlacement.Region region = external.regions().get(name);
            if (region == null) {
                throw SaveException.internal("graph '" + graph.name() + "': external file '" + external.location()
                        + "' has no region for weight '" + name + "'");
            }
            return placeholder(name, type.element(), type.fixedShape(), external.location(), region);
        }
        throw SaveException.internal("weights are graph inputs and have no initializers");
    }

    static WireWriter tensor(String name, Tensor tensor) {
        WireWriter message = tensorHeader(name, tensor.type(), tensor.shape());
        message.bytes(9, littleEndian(tensor));
        return message;
    }

    private static WireWriter tensorHeader(String name, ElementType element, long[] shape) {
        WireWriter message = new WireWriter();
        message.integers(1, shape);
        message.integer(2, element.onnxCode());
        message.textUnlessEmpty(8, name);
        return message;
    }

    private static WireWriter placeholder(
            String name, ElementType element, long[] shape, String location, WeightPlacement.Region region) {
        WireWriter message = tensorHeader(name, element, shape);
        entry(message, 13, "location", location);
        entry(message, 13, "offset", Long.toString(region.offset()));
        entry(message, 13, "length", Long.toString(region.length()));
        message.integer(14, 1);
        return message;
    }

    static void entry(WireWriter message, int field, String key, String value) {
        WireWriter entry = new WireWriter();
        entry.text(1, key);
        entry.text(2, value);
        message.message(field, entry);
    }

    /** The bytes in the order of the file format. */
    static ByteBuffer littleEndian(Tensor tensor) {
        int width = tensor.type().bytes();
        if (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN || width == 1) {
            return tensor.bytes();
        }
        ByteBuffer source = tensor.bytes();
        ByteBuffer swapped = ByteBuffer.allocate(source.capacity());
        for (int i = 0; i < swapped.capacity(); i++) {
            swapped.put(i, source.get(i - i % width + width - 1 - i % width));
        }
        return swapped;
    }

    static WireWriter valueInfo(ValueInfo value) {
        WireWriter message = new WireWriter();
        message.text(1, value.name());
        message.message(2, type(value.type()));
        message.raw(value.preserved().wire());
        return message;
    }

    static WireWriter type(TensorType type) {
        WireWriter shape = new WireWriter();
        for (Dimension dimension : type.shape()) {
            WireWriter size = new WireWriter();
            if (dimension.isFixed()) {
                size.integer(1, dimension.size());
            } else {
                size.textUnlessEmpty(2, dimension.symbol());
            }
            shape.message(1, size);
        }
        WireWriter tensor = new WireWriter();
        tensor.integer(1, type.element().onnxCode());
        tensor.message(2, shape);
        WireWriter message = new WireWriter();
        message.message(1, tensor);
        return message;
    }

    static WireWriter node(Node node) {
        WireWriter message = new WireWriter();
        node.inputs().forEach(input -> message.text(1, input));
        node.outputs().forEach(output -> message.text(2, output));
        message.textUnlessEmpty(3, node.name());
        message.text(4, node.operator());
        node.attributes().forEach((name, value) -> message.message(5, attribute(name, value)));
        message.textUnlessEmpty(7, node.domain());
        message.raw(node.preserved().wire());
        return message;
    }

    static WireWriter attribute(String name, Attribute value) {
        WireWriter message = new WireWriter();
        message.text(1, name);
        if (value instanceof Attribute.Real real) {
            message.real(2, real.value());
            message.integer(20, 1);
        } else if (value instanceof Attribute.Int integer) {
            message.integer(3, integer.value());
            message.integer(20, 2);
        } else if (value instanceof Attribute.Text text) {
            message.text(4, text.value());
            message.integer(20, 3);
        } else if (value instanceof Attribute.Constant constant) {
            message.message(5, tensor("", constant.value()));
            message.integer(20, 4);
        } else if (value instanceof Attribute.Body body) {
            message.message(6, graph(body.value(), new WeightPlacement.Inline(Map.of())));
            message.integer(20, 5);
        } else if (value instanceof Attribute.Reals reals) {
            message.reals(7, reals.values());
            message.integer(20, 6);
        } else if (value instanceof Attribute.Ints integers) {
            message.integers(8, integers.toArray());
            message.integer(20, 7);
        } else if (value instanceof Attribute.Texts texts) {
            texts.values().forEach(text -> message.text(9, text));
            message.integer(20, 8);
        }
        return message;
    }
}
