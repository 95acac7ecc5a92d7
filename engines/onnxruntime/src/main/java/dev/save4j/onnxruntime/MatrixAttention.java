package dev.save4j.onnxruntime;

import dev.save4j.engine.DecoderGraph;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The variant of a decoder for the CPU whose attention uses ONNX Runtime's matrix kernels. By itself GroupQueryAttention attends to a single token in loops
 * that are compiled for any x86-64 processor (since version 1.29, microsoft/onnxruntime#29216), and the kernel for products of one row is for those without
 * a scale. So heads get sinks of no weight, which the loops do not support, and the scale goes into the tables of rotation, by which queries and keys are
 * multiplied anyway. Outputs agree to rounding; caches hold scaled keys.
 */
final class MatrixAttention {
    /** For longer contexts the kernels would hold too many scores: those of all pairs of positions of a prompt. */
    private static final int LONGEST = 1024;

    private static final int COSINES = 7;
    private static final int SINES = 8;
    private static final int SINK = 11;
    private static final String NO_SINK = "no_sink";
    private static final String SCALED = "/scaled";

    private MatrixAttention() {}

    /** The decoder as it is where its context is long, or its attention does not rotate heads as a whole by tables of the graph. */
    static DecoderGraph of(DecoderGraph decoder) {
        Graph graph = decoder.graph();
        List<Node> attention =
                graph.nodes().stream().filter(MatrixAttention::isAttention).toList();
        if (decoder.maxLength() > LONGEST
                || attention.isEmpty()
                || !attention.stream().allMatch(node -> rotates(decoder, node))) {
            return decoder;
        }
        Map<String, Tensor> constants = new LinkedHashMap<>(graph.constants());
        // Queries and keys are both rotated, so each takes the root of the scale.
        float root = (float) Math.pow(decoder.headSize(), -0.25);
        attention.stream()
                .flatMap(node -> node.inputs().subList(COSINES, SINES + 1).stream())
                .distinct()
                .forEach(table ->
                        constants.put(table + SCALED, scaled(Objects.requireNonNull(constants.get(table)), root)));
        float[] none = new float[(int) attention.get(0).integer("num_heads", 0)];
        Arrays.fill(none, Float.NEGATIVE_INFINITY);
        constants.put(NO_SINK, Tensor.of(none, none.length));
        return decoder.with(graph.withConstants(constants)
                .withNodes(graph.nodes().stream()
                        .map(node -> isAttention(node) ? variant(node) : node)
                        .toList()));
    }

    private static boolean isAttention(Node node) {
        return node.operator().equals("GroupQueryAttention");
    }

    /** The whole of every head: what is not rotated would miss the scale. */
    private static boolean rotates(DecoderGraph decoder, Node node) {
        return node.integer("do_rotary", 0) == 1
                && node.real("scale", 0) == 0
                && node.inputs().size() == SINES + 1
                && node.inputs().subList(COSINES, SINES + 1).stream()
                        .map(decoder.graph().constants()::get)
                        .allMatch(table -> table != null && 2 * table.dimension(1) == decoder.headSize());
    }

    private static Node variant(Node node) {
        List<String> inputs = new ArrayList<>(node.inputs());
        inputs.set(COSINES, inputs.get(COSINES) + SCALED);
        inputs.set(SINES, inputs.get(SINES) + SCALED);
        while (inputs.size() < SINK) {
            inputs.add("");
        }
        inputs.add(NO_SINK);
        Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
        attributes.put("scale", Attribute.of(1f));
        return new Node(node.name(), node.domain(), node.operator(), inputs, node.outputs(), attributes);
    }

    private static Tensor scaled(Tensor table, float factor) {
        float[] values = table.toFloats();
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
        return Tensor.of(values, table.shape());
    }
}
