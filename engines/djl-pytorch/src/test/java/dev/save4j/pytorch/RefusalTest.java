package dev.save4j.pytorch;

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
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;

class RefusalTest {
    private static final WeightStore WEIGHTS = new WeightStore(Map.of("w", Tensor.of(new float[] {1, 2}, 2)));

    private static Graph graph(UnaryOperator<Value> body) {
        GraphBuilder g = new GraphBuilder("sample");
        Value x = g.input("x", ElementType.FLOAT, "n");
        g.output("loss", body.apply(g.parameter("w", 2).mul(x)).sum());
        return g.build();
    }

    private static Value node(Value x, GraphBuilder g, String operator, Map<String, Attribute> attributes) {
        return g.node("", operator, List.of(x), attributes, List.of(x.type())).get(0);
    }

    private static Trainer open(Graph graph) {
        return new PyTorchEngine().open(WEIGHTS, List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded());
    }

    private static AbstractThrowableAssert<?, ?> assertRefused(Graph graph) {
        return assertThatThrownBy(() -> open(graph))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        refusal -> assertThat(refusal.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageContaining("engine 'djl-pytorch' cannot open graph 'sample'");
    }

    private static Graph withNode(String operator, Map<String, Attribute> attributes) {
        GraphBuilder g = new GraphBuilder("sample");
        Value w = g.parameter("w", 2);
        g.output("loss", node(w, g, operator, attributes).sum());
        return g.build();
    }

    @Test
    void checkpointing() {
        EngineSettings settings = EngineSettings.singleThreaded().with(Checkpointing.BLOCKS);
        assertThatThrownBy(() -> new PyTorchEngine().open(WEIGHTS, List.of(), Optimization.DEFAULT, settings))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        refusal -> assertThat(refusal.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageContaining("engine 'djl-pytorch' has no checkpointing 'blocks'");
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
        Value result = g.node("", "Softmax", List.of(w, w), Map.of(), List.of(w.type()))
                .get(0);
        g.output("loss", result.sum());
        assertRefused(g.build()).hasMessageContaining("2 operands are given, but only 1 are supported");
    }

    @Test
    void anOperatorWithoutGradientBeforeTheLoss() {
        assertRefused(withNode("Floor", Map.of()))
                .hasMessageContaining("node 'Floor' (Floor): the operator has no gradient")
                .hasMessageContaining("StopGradient");
        GraphBuilder g = new GraphBuilder("sample");
        Value w = g.parameter("w", 2);
        g.output("loss", node(w.stopGradient(), g, "Floor", Map.of()).mul(w).sum());
        open(g.build()).close();
    }

    @Test
    void aGraphWithoutALoss() {
        GraphBuilder g = new GraphBuilder("sample");
        g.output("score", g.parameter("w", 2).sum());
        assertThatThrownBy(() -> open(g.build()))
                .hasMessageContaining(
                        "graph 'sample' has no scalar FLOAT output 'loss'; its outputs are [score FLOAT[]]");
    }

    @Test
    void weightsThatDoNotFit() {
        GraphBuilder g = new GraphBuilder("sample");
        g.output("loss", g.parameter("w", 3).sum());
        assertThatThrownBy(() -> open(g.build()))
                .hasMessageContaining("weight 'w' of the store is FLOAT[2] but graph 'sample' needs FLOAT[3]");
        GraphBuilder other = new GraphBuilder("sample");
        other.output("loss", other.parameter("v", 3).sum());
        assertThatThrownBy(() -> open(other.build())).hasMessageContaining("there is no weight 'v'");
    }

    @Test
    void inputsThatDoNotFit() {
        Graph graph = graph(x -> x);
        Tensor two = Tensor.of(new float[] {1, 2}, 2);
        try (Trainer trainer = open(graph)) {
            assertThatThrownBy(() -> trainer.accumulate(graph, Map.of(), 1))
                    .hasMessage("graph 'sample' needs the input 'x' FLOAT[n]; given are []");
            assertThatThrownBy(() -> trainer.evaluate(graph, Map.of("x", Tensor.of(new float[] {1, 2}, 1, 2))))
                    .hasMessage("input 'x' of graph 'sample' is FLOAT[1, 2] but FLOAT[n] was expected");
            assertThatThrownBy(() -> trainer.evaluate(graph, Map.of("x", Tensor.vector(1, 2))))
                    .hasMessage("input 'x' of graph 'sample' is INT64[2] but FLOAT[n] was expected");
            assertThatThrownBy(() -> trainer.evaluate(graph, Map.of("x", two, "y", two)))
                    .hasMessageContaining("graph 'sample' has no input 'y'");
            assertThatThrownBy(() -> trainer.evaluate(graph, Map.of("x", Tensor.of(new float[3], 3))))
                    .isInstanceOfSatisfying(
                            SaveException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(SaveException.Kind.ENGINE))
                    .hasMessageContaining("node 'Mul' (Mul) of 'w' [2], 'x' [3]");
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
            assertThatThrownBy(() -> trainer.accumulate(graph, Map.of("ids", Tensor.vector(0, 2)), 1))
                    .hasMessage("node 'Gather' (Gather): index 2 is outside the 2 rows of its operand 'w'");
        }
    }

    @Test
    void aLossWithoutTrainedWeights() {
        GraphBuilder g = new GraphBuilder("sample");
        g.output("loss", g.parameter("w", 2).stopGradient().sum());
        Graph graph = g.build();
        try (Trainer trainer = open(graph)) {
            assertThat(trainer.evaluate(graph, Map.of()).get("loss").item()).isEqualTo(3);
            assertThatThrownBy(() -> trainer.accumulate(graph, Map.of(), 1))
                    .hasMessage(
                            "the loss of graph 'sample' depends on no weight that is trained, so it has no gradient");
        }
    }

    @Test
    void useThatTheInterfaceForbids() throws InterruptedException {
        Graph graph = graph(x -> x);
        Map<String, Tensor> inputs = Map.of("x", Tensor.of(new float[] {1, 2}, 2));
        PyTorchTrainer trainer = (PyTorchTrainer) open(graph);
        assertThatThrownBy(() -> trainer.evaluate(graph(Value::neg), inputs))
                .hasMessageContaining("was not opened with graph 'sample'");
        assertThatThrownBy(() -> trainer.step(Double.NaN)).hasMessageContaining("the learning rate must be a number");
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch tried = new CountDownLatch(1);
        trainer.beforeBackward(() -> {
            inside.countDown();
            try {
                tried.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        });
        Thread other = new Thread(() -> trainer.accumulate(graph, inputs, 1));
        other.start();
        inside.await();
        assertThatThrownBy(() -> trainer.evaluate(graph, inputs)).hasMessage("a trainer serves one thread at a time");
        tried.countDown();
        other.join();
        trainer.close();
        trainer.close();
        assertThatThrownBy(() -> trainer.evaluate(graph, inputs)).hasMessage("the trainer is closed");
    }

    @Test
    void aNativeLibraryThatIsMissing() {
        SaveException failure = TorchLibrary.unavailable(
                new IllegalStateException("outer", new IOException("Offline mode is enabled.")));
        assertThat(failure.kind()).isEqualTo(SaveException.Kind.ENGINE);
        assertThat(failure)
                .hasMessageContaining("cannot load PyTorch's native library (Offline mode is enabled.)")
                .hasMessageContaining("ai.djl.pytorch:pytorch-native-cpu");
    }
}
