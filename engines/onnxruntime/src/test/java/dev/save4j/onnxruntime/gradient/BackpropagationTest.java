package dev.save4j.onnxruntime.gradient;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Node;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

/** What is written, and what is not. That it computes the right numbers is checked where it runs. */
class BackpropagationTest {
    private static GradientGraph written(Graph graph) {
        return new Backpropagation("engine", graph, "loss", weight -> true, false).gradients(false, false);
    }

    private static List<String> backward(Graph graph) {
        return operators(written(graph).graph(), graph.nodes().size());
    }

    private static List<String> operators(Graph graph, int from) {
        return graph.nodes().subList(from, graph.nodes().size()).stream()
                .map(Node::operator)
                .toList();
    }

    private static Graph loss(BiFunction<GraphBuilder, Value, Value> body) {
        GraphBuilder g = new GraphBuilder("sample");
        Value x = g.input("x", ElementType.FLOAT, "batch", "sequence", 4);
        g.output("loss", body.apply(g, x).sum());
        return g.build();
    }

    @Test
    void aLinearLayerIsOneProductForItsWeightAndNothingIsTransposed() {
        Graph graph = loss((g, x) -> x.linear(g.parameter("w", 3, 4)));
        assertThat(backward(graph)).containsExactly("Shape", "Expand", "Reshape", "Reshape", "Gemm");
    }

    @Test
    void nothingIsWrittenForWhatNoWeightNeeds() {
        Graph graph = loss((g, x) -> x.exp().mul(x.sigmoid()).add(g.parameter("bias", 4)));
        assertThat(backward(graph)).containsExactly("Shape", "Expand", "ReduceSum");
    }

    @Test
    void sizesOfTheSameNameAreNotComparedWhenTheGraphRuns() {
        Graph graph = loss((g, x) -> x.mul(g.parameter("gain", 4)).add(x.linear(g.parameter("w", 4, 4))));
        assertThat(backward(graph)).doesNotContain("NonZero", "Equal");
    }

    @Test
    void aTableCutToTheLengthOfTheSequenceIsKnownToFit() {
        GraphBuilder g = new GraphBuilder("sample");
        Value x = g.input("x", ElementType.FLOAT, "batch", "sequence", 4);
        Value table = g.parameter("table", 16, 4).slice(0, g.vector(0), x.size(1));
        g.output("loss", x.mul(g.parameter("gain", 4)).mul(table).sum());
        assertThat(backward(g.build())).doesNotContain("NonZero", "Equal");
    }

    @Test
    void theGradientOfATiedEmbeddingIsAddedToThatOfTheOutput() {
        GraphBuilder g = new GraphBuilder("sample");
        Value ids = g.input("ids", ElementType.INT64, "batch", "sequence");
        Value table = g.parameter("table", 7, 4);
        g.output("loss", table.gather(ids, 0).linear(table).sum());
        List<String> nodes = backward(g.build());
        assertThat(nodes).contains("Gemm", "ScatterND").doesNotContain("ScatterElements");
        assertThat(nodes.indexOf("Gemm")).isLessThan(nodes.indexOf("ScatterND"));
        assertThat(nodes).as("no tensor of zeros").doesNotContain("ConstantOfShape");
    }

    @Test
    void theGradientOfALogProbabilityHasNoTensorOfZeros() {
        GraphBuilder g = new GraphBuilder("sample");
        Value x = g.input("x", ElementType.FLOAT, "batch", "sequence", 4);
        Value next = g.input("next", ElementType.INT64, "batch", "sequence", 1);
        Value logits = x.linear(g.parameter("head", 7, 4));
        g.output("loss", logits.logSoftmax(-1).gatherElements(next, 2).sum());
        assertThat(backward(g.build())).contains("ScatterElements").doesNotContain("ConstantOfShape");
    }

    @Test
    void partsOfOneValueArePutTogetherAgain() {
        Graph graph = loss((g, x) -> {
            List<Value> halves = x.mul(g.parameter("gain", 4)).split(-1, 2, 2);
            return halves.get(0).mul(halves.get(1));
        });
        assertThat(backward(graph)).contains("Concat").doesNotContain("Pad", "Slice");
    }

    @Test
    void everyWeightHasAnOutputOfItsOwnShapeAndItsOwnName() {
        GraphBuilder g = new GraphBuilder("sample");
        g.output(
                "loss",
                g.parameter("a", 2)
                        .add(g.parameter("b", 2))
                        .sum()
                        .add(g.parameter("c").identity()));
        GradientGraph gradients = written(g.build());
        assertThat(gradients.derivatives().keySet()).containsExactly("a", "b", "c");
        assertThat(Set.copyOf(gradients.derivatives().values())).hasSize(3);
        gradients
                .derivatives()
                .forEach((weight, output) -> assertThat(gradients.graph().outputs())
                        .anySatisfy(info -> {
                            assertThat(info.name()).isEqualTo(output);
                            assertThat(info.type())
                                    .isEqualTo(Objects.requireNonNull(
                                            gradients.graph().parameters().get(weight)));
                        }));
        assertThat(gradients.derivatives().values()).doesNotContain(gradients.scale());
    }

    @Test
    void addsToInputsWhenAsked() {
        Graph graph = loss((g, x) -> x.linear(g.parameter("w", 3, 4)));
        GradientGraph gradients =
                new Backpropagation("engine", graph, "loss", weight -> true, false).gradients(false, true);
        String input = Objects.requireNonNull(gradients.accumulators().get("w"));
        Node last = gradients.graph().nodes().get(gradients.graph().nodes().size() - 1);
        assertThat(last.operator()).isEqualTo("Add");
        assertThat(last.inputs()).contains(input);
        assertThat(last.outputs()).containsExactly(gradients.derivatives().get("w"));
    }

    @Test
    void severalThreadsNeverAddToOnePlaceAtOnce() {
        GraphBuilder g = new GraphBuilder("sample");
        Value ids = g.input("ids", ElementType.INT64, "batch");
        g.output("loss", g.parameter("table", 7, 4).gather(ids, 0).sum());
        Backpropagation backpropagation = new Backpropagation("engine", g.build(), "loss", weight -> true, false);
        assertThat(operators(backpropagation.gradients(true, false).graph(), 0)).doesNotContain("ScatterND");
        assertThat(operators(backpropagation.gradients(false, false).graph(), 0))
                .contains("ScatterND");
    }

    @Test
    void frozenWeightsAreNotReached() {
        Graph graph = loss((g, x) -> x.linear(g.parameter("a", 4, 4)).linear(g.parameter("b", 4, 4)));
        Backpropagation last = new Backpropagation("engine", graph, "loss", "b"::equals, false);
        assertThat(last.weights()).containsExactly("b");
        assertThat(operators(last.gradients(false, false).graph(), graph.nodes().size()))
                .containsOnlyOnce("Gemm")
                .doesNotContain("MatMul", "FusedMatMul");
    }

    @Test
    void namesOfTheGraphAreLeftAlone() {
        GraphBuilder g = new GraphBuilder("sample");
        Value x = g.input("gradient/scale_1", ElementType.FLOAT, 2);
        g.output("loss", x.mul(g.parameter("gradient/w", 2)).sum());
        Graph graph = g.build();
        GradientGraph gradients = written(graph);
        assertThat(gradients.scale()).isNotEqualTo("gradient/scale_1");
        gradients.graph().validate(Set.of());
    }

    @Test
    void twoWritingsAreTheSame() {
        Graph graph =
                loss((g, x) -> x.linear(g.parameter("w", 3, 4)).softmax(-1).add(g.parameter("b", 3)));
        assertThat(written(graph).graph()).isEqualTo(written(graph).graph());
        assertThat(written(graph).derivatives())
                .isEqualTo(Map.copyOf(written(graph).derivatives()));
    }
}
