package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Turns graphs into messages of onnx.proto; the numbers are its field numbers. */
final class OnnxEncoder {
    /** The first version that knows everything written here, function overloads included. */
    static final int IR_VERSION = 10;

    /** The first version in which initializers are no inputs. */
    private static final int FREE_INITIALIZERS = 4;

    static final String PRODUCER = "save4j";

    /** Marks a floating initializer that belongs to the graph and is no weight. */
    static final String ROLE = "dev.save4j.role";

    static final String CONSTANT = "constant";

    /** The kinds of attributes in the order of their numbers, from 1 on. */
    private static final List<Class<? extends Attribute>> KINDS = List.of(
            Attribute.Real.class,
            Attribute.Int.class,
            Attribute.Text.class,
            Attribute.Constant.class,
            Attribute.Body.class,
            Attribute.Reals.class,
            Attribute.Ints.class,
            Attribute.Texts.class);

    private OnnxEncoder() {}

    /** A whole model with nothing but its graph. */
    static WireWriter model(Graph graph, WeightPlacement placement) {
        WireWriter model = new WireWriter();
        model.integer(1, IR_VERSION);
        model.text(2, PRODUCER);
        model.message(7, graph(graph, placement, true));
        opsets(model, 8, graph.opsets());
        stopGradient(model, graph);
        return model;
    }

    static WireWriter model(OnnxModel source, WeightPlacement placement) {
        Graph graph = source.graph();
        WireWriter model = new WireWriter();
        int version =
                graph.opsets().containsKey(Node.SAVE4J) ? Math.max(source.irVersion(), IR_VERSION) : source.irVersion();
        model.integer(1, version);
        model.textUnlessEmpty(2, source.producerName());
        model.textUnlessEmpty(3, source.producerVersion());
        model.textUnlessEmpty(4, source.domain());
        model.integer(5, source.modelVersion());
        model.textUnlessEmpty(6, source.documentation());
        WireWriter body = graph(graph, placement, true);
        if (version < FREE_INITIALIZERS) {
            graph.constants().forEach((name, tensor) -> body.message(11, weightInput(name, tensor)));
            source.weights().forEach((name, tensor) -> body.message(11, weightInput(name, tensor)));
        }
        model.message(7, body);
        opsets(model, 8, graph.opsets());
        source.metadata().forEach((key, value) -> entry(model, 14, key, value));
        source.functions().forEach(function -> model.message(25, function(function)));
        stopGradient(model, graph);
        model.raw(source.preserved().wire());
        return model;
    }

    private static WireWriter weightInput(String name, Tensor tensor) {
        Object[] sizes = Arrays.stream(tensor.shape()).boxed().toArray();
        return valueInfo(new ValueInfo(name, TensorType.of(tensor.type(), sizes)));
    }

    private static WireWriter function(OnnxFunction function) {
        WireWriter message = new WireWriter();
        message.text(1, function.name());
        function.inputs().forEach(input -> message.text(4, input));
        function.outputs().forEach(output -> message.text(5, output));
        function.attributes().forEach(attribute -> message.text(6, attribute));
        function.nodes().forEach(node -> message.message(7, node(node)));
        opsets(message, 9, function.opsets());
        message.textUnlessEmpty(10, function.domain());
        Leftovers leftovers = Leftovers.of(function.preserved(), 11, 1);
        function.defaults().forEach((name, value) -> message.message(11, attribute(name, value, leftovers.of(name))));
        message.textUnlessEmpty(13, function.overload());
        message.raw(leftovers.rest());
        return message;
    }

    private static void opsets(WireWriter message, int field, Map<String, Integer> opsets) {
        opsets.forEach((domain, version) -> {
            WireWriter opset = new WireWriter();
            opset.textUnlessEmpty(1, domain);
            opset.integer(2, version);
            message.message(field, opset);
        });
    }

    /** Defines save4j's one operator as a function, so that any runtime can load the file. */
    private static void stopGradient(WireWriter model, Graph graph) {
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

    /** @param main whether it is the model's graph and not the body of an operator, which has no weights of its own */
    private static WireWriter graph(Graph graph, WeightPlacement placement, boolean main) {
        WireWriter message = new WireWriter();
        Leftovers leftovers = Leftovers.of(graph.preserved(), 5, 8);
        graph.nodes().forEach(node -> message.message(1, node(node)));
        message.text(2, graph.name());
        graph.constants().forEach((name, tensor) -> {
            WireWriter constant = constant(name, tensor, main);
            constant.raw(leftovers.of(name));
            message.message(5, constant);
        });
        graph.parameters().forEach((name, type) -> {
            if (!(placement instanceof WeightPlacement.Inputs)) {
                WireWriter parameter = parameter(graph, name, type, placement);
                parameter.raw(leftovers.of(name));
                message.message(5, parameter);
            }
        });
        graph.inputs().forEach(input -> message.message(11, valueInfo(input)));
        if (placement instanceof WeightPlacement.Inputs) {
            graph.parameters().forEach((name, type) -> message.message(11, valueInfo(new ValueInfo(name, type))));
        }
        graph.outputs().forEach(output -> message.message(12, valueInfo(output)));
        message.raw(leftovers.rest());
        return message;
    }

    private static WireWriter constant(String name, Tensor tensor, boolean main) {
        WireWriter message = tensor(name, tensor);
        if (main && tensor.type().isFloating() && tensor.rank() > 0) {
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

    private static WireWriter tensor(String name, Tensor tensor) {
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

    private static WireWriter valueInfo(ValueInfo value) {
        WireWriter message = new WireWriter();
        message.text(1, value.name());
        WireWriter others = new WireWriter();
        boolean whole = false;
        WireReader preserved = new WireReader(ByteBuffer.wrap(value.preserved().wire()), "preserved fields");
        while (preserved.next()) {
            byte[] field = preserved.keep();
            if (preserved.field() != 2) {
                others.raw(field);
            } else if (new GraphDecoder.TypeDecoder().type(preserved.again()).equals(value.type())) {
                // The type with what TensorType cannot hold; not if the type was changed meanwhile.
                message.raw(field);
                whole = true;
            }
        }
        if (value.type().isKnown() && !whole) {
            message.message(2, type(value.type()));
        }
        message.raw(others.toByteArray());
        return message;
    }

    private static WireWriter type(TensorType type) {
        WireWriter tensor = new WireWriter();
        tensor.integer(1, type.element().onnxCode());
        if (type.isRanked()) {
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
            tensor.message(2, shape);
        }
        WireWriter message = new WireWriter();
        message.message(1, tensor);
        return message;
    }

    private static WireWriter node(Node node) {
        WireWriter message = new WireWriter();
        Leftovers leftovers = Leftovers.of(node.preserved(), 5, 1);
        node.inputs().forEach(input -> message.text(1, input));
        node.outputs().forEach(output -> message.text(2, output));
        message.textUnlessEmpty(3, node.name());
        message.text(4, node.operator());
        node.attributes().forEach((name, value) -> message.message(5, attribute(name, value, leftovers.of(name))));
        message.textUnlessEmpty(7, node.domain());
        message.raw(leftovers.rest());
        return message;
    }

    private static WireWriter attribute(String name, Attribute value, byte[] leftover) {
        WireWriter message = new WireWriter();
        Leftovers leftovers = Leftovers.of(leftover, 5, 0);
        message.text(1, name);
        message.integer(20, kind(value));
        if (value instanceof Attribute.Real real) {
            message.real(2, real.value());
        } else if (value instanceof Attribute.Int integer) {
            message.integer(3, integer.value());
        } else if (value instanceof Attribute.Text text) {
            message.text(4, text.value());
        } else if (value instanceof Attribute.Constant constant) {
            WireWriter tensor = tensor("", constant.value());
            tensor.raw(leftovers.of(""));
            message.message(5, tensor);
        } else if (value instanceof Attribute.Body body) {
            message.message(6, graph(body.value(), new WeightPlacement.Inline(Map.of()), false));
        } else if (value instanceof Attribute.Reals reals) {
            message.reals(7, reals.values());
        } else if (value instanceof Attribute.Ints integers) {
            message.integers(8, integers.toArray());
        } else if (value instanceof Attribute.Texts texts) {
            texts.values().forEach(text -> message.text(9, text));
        } else if (value instanceof Attribute.Reference reference) {
            message.text(21, reference.parameter());
        }
        message.raw(leftovers.rest());
        return message;
    }

    /** The number of AttributeProto.AttributeType. */
    private static int kind(Attribute value) {
        if (value instanceof Attribute.Reference reference) {
            return reference.kind();
        }
        return KINDS.indexOf(value.getClass()) + 1;
    }
}
