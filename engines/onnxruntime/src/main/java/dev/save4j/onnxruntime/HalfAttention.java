package dev.save4j.onnxruntime;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The variant of a decoder for CUDA, on which GroupQueryAttention has kernels for half precision alone: it gets casts before and behind, everything else
 * stays in single precision. Inputs and outputs of the graph stay as they are.
 */
final class HalfAttention {
    /** Lengths and positions. */
    private static final Set<Integer> INTEGERS = Set.of(5, 6, 9);

    private HalfAttention() {}

    /** @param half FLOAT16 or BFLOAT16 */
    static Graph of(Graph graph, ElementType half) {
        List<Node> nodes = new ArrayList<>();
        for (Node node : graph.nodes()) {
            if (node.operator().equals("GroupQueryAttention")) {
                wrap(node, half, nodes);
            } else {
                nodes.add(node);
            }
        }
        return graph.withNodes(nodes);
    }

    private static void wrap(Node node, ElementType half, List<Node> nodes) {
        List<String> inputs = new ArrayList<>();
        for (int i = 0; i < node.inputs().size(); i++) {
            String input = node.inputs().get(i);
            if (input.isEmpty() || INTEGERS.contains(i)) {
                inputs.add(input);
            } else {
                String cast = node.name() + "/half/" + i;
                nodes.add(cast(cast, input, cast, half));
                inputs.add(cast);
            }
        }
        List<Node> behind = new ArrayList<>();
        List<String> outputs = new ArrayList<>();
        for (String output : node.outputs()) {
            if (output.isEmpty()) {
                outputs.add(output);
            } else {
                outputs.add(output + "/half");
                behind.add(cast(output + "/single", output + "/half", output, ElementType.FLOAT));
            }
        }
        nodes.add(new Node(node.name(), node.domain(), node.operator(), inputs, outputs, node.attributes()));
        nodes.addAll(behind);
    }

    private static Node cast(String name, String from, String to, ElementType type) {
        return new Node(name, "", "Cast", List.of(from), List.of(to), Map.of("to", Attribute.of(type.onnxCode())));
    }
}
