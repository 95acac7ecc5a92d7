package dev.save4j.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.tensor.ElementType;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class GraphBuilderNamesTest {
    private static Graph doubling() {
        GraphBuilder graph = new GraphBuilder("doubling");
        Value x = graph.input("x", ElementType.FLOAT, "n");
        graph.output("y", x.add(x));
        return graph.build();
    }

    @Test
    void nodesOfGraphsThatAreIncludedTwiceHaveNamesOfTheirOwn() {
        GraphBuilder graph = new GraphBuilder("fourfold");
        Value x = graph.input("x", ElementType.FLOAT, "n");
        Value twice = graph.include(doubling(), Map.of("x", x.add(x))).get("y");
        graph.output("z", graph.include(doubling(), Map.of("x", twice)).get("y"));
        assertThat(graph.build().nodes()).extracting(Node::name).hasSize(3).doesNotHaveDuplicates();
    }

    @Test
    void anOptionalOutputIsLeftOutByAnEmptyName() {
        GraphBuilder graph = new GraphBuilder("norm");
        TensorType type = TensorType.of(ElementType.FLOAT, "n", 4);
        Value x = graph.input("x", type);
        List<Value> results = graph.node(
                Node.MICROSOFT,
                "SkipSimplifiedLayerNormalization",
                List.of(x, x, graph.parameter("scale", 4)),
                Map.of(),
                List.of(type, type, type, type),
                List.of("normed", "", "", "sum"));
        graph.output("y", results.get(0).add(results.get(3)));
        Node node = graph.build().nodes().get(0);
        assertThat(node.outputs()).containsExactly("normed", "", "", "sum");
        assertThat(node.hasOutput(1)).isFalse();
    }

    @Test
    void attributesAreInTheSameOrderInEveryJvm() {
        GraphBuilder graph = new GraphBuilder("product");
        Value x = graph.input("x", ElementType.FLOAT, 2, 2);
        Map<String, Attribute> attributes =
                Map.of("transB", Attribute.of(1), "alpha", Attribute.of(2f), "transA", Attribute.of(0));
        graph.output("y", graph.op(Node.MICROSOFT, "FusedMatMul", List.of(x, x), attributes));
        assertThat(graph.build().nodes().get(0).attributes().keySet())
                .containsExactlyElementsOf(new TreeMap<>(attributes).keySet());
    }
}
