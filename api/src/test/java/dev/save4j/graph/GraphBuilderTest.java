package dev.save4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class GraphBuilderTest {
    private final GraphBuilder g = new GraphBuilder("g");
    private final Value x = g.input("x", ElementType.FLOAT, "batch", 3);

    private static void internal(ThrowingCallable call, String message) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.INTERNAL))
                .hasMessage(message);
    }

    @Test
    void aGraphHasWhatWasDeclared() {
        Value w = g.parameter("w", 4, 3);
        Value b = g.constant("table", Tensor.of(new float[] {1, 2, 3, 4}, 4));
        g.output("y", x.linear(w).add(b).stopGradient());
        Graph graph = g.build();

        assertThat(graph.opsets()).isEqualTo(Map.of("", Graph.OPSET, Node.MICROSOFT, 1, Node.SAVE4J, 1));
        assertThat(graph.inputs()).containsExactly(new ValueInfo("x", TensorType.of(ElementType.FLOAT, "batch", 3)));
        assertThat(graph.outputs()).containsExactly(new ValueInfo("y", TensorType.of(ElementType.FLOAT, "batch", 4)));
        assertThat(graph.parameters()).isEqualTo(Map.of("w", TensorType.of(ElementType.FLOAT, 4, 3)));
        assertThat(graph.constants()).containsOnlyKeys("table");
        assertThat(graph.nodes())
                .extracting(Node::qualifiedOperator)
                .containsExactly("com.microsoft::FusedMatMul", "Add", "dev.save4j::StopGradient");
        assertThat(graph.producers().get("y").operator()).isEqualTo("StopGradient");
        assertThat(graph.hasOutput("y")).isTrue();
        assertThat(graph.hasOutput("x")).isFalse();
    }

    @Test
    void tiedWeightsAreOneParameter() {
        Value first = g.parameter("embedding", 3, 3);
        Value second = g.parameter("embedding", 3, 3);
        g.output("y", x.linear(first).linear(second));
        assertThat(g.build().parameters()).containsOnlyKeys("embedding");
        assertThatThrownBy(() -> g.parameter("embedding", 3, 4))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage("graph 'g': weight 'embedding' is used as FLOAT[3, 3] and as FLOAT[3, 4]");
    }

    @Test
    void inputsMayBeAskedForAgain() {
        assertThat(g.inputOnce("x", ElementType.FLOAT, "batch", 3).name()).isEqualTo("x");
        assertThat(g.inputOnce("new", ElementType.INT64, "batch").name()).isEqualTo("new");
        internal(
                () -> g.inputOnce("x", ElementType.FLOAT, 3),
                "graph 'g': input 'x' is declared as FLOAT[batch, 3] and as FLOAT[3]");
        internal(() -> g.input("x", ElementType.FLOAT, 3), "graph 'g': the name 'x' of this input is empty or taken");
    }

    @Test
    void equalScalarsAndVectorsAreSharedAndTypesKeptApart() {
        assertThat(g.scalar(1.0).name()).isEqualTo(g.scalar(1.0).name());
        assertThat(g.scalar(1L).name()).isNotEqualTo(g.scalar(1.0).name());
        assertThat(g.vector(1, 2).name()).isEqualTo(g.vector(1, 2).name());
        assertThat(g.scalar(-0.0).name()).isNotEqualTo(g.scalar(0.0).name());
    }

    @Test
    void scopesPrefixTheNames() {
        Value y = g.scoped("layers.0", () -> g.scoped("mlp", () -> x.relu()));
        assertThat(y.name()).isEqualTo("layers.0/mlp/Relu");
        assertThat(g.scoped("layers.0", () -> g.scoped("mlp", () -> x.relu())).name())
                .isEqualTo("layers.0/mlp/Relu_2");
        assertThat(x.relu().name()).isEqualTo("Relu");
    }

    @Test
    void outputsRenameTheValueOrCopyIt() {
        Value relu = x.relu();
        Value next = relu.exp();
        g.output("y", relu);
        g.output("same", relu);
        g.output("z", next);
        g.output("echo", x);
        Graph graph = g.build();
        assertThat(graph.outputs()).extracting(ValueInfo::name).containsExactly("y", "same", "z", "echo");
        assertThat(graph.producers().get("y").operator()).isEqualTo("Relu");
        assertThat(graph.producers().get("z").inputs()).containsExactly("y");
        assertThat(graph.producers().get("same").operator()).isEqualTo("Identity");
        assertThat(graph.producers().get("same").inputs()).containsExactly("y");
        assertThat(graph.producers().get("echo").inputs()).containsExactly("x");
    }

    @Test
    void mistakesAreReportedWithTheGraphsName() {
        internal(g::build, "graph 'g' has no outputs");
        GraphBuilder other = new GraphBuilder("other");
        Value foreign = other.input("f", ElementType.FLOAT, 3);
        internal(() -> x.add(foreign), "graph 'g': Add is given 'f' FLOAT[3] of another graph");
        internal(() -> g.output("y", foreign), "graph 'g': output 'y' belongs to another graph");
        internal(() -> g.output("x", x.relu()), "graph 'g': the name 'x' of this output is empty or taken");
    }

    // Composition

    private static Graph scoring() {
        GraphBuilder b = new GraphBuilder("scoring");
        Value x = b.input("x", ElementType.FLOAT, "batch", 3);
        Value hidden = x.linear(b.parameter("w", 3, 3)).add(b.constant("offset", Tensor.scalar(1f)));
        b.output("score", hidden.sum(1, false));
        return b.build();
    }

    @Test
    void aGraphIncludedTwiceSharesItsWeightsAndNothingElse() {
        Value rejected = g.input("rejected", ElementType.FLOAT, "batch", 3);
        Value a = g.include(scoring(), Map.of("x", x)).get("score");
        Value b = g.include(scoring(), Map.of("x", rejected)).get("score");
        g.output("loss", b.sub(a).softplus().mean());
        Graph graph = g.build();
        assertThat(graph.parameters()).containsOnlyKeys("w");
        assertThat(graph.constants()).containsKeys("offset", "offset_2");
        assertThat(graph.nodes()).hasSize(3 + 3 + 3);
        assertThat(graph.nodes().get(3).inputs()).containsExactly("rejected", "w");
        assertThat(a.type()).isEqualTo(TensorType.of(ElementType.FLOAT, "batch"));
    }

    @Test
    void inputsThatAreNotBoundBecomeInputs() {
        GraphBuilder b = new GraphBuilder("outer");
        b.output("score", b.include(scoring(), Map.of()).get("score"));
        assertThat(b.build().inputs()).extracting(ValueInfo::name).containsExactly("x");
        // x is an input here already and fits.
        assertThat(g.include(scoring(), Map.of())).containsOnlyKeys("score");
    }

    @Test
    void bindingsMustFit() {
        Value flat = g.input("flat", ElementType.FLOAT, 3);
        internal(
                () -> g.include(scoring(), Map.of("x", flat)),
                "graph 'g': input 'x' of 'scoring' is FLOAT[batch, 3] but is given 'flat' FLOAT[3]");
        assertThatThrownBy(() -> g.include(scoring(), Map.of("x", x, "y", x)))
                .hasMessage("graph 'scoring' has no input 'y'; it has [x]");
        GraphBuilder ids = new GraphBuilder("ids");
        ids.input("x", ElementType.INT64, "batch", 3);
        internal(
                () -> ids.include(scoring(), Map.of()),
                "graph 'ids': input 'x' of 'scoring' is FLOAT[batch, 3] but is given 'x' INT64[batch, 3]");
        Graph old = new Graph("old", Map.of("", 11), List.of(), List.of(), List.of(), Map.of(), Map.of());
        internal(
                () -> g.include(old, Map.of()),
                "graph 'old' uses version 11 of the operators '', graph 'g' version 23; normalise it first");
    }

    /** If(flag) then -x else the weight, with the branch reading values around it. */
    private static Graph choosing() {
        GraphBuilder b = new GraphBuilder("choosing");
        Value x = b.input("x", ElementType.FLOAT, "batch", 3);
        Value flag = b.input("flag", ElementType.BOOL);
        Value doubled = x.add(x);
        Graph then = branch("then", new Node("", "", "Neg", List.of(doubled.name()), List.of("inside"), Map.of()));
        Graph otherwise =
                branch("else", new Node("", "", "Identity", List.of(doubled.name()), List.of("inside"), Map.of()));
        Value chosen = b.node(
                        "",
                        "If",
                        List.of(flag),
                        Map.of("then_branch", new Attribute.Body(then), "else_branch", new Attribute.Body(otherwise)),
                        List.of(x.type()))
                .get(0);
        b.output("y", chosen);
        b.output("twice", doubled);
        return b.build();
    }

    private static Graph branch(String name, Node node) {
        return new Graph(
                name,
                Map.of(),
                List.of(),
                List.of(new ValueInfo("inside", TensorType.UNKNOWN)),
                List.of(node),
                Map.of(),
                Map.of(),
                Preserved.NOTHING);
    }

    @Test
    void bodiesFollowTheNamesAroundThem() {
        Graph graph = choosing();
        // The value that the branches read was renamed to an output afterwards.
        assertThat(body(graph.nodes().get(1)).nodes().get(0).inputs()).containsExactly("twice");

        Map<String, Value> first = g.include(graph, Map.of("x", x));
        Map<String, Value> second = g.include(graph, Map.of("x", first.get("y")));
        g.output("result", second.get("y"));
        Graph whole = g.build();
        List<Node> choices = whole.nodes().stream()
                .filter(node -> node.operator().equals("If"))
                .toList();
        assertThat(choices).hasSize(2);
        assertThat(body(choices.get(0)).nodes().get(0).inputs())
                .containsExactly(first.get("twice").name());
        assertThat(body(choices.get(1)).nodes().get(0).inputs())
                .containsExactly(second.get("twice").name());
        assertThat(body(choices.get(0)).nodes().get(0).outputs())
                .isNotEqualTo(body(choices.get(1)).nodes().get(0).outputs());
    }

    private static Graph body(Node node) {
        return ((Attribute.Body) node.attributes().get("then_branch")).value();
    }
}
