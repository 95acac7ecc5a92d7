package dev.save4j.testkit;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Dimension;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.testkit.reference.Numbers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Attaches losses to graphs. */
final class Losses {
    static final String NAME = "loss";

    private Losses() {}

    private static ValueInfo scalar() {
        return new ValueInfo(NAME, TensorType.of(ElementType.FLOAT));
    }

    /** The graph with one more output, a loss that depends on nothing. */
    static Graph constant(Graph graph) {
        Map<String, Tensor> constants = new LinkedHashMap<>(graph.constants());
        constants.put("kit/zero", Tensor.scalar(0f));
        List<Node> nodes = new ArrayList<>(graph.nodes());
        nodes.add(new Node("kit/loss", "", "Identity", List.of("kit/zero"), List.of(NAME), Map.of()));
        List<ValueInfo> outputs = new ArrayList<>(graph.outputs());
        outputs.add(scalar());
        return new Graph(graph.name(), graph.opsets(), graph.inputs(), outputs, nodes, constants, graph.parameters());
    }

    /** The weight by which {@link #weighted} multiplies its loss. */
    static final String GAIN = "kit/gain";

    /**
     * A graph whose only output is the loss gain · Σ factor · result over the given results. The gain is one more weight {@code [1]}, so that there is
     * always something to differentiate.
     *
     * @param factors of the shapes of the results
     */
    static Graph weighted(Graph graph, Map<String, Numbers> factors) {
        Map<String, Tensor> constants = new LinkedHashMap<>(graph.constants());
        List<Node> nodes = new ArrayList<>(graph.nodes());
        List<String> sums = new ArrayList<>();
        factors.forEach((result, factor) -> {
            String prefix = "kit/" + result;
            constants.put(prefix + "/factor", factor.toTensor());
            nodes.add(node("Mul", List.of(result, prefix + "/factor"), prefix + "/product"));
            nodes.add(sum(prefix + "/product", prefix + "/sum"));
            sums.add(prefix + "/sum");
        });
        String total = sums.get(0);
        for (int i = 1; i < sums.size(); i++) {
            String next = "kit/total" + i;
            nodes.add(node("Add", List.of(total, sums.get(i)), next));
            total = next;
        }
        nodes.add(node("Mul", List.of(total, GAIN), "kit/gained"));
        nodes.add(sum("kit/gained", NAME));
        Map<String, TensorType> parameters = new LinkedHashMap<>(graph.parameters());
        parameters.put(GAIN, TensorType.of(ElementType.FLOAT, 1));
        return new Graph(graph.name(), graph.opsets(), graph.inputs(), List.of(scalar()), nodes, constants, parameters);
    }

    private static Node node(String operator, List<String> inputs, String output) {
        return new Node("", "", operator, inputs, List.of(output), Map.of());
    }

    private static Node sum(String input, String output) {
        return new Node("", "", "ReduceSum", List.of(input), List.of(output), Map.of("keepdims", Attribute.of(0)));
    }

    static TensorType typeOf(Numbers value) {
        return new TensorType(
                value.type(),
                Arrays.stream(value.shape()).mapToObj(Dimension::of).toList());
    }
}
