package dev.save4j.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.types.DataType;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Optimization;
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
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Runs with the same input shapes share a translation if they can, and get one of their own if integers demand it. */
class TraceTest {
    private static TensorFlowTrainer open(Graph graph) {
        WeightStore weights = new WeightStore(Map.of("w", Tensor.of(new float[] {1, 20, 300, 4000}, 4)));
        return new TensorFlowTrainer(
                weights, List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded(), DataType.FLOAT32);
    }

    private static float loss(TensorFlowTrainer trainer, Graph graph, String input, Tensor value) {
        return Objects.requireNonNull(
                        trainer.accumulate(graph, Map.of(input, value), 1).get("loss"))
                .item();
    }

    @Test
    void indicesAreFedToOneTranslation() {
        GraphBuilder g = new GraphBuilder("lookup");
        Value ids = g.input("ids", ElementType.INT64, "n");
        g.output("loss", g.parameter("w", 4).gather(ids.sub(g.scalar(1L)), 0).sum());
        Graph graph = g.build();
        try (TensorFlowTrainer trainer = open(graph)) {
            assertThat(loss(trainer, graph, "ids", Tensor.vector(1, 2))).isEqualTo(21);
            // What lies before the first is counted from the end.
            assertThat(loss(trainer, graph, "ids", Tensor.vector(4, -1))).isEqualTo(4300);
            assertThat(trainer.translations()).isEqualTo(1);
            assertThat(Objects.requireNonNull(trainer.gradients().get("w")).toFloats())
                    .containsExactly(1, 1, 1, 1);
        }
    }

    @Test
    void boundsThatComeFromTheDataMakeATranslationEach() {
        GraphBuilder g = new GraphBuilder("prefix");
        Value end = g.input("end", ElementType.INT64, 1);
        g.output("loss", g.parameter("w", 4).slice(0, g.vector(0), end).sum());
        Graph graph = g.build();
        try (TensorFlowTrainer trainer = open(graph)) {
            for (int round = 0; round < 2; round++) {
                assertThat(loss(trainer, graph, "end", Tensor.vector(1))).isEqualTo(1);
                assertThat(loss(trainer, graph, "end", Tensor.vector(3))).isEqualTo(321);
            }
            assertThat(trainer.translations()).isEqualTo(2);
        }
    }

    @Test
    void aNumberOfIndicesThatComesFromTheDataMakesATranslationEach() {
        GraphBuilder g = new GraphBuilder("chosen");
        Value mask = g.input("mask", ElementType.INT64, 4);
        Value places = g.node("", "NonZero", List.of(mask), Map.of(), List.of(TensorType.of(ElementType.INT64, 1, "n")))
                .get(0)
                .squeeze(0);
        Value chosen = g.parameter("w", 4).gather(places, 0);
        g.output("loss", chosen.sum());
        g.output("count", places.shape());
        Graph graph = g.build();
        try (TensorFlowTrainer trainer = open(graph)) {
            assertThat(loss(trainer, graph, "mask", Tensor.vector(1, 0, 0, 1))).isEqualTo(4001);
            assertThat(loss(trainer, graph, "mask", Tensor.vector(0, 1, 1, 0))).isEqualTo(320);
            assertThat(trainer.translations()).isEqualTo(1);
            assertThat(loss(trainer, graph, "mask", Tensor.vector(1, 1, 1, 0))).isEqualTo(321);
            assertThat(trainer.translations()).isEqualTo(2);
            Map<String, Tensor> outputs = trainer.evaluate(graph, Map.of("mask", Tensor.vector(0, 0, 0, 0)));
            assertThat(Objects.requireNonNull(outputs.get("count")).toLongs()).containsExactly(0);
            assertThat(Objects.requireNonNull(outputs.get("loss")).item()).isZero();
        }
    }

    @Test
    void integersThatFloatingNumbersWereTurnedIntoAreFetchedInEveryRun() {
        GraphBuilder g = new GraphBuilder("best");
        Value x = g.input("x", ElementType.FLOAT, 4);
        Value w = g.parameter("w", 4);
        Value best = g.node(
                        "",
                        "ArgMax",
                        List.of(w.mul(x)),
                        Map.of("keepdims", Attribute.of(0)),
                        List.of(TensorType.of(ElementType.INT64)))
                .get(0);
        g.output("loss", w.gather(best, 0).sum());
        g.output("best", best);
        Graph graph = g.build();
        try (TensorFlowTrainer trainer = open(graph)) {
            assertThat(loss(trainer, graph, "x", Tensor.of(new float[] {1, 1, 1, 0}, 4)))
                    .isEqualTo(300);
            assertThat(loss(trainer, graph, "x", Tensor.of(new float[] {1, 1, 0, 0}, 4)))
                    .isEqualTo(20);
            assertThat(trainer.translations()).isEqualTo(1);
            assertThat(Objects.requireNonNull(trainer.gradients().get("w")).toFloats())
                    .containsExactly(0, 1, 1, 0);
        }
    }

    @Test
    void floatingNumbersThatDecideAShapeMakeATranslationEach() {
        GraphBuilder g = new GraphBuilder("range");
        Value end = g.input("end", ElementType.FLOAT);
        Value range = g.op("Range", g.scalar(0.0), end, g.scalar(1.0));
        g.output("loss", range.sum().mul(g.parameter("w", 4).sum()));
        Graph graph = g.build();
        try (TensorFlowTrainer trainer = open(graph)) {
            assertThat(loss(trainer, graph, "end", Tensor.scalar(3f))).isEqualTo(3 * 4321);
            assertThat(loss(trainer, graph, "end", Tensor.scalar(4f))).isEqualTo(6 * 4321);
            assertThat(loss(trainer, graph, "end", Tensor.scalar(3f))).isEqualTo(3 * 4321);
            assertThat(trainer.translations()).isEqualTo(2);
        }
    }
}
