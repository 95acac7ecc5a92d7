package dev.save4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.ElementTypes;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.graph.Preserved;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OperatorTableTest {
    private static final OperatorRule GEMM =
            new OperatorRule("", "Gemm", Set.of("transB"), Set.of(ElementType.FLOAT), true);
    private static final OperatorRule FUSED =
            new OperatorRule(Node.MICROSOFT, "FusedMatMul", Set.of("transB"), Set.of(ElementType.FLOAT), true);
    private static final OperatorRule IF =
            new OperatorRule("", "If", Set.of("then_branch"), Set.of(ElementType.FLOAT, ElementType.BOOL), false);

    private final OperatorTable table = new OperatorTable(List.of(GEMM, FUSED, IF));

    private static Node node(String name, String domain, String operator, Map<String, Attribute> attributes) {
        return new Node(name, domain, operator, List.of("x"), List.of(name), attributes);
    }

    private static Graph graph(Node... nodes) {
        return new Graph(
                "policy",
                Map.of("", 23),
                List.of(new ValueInfo("x", TensorType.of(ElementType.FLOAT))),
                List.of(),
                List.of(nodes),
                Map.of(),
                Map.of());
    }

    @Test
    void rulesAreFoundByDomainAndOperator() {
        assertThat(table.rule("", "Gemm")).contains(GEMM);
        assertThat(table.rule(Node.MICROSOFT, "FusedMatMul")).contains(FUSED);
        assertThat(table.rule("", "FusedMatMul")).isEmpty();
        assertThat(table.rules()).hasSize(3);
    }

    @Test
    void anOperatorIsListedOnce() {
        assertThatThrownBy(() -> new OperatorTable(List.of(GEMM, GEMM))).hasMessage("operator Gemm is listed twice");
    }

    @Test
    void aGraphOfKnownOperatorsPasses() {
        Graph graph = graph(
                node("a", "", "Gemm", Map.of("transB", Attribute.of(1))),
                node("b", Node.MICROSOFT, "FusedMatMul", Map.of()));
        assertThatCode(() -> table.check("tiny", graph)).doesNotThrowAnyException();
    }

    @Test
    void anOperandOfAnotherTypeIsRefused() {
        Node cast = node("a", "", "Cast", Map.of("to", Attribute.of(ElementType.DOUBLE.onnxCode())));
        Node first = new Node("b", "", "Gemm", List.of("x", "a"), List.of("b"), Map.of());
        Node second = new Node("c", "", "Gemm", List.of("x", "a"), List.of("c"), Map.of());
        Graph body = new Graph(
                "then",
                Map.of(),
                List.of(),
                List.of(),
                List.of(new Node("d", "", "Gemm", List.of("x", "a"), List.of("d"), Map.of())),
                Map.of(),
                Map.of(),
                Preserved.NOTHING);
        Node outer = node("e", "", "If", Map.of("then_branch", new Attribute.Body(body)));
        OperatorTable typed = new OperatorTable(
                List.of(GEMM, IF, new OperatorRule("", "Cast", Set.of("to"), Set.of(ElementType.FLOAT), true)));
        assertThat(typed.problems(graph(cast, first, second, outer)))
                .extracting(Problem::node)
                .extracting(Node::name)
                .containsExactly("b", "c", "d");
        assertThatThrownBy(() -> typed.check("tiny", graph(cast, first, second, outer)))
                .hasMessageContaining("  - node 'b' (Gemm): operand 1 is DOUBLE, but the operator is supported for"
                        + " [FLOAT] (and 2 more)\n");
    }

    @Test
    void anOperandWhoseTypeCannotBeToldIsLeftToTheEngine() {
        Graph untyped = new Graph(
                "policy",
                Map.of("", 23),
                List.of(new ValueInfo("x", TensorType.UNKNOWN)),
                List.of(),
                List.of(node("a", "", "Gemm", Map.of())),
                Map.of(),
                Map.of());
        assertThat(table.problems(untyped)).isEmpty();
    }

    @Test
    void theNodesOfAPathWithoutAGradientAreFound() {
        Graph graph = new Graph(
                "loss",
                Map.of("", 23),
                List.of(new ValueInfo("x", TensorType.of(ElementType.FLOAT))),
                List.of(new ValueInfo("loss", TensorType.of(ElementType.FLOAT))),
                List.of(
                        new Node("aside", "", "Floor", List.of("x"), List.of("a"), Map.of()),
                        new Node("between", "", "Floor", List.of("w"), List.of("b"), Map.of()),
                        new Node("last", "", "Gemm", List.of("a", "b"), List.of("loss"), Map.of())),
                Map.of(),
                Map.of("w", TensorType.of(ElementType.FLOAT, 2), "unread", TensorType.of(ElementType.FLOAT, 2)));
        OperatorTable floors = new OperatorTable(
                List.of(GEMM, new OperatorRule("", "Floor", Set.of(), Set.of(ElementType.FLOAT), false)));
        GradientPath path = GradientPath.of(graph, new ElementTypes(graph)::isFloating, "loss", weight -> true);
        assertThat(path.weights()).containsExactly("w");
        assertThat(path.values()).containsExactlyInAnyOrder("w", "b", "loss");
        assertThat(Problem.summary(floors.withoutGradient(path)))
                .singleElement()
                .asString()
                .startsWith("node 'between' (Floor): the operator has no gradient");
        assertThat(GradientPath.of(graph, new ElementTypes(graph)::isFloating, "loss", weight -> false)
                        .nodes())
                .isEmpty();
    }

    @Test
    void allProblemsAreReportedAtOnceAndEachOperatorOnce() {
        Graph body = new Graph(
                "then",
                Map.of(),
                List.of(),
                List.of(),
                List.of(node("e", "", "Loop", Map.of())),
                Map.of(),
                Map.of(),
                Preserved.NOTHING);
        Graph graph = graph(
                node("a", "", "Gemm", Map.of("alpha", Attribute.of(2f))),
                node("b", "", "Conv", Map.of()),
                node("c", "", "Conv", Map.of()),
                node("d", "", "If", Map.of("then_branch", new Attribute.Body(body))));
        assertThatThrownBy(() -> table.check("tiny", graph))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage(
                        "engine 'tiny' cannot open graph 'policy':\n"
                                + "  - node 'a' (Gemm): the attributes [alpha] are not supported\n"
                                + "  - node 'b' (Conv): the operator is not supported (and 1 more)\n"
                                + "  - node 'e' (Loop): the operator is not supported\n"
                                + "Use another engine, or export the model with operators that `save4j engines` lists for this one.");
    }
}
