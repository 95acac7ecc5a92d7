package dev.save4j.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.engine.Checkpointing;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class RefusalTest {
    private static final WeightStore WEIGHTS = new WeightStore(Map.of("w", Tensor.of(new float[] {1, 2}, 2)));

    private static Trainer open(Graph graph) {
        return new TensorFlowEngine()
                .open(WEIGHTS, List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded());
    }

    private static AbstractThrowableAssert<?, ?> assertFails(SaveException.Kind kind, ThrowingCallable call) {
        return assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SaveException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(kind));
    }

    private static AbstractThrowableAssert<?, ?> assertRefused(Graph graph) {
        return assertFails(SaveException.Kind.USER, () -> open(graph))
                .hasMessageContaining("engine 'djl-tensorflow' cannot open graph 'sample'");
    }

    private static Graph withNode(String operator, Map<String, Attribute> attributes) {
        GraphBuilder g = new GraphBuilder("sample");
        Value w = g.parameter("w", 2);
        g.output(
                "loss",
                g.node("", operator, List.of(w), attributes, List.of(w.type()))
                        .get(0)
                        .sum());
        return g.build();
    }

    @Test
    void checkpointing() {
        EngineSettings settings = EngineSettings.singleThreaded().with(Checkpointing.BLOCKS);
        assertThatThrownBy(() -> new TensorFlowEngine().open(WEIGHTS, List.of(), Optimization.DEFAULT, settings))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        refusal -> assertThat(refusal.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageContaining("engine 'djl-tensorflow' has no checkpointing 'blocks'");
    }

    @Test
    void anOperatorThatIsNotSupported() {
        assertRefused(withNode("Hardmax", Map.of()))
                .hasMessageContaining("node 'Hardmax' (Hardmax): the operator is not supported");
    }

    @Test
    void anAttributeThatIsNotHonoured() {
        assertRefused(withNode("Softmax", Map.of("temperature", Attribute.of(2f))))
                .hasMessageContaining("node 'Softmax' (Softmax): the attributes [temperature] are not supported");
    }

    @Test
    void aValueOfAnAttributeThatIsNotSupported() {
        assertRefused(withNode("Gelu", Map.of("approximate", Attribute.of("quick"))))
                .hasMessageContaining("approximate is 'quick', expected 'none' or 'tanh'");
    }

    @Test
    void anOperandOfAnotherType() {
        GraphBuilder g = new GraphBuilder("sample");
        Value ids = g.input("ids", ElementType.INT64, 2);
        Value softmax = g.node("", "Softmax", List.of(ids), Map.of(), List.of(TensorType.of(ElementType.INT64, 2)))
                .get(0);
        g.output(
                "loss", g.parameter("w", 2).mul(softmax.cast(ElementType.FLOAT)).sum());
        assertRefused(g.build())
                .hasMessageContaining(
                        "node 'Softmax' (Softmax): operand 0 is INT64, but the operator is supported for");
    }

    @Test
    void anOperandTooMany() {
        GraphBuilder g = new GraphBuilder("sample");
        Value w = g.parameter("w", 2);
        g.output(
                "loss",
                g.node("", "Softmax", List.of(w, w), Map.of(), List.of(w.type()))
                        .get(0)
                        .sum());
        assertRefused(g.build()).hasMessageContaining("2 operands are given, but only 1 are supported");
    }

    @Test
    void anOperatorWithoutGradientBeforeTheLoss() {
        assertRefused(withNode("Floor", Map.of()))
                .hasMessageContaining("node 'Floor' (Floor): the operator has no gradient")
                .hasMessageContaining("StopGradient");
    }

    @Test
    void anOperatorWithoutGradientBesideTheLossIsNoObstacle() {
        GraphBuilder g = new GraphBuilder("sample");
        Value w = g.parameter("w", 2);
        Value floor =
                g.node("", "Floor", List.of(w), Map.of(), List.of(w.type())).get(0);
        g.output("loss", floor.stopGradient().mul(w).sum());
        g.output("metric", floor.sum());
        Graph graph = g.build();
        try (Trainer trainer = open(graph)) {
            Map<String, Tensor> outputs = trainer.accumulate(graph, Map.of(), 1);
            assertThat(outputs.get("metric").item()).isEqualTo(3);
            assertThat(trainer.gradients().get("w").toFloats()).containsExactly(1, 2);
        }
    }

    @Test
    void aGraphWithoutALoss() {
        GraphBuilder g = new GraphBuilder("sample");
        g.output("score", g.parameter("w", 2).sum());
        assertFails(SaveException.Kind.USER, () -> open(g.build()))
                .hasMessageContaining(
                        "graph 'sample' has no scalar FLOAT output 'loss'; its outputs are [score FLOAT[]]");
    }

    @Test
    void aLossThatTurnsOutToBeNoScalar() {
        GraphBuilder g = new GraphBuilder("sample");
        Value w = g.parameter("w", 2);
        g.output(
                "loss",
                g.node("", "Abs", List.of(w), Map.of(), List.of(TensorType.unranked(ElementType.FLOAT)))
                        .get(0));
        Graph graph = g.build();
        try (Trainer trainer = open(graph)) {
            assertFails(SaveException.Kind.USER, () -> trainer.accumulate(graph, Map.of(), 1))
                    .hasMessage("the loss of graph 'sample' has the shape [2] but must be a scalar");
        }
    }

    @Test
    void weightsThatDoNotFit() {
        GraphBuilder g = new GraphBuilder("sample");
        g.output("loss", g.parameter("w", 3).sum());
        assertFails(SaveException.Kind.USER, () -> open(g.build()))
                .hasMessageContaining("weight 'w' of the store is FLOAT[2] but graph 'sample' needs FLOAT[3]");
        GraphBuilder other = new GraphBuilder("sample");
        other.output("loss", other.parameter("v", 3).sum());
        assertFails(SaveException.Kind.USER, () -> open(other.build())).hasMessageContaining("there is no weight 'v'");
    }

    private static Graph product() {
        GraphBuilder g = new GraphBuilder("sample");
        g.output(
                "loss",
                g.parameter("w", 2).mul(g.input("x", ElementType.FLOAT, "n")).sum());
        return g.build();
    }

    @Test
    void inputsThatDoNotFit() {
        Graph graph = product();
        Tensor two = Tensor.of(new float[] {1, 2}, 2);
        try (Trainer trainer = open(graph)) {
            assertFails(SaveException.Kind.USER, () -> trainer.accumulate(graph, Map.of(), 1))
                    .hasMessage("graph 'sample' needs the input 'x' FLOAT[n]; given are []");
            assertFails(
                            SaveException.Kind.USER,
                            () -> trainer.evaluate(graph, Map.of("x", Tensor.of(new float[] {1, 2}, 1, 2))))
                    .hasMessage("input 'x' of graph 'sample' is FLOAT[1, 2] but FLOAT[n] was expected");
            assertFails(SaveException.Kind.USER, () -> trainer.evaluate(graph, Map.of("x", Tensor.vector(1, 2))))
                    .hasMessage("input 'x' of graph 'sample' is INT64[2] but FLOAT[n] was expected");
            assertFails(SaveException.Kind.USER, () -> trainer.evaluate(graph, Map.of("x", two, "y", two)))
                    .hasMessageContaining("graph 'sample' has no input 'y'");
        }
    }

    @Test
    void shapesThatDoNotFitEachOtherAreReportedWithTheNode() {
        Graph graph = product();
        try (Trainer trainer = open(graph)) {
            for (int i = 0; i < 3; i++) {
                assertFails(
                                SaveException.Kind.ENGINE,
                                () -> trainer.evaluate(graph, Map.of("x", Tensor.of(new float[3], 3))))
                        .hasMessageStartingWith("engine 'djl-tensorflow' failed in graph 'sample' at"
                                + " node 'Mul' (Mul) of 'w' [2], 'x' [3]: ");
            }
            assertThat(trainer.evaluate(graph, Map.of("x", Tensor.of(new float[] {1, 1}, 2)))
                            .get("loss")
                            .item())
                    .isEqualTo(3);
        }
    }

    @Test
    void anIndexOutsideItsRows() {
        GraphBuilder g = new GraphBuilder("sample");
        g.output(
                "loss",
                g.parameter("w", 2)
                        .gather(g.input("ids", ElementType.INT64, "n"), 0)
                        .sum());
        Graph graph = g.build();
        try (Trainer trainer = open(graph)) {
            // While the graph is translated, and in a run of the translation.
            for (int i = 0; i < 2; i++) {
                assertFails(
                                SaveException.Kind.USER,
                                () -> trainer.accumulate(graph, Map.of("ids", Tensor.vector(0, 2)), 1))
                        .hasMessage("node 'Gather' (Gather): index 2 is outside the 2 rows of its operand 'w'");
                trainer.accumulate(graph, Map.of("ids", Tensor.vector(0, 1)), 1);
            }
        }
    }

    @Test
    void dropoutThatWouldDrop() {
        GraphBuilder g = new GraphBuilder("sample");
        Value w = g.parameter("w", 2);
        Value training = g.constant("training", Tensor.of(new boolean[] {true}));
        g.output(
                "loss",
                g.node("", "Dropout", List.of(w, g.scalar(0.5), training), Map.of(), List.of(w.type()))
                        .get(0)
                        .sum());
        Graph graph = g.build();
        try (Trainer trainer = open(graph)) {
            assertFails(SaveException.Kind.USER, () -> trainer.evaluate(graph, Map.of()))
                    .hasMessageContaining("engine 'djl-tensorflow' cannot run node 'Dropout' (Dropout): dropout in"
                            + " training mode; export the model in evaluation mode");
        }
    }

    @Test
    void aLossWithoutTrainedWeights() {
        GraphBuilder g = new GraphBuilder("sample");
        g.output("loss", g.parameter("w", 2).stopGradient().sum());
        Graph graph = g.build();
        try (Trainer trainer = open(graph)) {
            assertThat(trainer.evaluate(graph, Map.of()).get("loss").item()).isEqualTo(3);
            assertFails(SaveException.Kind.USER, () -> trainer.accumulate(graph, Map.of(), 1))
                    .hasMessage(
                            "the loss of graph 'sample' depends on no weight that is trained, so it has no gradient");
        }
    }

    @Test
    void useThatTheInterfaceForbids() {
        Graph graph = product();
        Map<String, Tensor> inputs = Map.of("x", Tensor.of(new float[] {1, 2}, 2));
        Trainer trainer = open(graph);
        assertFails(SaveException.Kind.INTERNAL, () -> trainer.evaluate(withNode("Abs", Map.of()), inputs))
                .hasMessageContaining("was not opened with graph 'sample'");
        assertFails(SaveException.Kind.USER, () -> trainer.step(Double.NaN))
                .hasMessageContaining("the learning rate must be a number");
        trainer.close();
        trainer.close();
        assertFails(SaveException.Kind.INTERNAL, () -> trainer.evaluate(graph, inputs))
                .hasMessage("the trainer is closed");
    }

    @Test
    void aFailureOfTensorFlowIsToldWithItsNode() {
        assertThat(TensorGraph.prefixIn("Incompatible shapes\n\t [[{{node node12/Mul_3}}]]"))
                .isEqualTo("node12");
        assertThat(TensorGraph.prefixIn("no node is named")).isEmpty();
    }
}
