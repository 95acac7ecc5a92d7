package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Turns messages of onnx.proto into graphs; the numbers are its field numbers. */
final class OnnxDecoder {
    private final String file;
    private final ExternalData external;
    private final Map<String, Tensor> weights = new LinkedHashMap<>();

    OnnxDecoder(String file, ExternalData external) {
        this.file = file;
        this.external = external;
    }

    OnnxModel model(ByteBuffer bytes) {
        FileKind.requireOnnx(bytes, file);
        Map<String, Integer> opsets = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        WireWriter preserved = new WireWriter();
        String[] texts = {"", "", "", ""};
        long modelVersion = 0;
        int irVersion = 0;
        boolean graphSeen = false;
        // The operator sets come behind the graph but are wanted in it.
        WireReader header = new WireReader(bytes, file);
        while (header.next()) {
            switch (header.field()) {
                case 1 -> irVersion = header.smallInteger();
                case 2 -> texts[0] = header.text();
                case 3 -> texts[1] = header.text();
                case 4 -> texts[2] = header.text();
                case 5 -> modelVersion = header.integer();
                case 6 -> texts[3] = header.text();
                case 7 -> {
                    if (graphSeen) {
                        throw header.error("there is a second graph");
                    }
                    graphSeen = true;
                    header.skip();
                }
                case 8 -> opset(header.message("operator set"), opsets);
                case 14 -> entry(header.message("metadata"), metadata);
                case 25 -> header.skip();
                default -> preserved.raw(header.keep());
            }
        }
        if (!graphSeen) {
            throw SaveException.user(file + ": there is no graph in it; it is no ONNX model");
        }
        Graph graph = null;
        List<OnnxFunction> functions = new ArrayList<>();
        WireReader body = new WireReader(bytes, file);
        while (body.next()) {
            switch (body.field()) {
                case 7 -> graph = new GraphDecoder(this, opsets, true).decode(body.message("graph"));
                case 25 -> function(body.message("function"), functions);
                default -> body.skip();
            }
        }
        if (graph == null) {
            throw SaveException.internal(file + ": its graph vanished");
        }
        validate(graph);
        return new OnnxModel(
                graph,
                weights,
                irVersion,
                texts[0],
                texts[1],
                texts[2],
                modelVersion,
                texts[3],
                metadata,
                functions,
                new Preserved(preserved.toByteArray()));
    }

    private void validate(Graph graph) {
        try {
            graph.validate(Set.of());
        } catch (SaveException invalid) {
            throw SaveException.user(file + ": " + invalid.getMessage());
        }
    }

    void weight(String name, Tensor tensor) {
        weights.put(name, tensor);
    }

    TensorDecoder.Decoded tensor(WireReader message) {
        return TensorDecoder.decode(message, external);
    }

    private static void opset(WireReader message, Map<String, Integer> opsets) {
        String domain = "";
        int version = 0;
        while (message.next()) {
            switch (message.field()) {
                case 1 -> domain = message.text();
                case 2 -> version = message.smallInteger();
                default -> message.skip();
            }
        }
        String name = domain.equals("ai.onnx") ? "" : domain;
        Integer known = opsets.put(name, version);
        if (known != null && known != version) {
            throw message.problem(
                    "domain '" + name + "' is imported as version " + known + " and as version " + version);
        }
    }

    private static void entry(WireReader message, Map<String, String> entries) {
        String key = "";
        String value = "";
        while (message.next()) {
            switch (message.field()) {
                case 1 -> key = message.text();
                case 2 -> value = message.text();
                default -> message.skip();
            }
        }
        if (entries.putIfAbsent(key, value) != null) {
            throw message.problem("there are two entries '" + key + "'");
        }
    }

    private void function(WireReader message, List<OnnxFunction> functions) {
        // As in a model, the operator sets come behind the nodes.
        Map<String, Integer> opsets = new LinkedHashMap<>();
        List<byte[]> later = new ArrayList<>();
        String name = "";
        String domain = "";
        String overload = "";
        List<String> inputs = new ArrayList<>();
        List<String> outputs = new ArrayList<>();
        List<String> attributes = new ArrayList<>();
        Leftovers leftovers = new Leftovers(11, 1);
        while (message.next()) {
            switch (message.field()) {
                case 1 -> {
                    name = message.text();
                    message.label("function '" + name + "'");
                }
                case 4 -> inputs.add(message.text());
                case 5 -> outputs.add(message.text());
                case 6 -> attributes.add(message.text());
                case 7, 11 -> later.add(message.keep());
                case 9 -> opset(message.message("operator set"), opsets);
                case 10 -> domain = message.text();
                case 13 -> overload = message.text();
                default -> leftovers.keep(message);
            }
        }
        if (domain.equals(Node.SAVE4J) && name.equals("StopGradient")) {
            return;
        }
        List<Node> nodes = new ArrayList<>();
        Map<String, Attribute> defaults = new LinkedHashMap<>();
        GraphDecoder decoder = new GraphDecoder(this, opsets, false);
        for (byte[] field : later) {
            WireReader reader = new WireReader(ByteBuffer.wrap(field), file + ", function '" + name + "'");
            reader.next();
            if (reader.field() == 7) {
                nodes.add(decoder.node(reader.message("node")));
            } else {
                decoder.attribute(reader.message("attribute"), defaults, leftovers);
            }
        }
        OnnxFunction function = new OnnxFunction(
                domain, name, overload, inputs, outputs, attributes, defaults, opsets, nodes, leftovers.preserved());
        requireUnique(message, function, functions);
        functions.add(function);
    }

    private static void requireUnique(WireReader message, OnnxFunction function, List<OnnxFunction> functions) {
        if (functions.stream().anyMatch(other -> other.qualifiedName().equals(function.qualifiedName()))) {
            throw message.problem("it is defined twice");
        }
        Set<String> names = new HashSet<>();
        for (String input : function.inputs()) {
            if (!names.add(input)) {
                throw message.problem("its input '" + input + "' is listed twice");
            }
        }
    }
}
