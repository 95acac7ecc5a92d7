package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;

class GradientRefusalTest {
    private static final Tensor TWO = Tensor.of(new float[] {1, 2}, 2);

    private static Graph graph(UnaryOperator<Value> body) {
        GraphBuilder g = new GraphBuilder("sample");
        Value x = g.input("x", ElementType.FLOAT, "n");
        g.output("loss", body.apply(g.parameter("w", 2).mul(x)).sum());
        return g.build();
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

    private static WeightStore weights() {
        return new WeightStore(Map.of("w", TWO.copy()));
    }

    private static Trainer open(Graph... graphs) {
        return new OnnxRuntimeGradients()
                .open(weights(), List.of(graphs), Optimization.DEFAULT, EngineSettings.singleThreaded());
    }

    private static AbstractThrowableAssert<?, ?> assertRefused(Graph graph) {
        return assertThatThrownBy(() -> open(graph))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        refusal -> assertThat(refusal.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageContaining("engine 'onnxruntime' cannot open graph 'sample'");
    }

    @Test
    void isFoundByName() {
        assertThat(Engines.gradient().named("onnxruntime")).isInstanceOf(OnnxRuntimeGradients.class);
        assertThat(new OnnxRuntimeGradients().capabilities().version()).isEqualTo("1.29.0");
    }

    @Test
    void anOperatorWithoutGradientBeforeTheLoss() {
        assertRefused(withNode("Floor", Map.of()))
                .hasMessageContaining("node 'Floor' (Floor): the operator has no gradient")
                .hasMessageContaining("StopGradient");
        GraphBuilder g = new GraphBuilder("sample");
        Value w = g.parameter("w", 2);
        Value floor = g.node("", "Floor", List.of(w.stopGradient()), Map.of(), List.of(w.type()))
                .get(0);
        g.output("loss", floor.mul(w).sum());
        open(g.build()).close();
    }

    @Test
    void anOperatorOfControlThatTakesAWeightFromOutside() {
        GraphBuilder g = new GraphBuilder("sample");
        Value w = g.parameter("w", 2);
        Value flag = g.input("flag", ElementType.BOOL);
        Graph branch = new Graph(
                "branch",
                Map.of(),
                List.of(),
                List.of(new ValueInfo("inside", TensorType.of(ElementType.FLOAT, 2))),
                List.of(new dev.save4j.graph.Node("", "", "Exp", List.of("w"), List.of("inside"), Map.of())),
                Map.of(),
                Map.of(),
                dev.save4j.graph.Preserved.NOTHING);
        Value chosen = g.node(
                        "",
                        "If",
                        List.of(flag),
                        Map.of("then_branch", new Attribute.Body(branch), "else_branch", new Attribute.Body(branch)),
                        List.of(w.type()))
                .get(0);
        g.output("loss", chosen.mul(w).sum());
        assertRefused(g.build()).hasMessageContaining("node 'If' (If): the operator has no gradient");
    }

    @Test
    void aValueOfAnAttributeThatHasNoGradient() {
        assertRefused(withNode("Gelu", Map.of("approximate", Attribute.of("quick"))))
                .hasMessageContaining("approximate is 'quick', expected 'none' or 'tanh'");
    }

    @Test
    void anAttributeThatIsNotKnown() {
        assertRefused(withNode("Softmax", Map.of("temperature", Attribute.of(2f))))
                .hasMessageContaining("node 'Softmax' (Softmax): the attributes [temperature] are not supported");
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
                .hasMessageContaining("graph 'sample' declares its weight 'w' as FLOAT[3] but the model has FLOAT[2]");
        GraphBuilder other = new GraphBuilder("sample");
        other.output("loss", other.parameter("v", 3).sum());
        assertThatThrownBy(() -> open(other.build())).hasMessageContaining("there is no weight 'v'");
    }

    @Test
    void weightsInDoublePrecision() {
        GraphBuilder g = new GraphBuilder("sample");
        g.output(
                "loss",
                g.parameter("w", TensorType.of(ElementType.DOUBLE, 2))
                        .cast(ElementType.FLOAT)
                        .sum());
        Graph graph = g.build();
        WeightStore doubles = new WeightStore(Map.of("w", Tensor.allocate(ElementType.DOUBLE, 2)));
        assertThatThrownBy(() -> new OnnxRuntimeGradients()
                        .open(doubles, List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded()))
                .hasMessage(
                        "weight 'w' of the store is DOUBLE[2] but graph 'sample' needs DOUBLE[2]; engine 'onnxruntime'"
                                + " trains weights in single precision");
    }

    @Test
    void inputsThatDoNotFit() {
        Graph graph = graph(x -> x);
        try (Trainer trainer = open(graph)) {
            assertThatThrownBy(() -> trainer.accumulate(graph, Map.of(), 1))
                    .hasMessage("graph 'sample': input 'x' FLOAT[n] is missing; given were []");
            assertThatThrownBy(() -> trainer.evaluate(graph, Map.of("x", Tensor.vector(1, 2))))
                    .hasMessage("graph 'sample': input 'x' is declared as FLOAT[n] but is given INT64[2]");
            assertThatThrownBy(() -> trainer.evaluate(graph, Map.of("x", TWO, "y", TWO)))
                    .hasMessageContaining("graph 'sample' has no input 'y'");
            assertThatThrownBy(() -> trainer.accumulate(graph, Map.of("x", Tensor.of(new float[3], 3)), 1))
                    .isInstanceOfSatisfying(
                            SaveException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(SaveException.Kind.ENGINE))
                    .hasMessageContaining("graph 'sample' failed at node 'Mul' (Mul)")
                    .hasMessageContaining("It was fed x FLOAT[3].");
        }
    }

    @Test
    void whatGatheredIsForgottenWhenARunFails() {
        GraphBuilder g = new GraphBuilder("sample");
        g.output(
                "loss",
                g.parameter("w", 2)
                        .gather(g.input("ids", ElementType.INT64, "n"), 0)
                        .sum());
        Graph graph = g.build();
        try (Trainer trainer = open(graph)) {
            trainer.accumulate(graph, Map.of("ids", Tensor.vector(0, 1, 1)), 1);
            assertThat(trainer.gradients().keySet()).containsExactly("w");
            assertThatThrownBy(() -> trainer.accumulate(graph, Map.of("ids", Tensor.vector(0, 2)), 1))
                    .hasMessageContaining("at node 'Gather' (Gather)")
                    .hasMessageContaining("An index lies outside the tensor it selects from");
            assertThat(trainer.gradients()).isEmpty();
            trainer.accumulate(graph, Map.of("ids", Tensor.vector(1, 1)), 0.5);
            assertThat(Objects.requireNonNull(trainer.gradients().get("w")).toFloats())
                    .containsExactly(0, 1);
        }
    }

    @Test
    void aLossWithoutTrainedWeights() {
        GraphBuilder g = new GraphBuilder("sample");
        g.output("loss", g.parameter("w", 2).stopGradient().sum());
        Graph graph = g.build();
        try (Trainer trainer = open(graph)) {
            assertThat(Objects.requireNonNull(trainer.evaluate(graph, Map.of()).get("loss"))
                            .item())
                    .isEqualTo(3);
            assertThatThrownBy(() -> trainer.accumulate(graph, Map.of(), 1))
                    .hasMessage(
                            "the loss of graph 'sample' depends on no weight that is trained, so it has no gradient");
        }
    }

    @Test
    void useThatTheInterfaceForbids() throws InterruptedException {
        Graph graph = graph(x -> x);
        Map<String, Tensor> inputs = Map.of("x", TWO);
        WeightStore weights = weights();
        Trainer trainer = new OnnxRuntimeGradients()
                .open(weights, List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded());
        assertThatThrownBy(() -> trainer.evaluate(graph(Value::neg), inputs))
                .hasMessageContaining("was not opened with graph 'sample'");
        assertThatThrownBy(() -> trainer.step(Double.NaN)).hasMessageContaining("the learning rate must be a number");
        Thread other = new Thread(() -> trainer.evaluate(graph, inputs));
        try (WeightStore.Lease lease = weights.writing()) {
            other.start();
            // The other thread is inside the trainer and waits for the weights.
            while (other.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            assertThatThrownBy(() -> trainer.evaluate(graph, inputs))
                    .hasMessage("a trainer serves one thread at a time");
        }
        other.join();
        trainer.close();
        trainer.close();
        assertThatThrownBy(() -> trainer.evaluate(graph, inputs)).hasMessage("the trainer is closed");
    }
}
