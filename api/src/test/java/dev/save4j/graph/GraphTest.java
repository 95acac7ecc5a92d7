package dev.save4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GraphTest {
    private static final TensorType FLOATS = TensorType.of(ElementType.FLOAT, 2);

    private static Node node(String name, String output, String... inputs) {
        return new Node(name, "", "Op", List.of(inputs), List.of(output), Map.of());
    }

    private static Graph graph(Map<String, Tensor> constants, Node... nodes) {
        return new Graph(
                "g",
                Map.of("", 23),
                List.of(new ValueInfo("x", FLOATS)),
                List.of(new ValueInfo("y", FLOATS)),
                List.of(nodes),
                constants,
                Map.of("w", FLOATS));
    }

    private static void refused(String message, Node... nodes) {
        assertThatThrownBy(() -> graph(Map.of("c", Tensor.scalar(1)), nodes))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage("graph 'g': " + message);
    }

    @Test
    void everyValueIsDefinedBeforeItIsRead() {
        graph(Map.of("c", Tensor.scalar(1)), node("a", "m", "x", "", "c"), node("b", "y", "m", "w"));
        String undefined = "', which no earlier node, input or weight defines";
        refused("node 'a' (Op) reads 'm" + undefined, node("a", "y", "m"), node("b", "m", "x"));
        refused("node -> y (Op) reads 'z" + undefined, node("", "y", "z"));
        refused("output 'y' is not defined by any node", node("a", "z", "x"));
    }

    @Test
    void everyValueIsAssignedOnce() {
        refused("value 'y' is assigned again by node 'b' (Op)", node("a", "y", "x"), node("b", "y", "x"));
        refused("value 'x' is assigned again by node 'a' (Op)", node("a", "x"));
        refused("value 'w' is assigned again by node 'a' (Op)", node("a", "w"));
        refused("value 'c' is assigned again by node 'a' (Op)", node("a", "c"));
    }

    private static Node branching(Graph body) {
        return new Node("if", "", "If", List.of("x"), List.of("y"), Map.of("then_branch", new Attribute.Body(body)));
    }

    private static Graph body(Node... nodes) {
        return new Graph(
                "body",
                Map.of(),
                List.of(),
                List.of(new ValueInfo("r", TensorType.UNKNOWN)),
                List.of(nodes),
                Map.of(),
                Map.of(),
                Preserved.NOTHING);
    }

    @Test
    void bodiesSeeWhatIsAroundThem() {
        graph(Map.of(), branching(body(node("inner", "r", "x", "w"))));
        assertThatThrownBy(() -> graph(Map.of(), branching(body(node("inner", "r", "later")))))
                .hasMessage(
                        "graph 'body': node 'inner' (Op) reads 'later', which no earlier node, input or weight defines");
        assertThatThrownBy(() -> graph(Map.of(), branching(body(node("a", "x"), node("b", "r", "x")))))
                .hasMessage("graph 'body': value 'x' is assigned again by node 'a' (Op)");
        body(node("inner", "r", "outside")).validate(Set.of("outside"));
    }

    @Test
    void inputsAreFoundByName() {
        Graph graph = graph(Map.of(), node("a", "y", "x"));
        assertThat(graph.input("x").type()).isEqualTo(FLOATS);
        assertThatThrownBy(() -> graph.input("z")).hasMessage("graph 'g' has no input 'z'; it has [x]");
    }

    @Test
    void graphsAreEqualByContent() {
        Graph one = graph(Map.of("c", Tensor.vector(1, 2)), node("a", "y", "x"));
        assertThat(graph(Map.of("c", Tensor.vector(1, 2)), node("a", "y", "x")))
                .isEqualTo(one)
                .hasSameHashCodeAs(one);
        assertThat(graph(Map.of("c", Tensor.vector(1, 3)), node("a", "y", "x"))).isNotEqualTo(one);
        assertThat(graph(Map.of("d", Tensor.vector(1, 2)), node("a", "y", "x"))).isNotEqualTo(one);
        assertThat(one.withNodes(List.of(node("b", "y", "x")))).isNotEqualTo(one);
    }

    @Test
    void graphsDoNotChangeWithWhatTheyWereMadeFrom() {
        Map<String, Tensor> constants = new HashMap<>(Map.of("c", Tensor.scalar(1)));
        Graph graph = graph(constants, node("a", "y", "x"));
        constants.clear();
        assertThat(graph.constants()).containsOnlyKeys("c");
        assertThatThrownBy(() -> graph.nodes().clear()).isInstanceOf(UnsupportedOperationException.class);
    }

    // Nodes, types and dimensions

    @Test
    void attributesAreReadWithTheirDefault() {
        Node node = new Node(
                "n",
                "ai.onnx",
                "Op",
                List.of("x", "", "z"),
                List.of("y", ""),
                Map.of("axis", Attribute.of(3), "axes", Attribute.ofInts(1, 2), "mode", Attribute.of("up")));
        assertThat(node.domain()).isEmpty();
        assertThat(node.integer("axis", 0)).isEqualTo(3);
        assertThat(node.integer("other", 7)).isEqualTo(7);
        assertThat(node.real("alpha", 0.5f)).isEqualTo(0.5f);
        assertThat(node.text("mode", "down")).isEqualTo("up");
        assertThat(node.integers("axes")).containsExactly(1, 2);
        assertThat(node.hasInput(1)).isFalse();
        assertThat(node.hasInput(2)).isTrue();
        assertThat(node.hasInput(3)).isFalse();
        assertThat(node.hasOutput(1)).isFalse();
        assertThatThrownBy(() -> node.real("axis", 0))
                .hasMessage("node 'n' (Op): attribute 'axis' is of kind Int, expected Real");
        assertThatThrownBy(() -> node.integers("pads")).hasMessage("node 'n' (Op) lacks its attribute 'pads'");
        assertThat(new Node("", "a.b", "Op", List.of(), List.of(), Map.of()).describe())
                .isEqualTo("node  (a.b::Op)");
    }

    @Test
    void dimensionsKnowWhatTheyFit() {
        assertThat(Dimension.of(3).sameAs(Dimension.of(3))).isTrue();
        assertThat(Dimension.of("n").sameAs(Dimension.of("n"))).isTrue();
        assertThat(Dimension.UNKNOWN.sameAs(Dimension.UNKNOWN)).isFalse();
        assertThat(Dimension.of(3).fits(Dimension.of("n"))).isTrue();
        assertThat(Dimension.of(3).fits(Dimension.of(4))).isFalse();
        assertThat(Dimension.UNKNOWN).hasToString("?");
        assertThatThrownBy(() -> new Dimension(3, "n")).hasMessage("no such dimension: 3 'n'");
        assertThatThrownBy(() -> Dimension.of(-2)).hasMessage("no such dimension: -2 ''");
    }

    @Test
    void typesAreDescribedAsTheyAreWritten() {
        TensorType type = TensorType.of(ElementType.INT64, "batch", 3, 4L, Dimension.UNKNOWN);
        assertThat(type).hasToString("INT64[batch, 3, 4, ?]");
        assertThat(type.dimension(-3)).isEqualTo(Dimension.of(3));
        assertThat(TensorType.of(ElementType.FLOAT, 2, 3).fixedShape()).containsExactly(2, 3);
        assertThatThrownBy(type::fixedShape).hasMessage("INT64[batch, 3, 4, ?] has no fixed shape");
        assertThatThrownBy(() -> TensorType.of(ElementType.FLOAT, 2.5)).hasMessage("not a dimension: 2.5");
        assertThat(type.withElement(ElementType.FLOAT).element()).isEqualTo(ElementType.FLOAT);
    }

    @Test
    void elementTypesHaveTheirOnnxCodes() {
        for (ElementType type : ElementType.values()) {
            assertThat(ElementType.ofOnnxCode(type.onnxCode())).isEqualTo(type);
        }
        assertThatThrownBy(() -> ElementType.ofOnnxCode(8))
                .hasMessageStartingWith("ONNX element type 8 is not supported");
    }
}
