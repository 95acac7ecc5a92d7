package dev.save4j.objectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Node;
import dev.save4j.graph.Preserved;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CompositionTest {
    /** Two heads over one hidden layer; some of its names are those of objectives. */
    private static Graph twoHeads() {
        GraphBuilder g = new GraphBuilder("two-heads");
        Value features = g.input("features", ElementType.FLOAT, "rows", 3);
        Value valueFeatures = g.input("value_features", ElementType.FLOAT, "rows", 3);
        Value hidden = g.scoped(
                "loss",
                () -> features.linear(g.parameter("hidden.weight", 4, 3)).tanh());
        g.output("reward", hidden.linear(g.parameter("score.weight", 1, 4)).squeeze(1));
        g.output(
                "value",
                hidden.add(valueFeatures.linear(g.parameter("hidden.weight", 4, 3)))
                        .linear(g.parameter("value.weight", 1, 4))
                        .squeeze(1));
        return g.build();
    }

    @Test
    void outputsOfTheModelBecomeInputsOfTheObjective() {
        Graph composed = Composition.of(twoHeads(), new BradleyTerry(0.01));
        assertThat(composed.name()).isEqualTo("two-heads/bradley-terry");
        assertThat(composed.inputs().stream().map(ValueInfo::name))
                .containsExactly("features", "margin", "pair_weight");
        assertThat(composed.outputs().stream().map(ValueInfo::name))
                .containsExactly("loss", "accuracy", "margin_mean", "mean_reward");
    }

    @Test
    void aHeadThatIsNotReadIsLeftOut() {
        Graph composed = Composition.of(twoHeads(), new BradleyTerry(0));
        assertThat(composed.parameters().keySet()).containsExactlyInAnyOrder("hidden.weight", "score.weight");
        assertThat(composed.nodes())
                .allSatisfy(node -> assertThat(node.inputs()).doesNotContain("value.weight"));
        assertThat(Composition.of(twoHeads(), new ValueRegression())
                        .parameters()
                        .keySet())
                .containsExactlyInAnyOrder("hidden.weight", "value.weight");
    }

    @Test
    void aModelWithoutTheRightHeadIsRefused() {
        assertThatThrownBy(() -> Composition.of(twoHeads(), new LanguageModelling()))
                .isInstanceOf(SaveException.class)
                .hasMessage(
                        "objective 'language-modelling' reads [log_prob, mask, token_share], but model 'two-heads' has"
                                + " only the outputs [reward, value]; give the model the head this objective needs");
    }

    @Test
    void whatABranchReadsIsKept() {
        Graph branch = new Graph(
                "branch",
                Map.of("", Graph.OPSET),
                List.of(),
                List.of(new ValueInfo("taken", TensorType.of(ElementType.FLOAT, "rows"))),
                List.of(new Node("", "", "Neg", List.of("outer"), List.of("taken"), Map.of())),
                Map.of(),
                Map.of(),
                Preserved.NOTHING);
        Graph graph = new Graph(
                "conditional",
                Map.of("", Graph.OPSET),
                List.of(
                        new ValueInfo("flag", TensorType.of(ElementType.BOOL)),
                        new ValueInfo("x", TensorType.of(ElementType.FLOAT, "rows")),
                        new ValueInfo("unused", TensorType.of(ElementType.FLOAT, "rows"))),
                List.of(new ValueInfo("result", TensorType.of(ElementType.FLOAT, "rows"))),
                List.of(
                        node("Exp", "x", "outer", Map.of()),
                        node("Exp", "unused", "dead", Map.of()),
                        node(
                                "If",
                                "flag",
                                "result",
                                Map.of(
                                        "then_branch", new Attribute.Body(branch),
                                        "else_branch", new Attribute.Body(branch)))),
                Map.of(),
                Map.of());
        Graph pruned = Composition.pruned(graph);
        assertThat(pruned.nodes().stream().map(Node::operator)).containsExactly("Exp", "If");
        assertThat(pruned.inputs().stream().map(ValueInfo::name)).containsExactly("flag", "x");
    }

    private static Node node(String operator, String input, String output, Map<String, Attribute> attributes) {
        return new Node(output, "", operator, List.of(input), List.of(output), attributes);
    }
}
