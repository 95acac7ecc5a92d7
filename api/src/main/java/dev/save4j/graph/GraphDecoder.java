package dev.save4j.graph;

import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads a GraphProto and what it consists of. */
final class GraphDecoder {
    private final OnnxDecoder model;
    private final Map<String, Integer> opsets;
    private final boolean main;

    /**
     * @param main whether this is the model's graph, whose floating initializers are weights
     */
    GraphDecoder(OnnxDecoder model, Map<String, Integer> opsets, boolean main) {
        this.model = model;
        this.opsets = opsets;
        this.main = main;
    }

    Graph decode(WireReader message) {
        String name = "";
        List<Node> nodes = new ArrayList<>();
        List<ValueInfo> inputs = new ArrayList<>();
        List<ValueInfo> outputs = new ArrayList<>();
        Map<String, Tensor> constants = new LinkedHashMap<>();
        Map<String, TensorType> parameters = new LinkedHashMap<>();
        Leftovers leftovers = new Leftovers(5, 8);
        while (message.next()) {
            switch (message.field()) {
                case 1 -> nodes.add(node(message.message("node")));
                case 2 -> {
                    name = message.text();
                    message.label("graph '" + name + "'");
                }
                case 5 -> initializer(message.message("initializer"), constants, parameters, leftovers);
                case 11 -> inputs.add(valueInfo(message.message("input")));
                case 12 -> outputs.add(valueInfo(message.message("output")));
                case 15 -> throw message.problem("it has a sparse initializer; export the model with dense weights");
                default -> leftovers.keep(message);
            }
        }
        // Files of the first format versions list weights among the inputs as well.
        inputs.removeIf(input -> constants.containsKey(input.name()) || parameters.containsKey(input.name()));
        requireUnique(message, outputs);
        // A body has the operator sets of the graph it belongs to.
        return new Graph(
                name, main ? opsets : Map.of(), inputs, outputs, nodes, constants, parameters, leftovers.preserved());
    }

    private static void requireUnique(WireReader message, List<ValueInfo> outputs) {
        Set<String> names = new HashSet<>();
        for (ValueInfo output : outputs) {
            if (!names.add(output.name())) {
                throw message.problem("output '" + output.name() + "' is listed twice");
            }
        }
    }

    private void initializer(
            WireReader message,
            Map<String, Tensor> constants,
            Map<String, TensorType> parameters,
            Leftovers leftovers) {
        TensorDecoder.Decoded decoded = model.tensor(message);
        String name = decoded.name();
        Tensor tensor = decoded.tensor();
        if (name.isEmpty()) {
            throw message.problem("it has no name");
        }
        if (constants.containsKey(name) || parameters.containsKey(name)) {
            throw message.problem("there are two initializers of this name");
        }
        if (main && tensor.type().isFloating() && tensor.rank() > 0 && !decoded.constant()) {
            parameters.put(
                    name,
                    TensorType.of(
                            tensor.type(), Arrays.stream(tensor.shape()).boxed().toArray()));
            model.weight(name, tensor);
        } else {
            constants.put(name, tensor);
        }
        leftovers.keep(name, decoded.leftover());
    }

    private static ValueInfo valueInfo(WireReader message) {
        String name = "";
        TensorType type = TensorType.UNKNOWN;
        WireWriter wholeType = new WireWriter();
        WireWriter others = new WireWriter();
        while (message.next()) {
            switch (message.field()) {
                case 1 -> {
                    name = message.text();
                    message.label("value '" + name + "'");
                }
                case 2 -> {
                    TypeDecoder decoder = new TypeDecoder();
                    byte[] field = message.keep();
                    WireReader reader = message.again();
                    type = decoder.type(reader);
                    if (decoder.sawMore()) {
                        wholeType.raw(field);
                    }
                }
                default -> others.raw(message.keep());
            }
        }
        if (name.isEmpty()) {
            throw message.problem("a value has no name");
        }
        wholeType.raw(others.toByteArray());
        return new ValueInfo(name, type, new Preserved(wholeType.toByteArray()));
    }

    Node node(WireReader message) {
        String name = "";
        String operator = "";
        String domain = "";
        List<String> inputs = new ArrayList<>();
        List<String> outputs = new ArrayList<>();
        Map<String, Attribute> attributes = new LinkedHashMap<>();
        Leftovers leftovers = new Leftovers(5, 1);
        while (message.next()) {
            switch (message.field()) {
                case 1 -> inputs.add(message.text());
                case 2 -> outputs.add(message.text());
                case 3 -> {
                    name = message.text();
                    message.label("node '" + name + "'");
                }
                case 4 -> {
                    operator = message.text();
                    message.label("node '" + name + "' (" + operator + ")");
                }
                case 5 -> attribute(message.message("attribute"), attributes, leftovers);
                case 7 -> domain = message.text();
                default -> leftovers.keep(message);
            }
        }
        if (operator.isEmpty()) {
            throw message.problem("it has no operator");
        }
        return new Node(name, domain, operator, inputs, outputs, attributes, leftovers.preserved());
    }

    void attribute(WireReader message, Map<String, Attribute> attributes, Leftovers leftovers) {
        AttributeDecoder decoder =
                new AttributeDecoder(model, body -> new GraphDecoder(model, opsets, false).decode(body), message);
        decoder.decode();
        if (attributes.putIfAbsent(decoder.name(), decoder.value()) != null) {
            throw message.problem("there are two attributes of this name");
        }
        leftovers.keep(decoder.name(), decoder.leftover());
    }

    /** Reads a TypeProto, of which only tensors are known. */
    static final class TypeDecoder {
        private boolean more;

        /** Whether there were fields that {@link TensorType} does not hold. */
        boolean sawMore() {
            return more;
        }

        TensorType type(WireReader message) {
            TensorType type = TensorType.UNKNOWN;
            while (message.next()) {
                switch (message.field()) {
                    case 1 -> type = tensor(message.message("type"));
                    case 4 -> throw message.problem("it is a sequence, which save4j does not run; only tensors are");
                    case 5 -> throw message.problem("it is a map, which save4j does not run; only tensors are");
                    case 8 -> throw message.problem("it is a sparse tensor, which save4j does not run");
                    case 9 -> throw message.problem("it is an optional, which save4j does not run; only tensors are");
                    default -> {
                        message.skip();
                        more = true;
                    }
                }
            }
            return type;
        }

        private TensorType tensor(WireReader message) {
            int element = 0;
            List<Dimension> shape = null;
            while (message.next()) {
                switch (message.field()) {
                    case 1 -> element = message.smallInteger();
                    case 2 -> shape = shape(message.message("shape"));
                    default -> {
                        message.skip();
                        more = true;
                    }
                }
            }
            if (element == 0 && shape == null) {
                return TensorType.UNKNOWN;
            }
            ElementType known = TensorDecoder.element(message, element);
            return shape == null ? TensorType.unranked(known) : new TensorType(known, shape);
        }

        private List<Dimension> shape(WireReader message) {
            List<Dimension> shape = new ArrayList<>();
            while (message.next()) {
                if (message.field() == 1) {
                    shape.add(dimension(message.message("dimension " + shape.size())));
                } else {
                    message.skip();
                    more = true;
                }
            }
            return shape;
        }

        private Dimension dimension(WireReader message) {
            Dimension dimension = Dimension.UNKNOWN;
            while (message.next()) {
                switch (message.field()) {
                    case 1 -> {
                        long size = message.integer();
                        if (size < -1) {
                            throw message.problem("the size " + size + " is negative");
                        }
                        // Some exporters write -1 or an empty name for a size they do not know.
                        dimension = size == -1 ? Dimension.UNKNOWN : Dimension.of(size);
                    }
                    case 2 -> dimension = Dimension.of(message.text());
                    default -> {
                        message.skip();
                        more = true;
                    }
                }
            }
            return dimension;
        }
    }
}
