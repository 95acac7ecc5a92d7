package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.GraphNormalizer;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.OnnxModel;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A sentence encoder as PyTorch exported it in 2021, trained as a reward model: nothing here was made for being differentiated. */
class TrainedMiniLmTest {
    private static final int WIDTH = 384;

    private static Graph graph;
    private static Map<String, Tensor> weights;

    @BeforeAll
    static void compose() throws IOException {
        OnnxModel model;
        try (InputStream file =
                Objects.requireNonNull(TrainedMiniLmTest.class.getResourceAsStream("/all-minilm-l6-v2.onnx"))) {
            model = OnnxCodec.decode(ByteBuffer.wrap(file.readAllBytes()), "all-minilm-l6-v2.onnx");
        }
        Graph encoder = GraphNormalizer.normalize(model);
        GraphBuilder g = new GraphBuilder("pairs");
        Value hidden = g.include(encoder, Map.of()).values().iterator().next();
        Value mask = g.inputOnce(
                "attention_mask",
                ElementType.INT64,
                encoder.input("attention_mask").type().shape().toArray());
        Value weight = mask.cast(ElementType.FLOAT).unsqueeze(-1);
        Value pooled = hidden.mul(weight).sum(1, false).div(weight.sum(1, false));
        Value pairs =
                pooled.linear(g.parameter("score.weight", 1, WIDTH)).squeeze(-1).reshape(-1, 2);
        // Chosen and rejected answers take turns.
        Value chosen = pairs.gather(g.scalar(0L), 1);
        Value rejected = pairs.gather(g.scalar(1L), 1);
        g.output("loss", rejected.sub(chosen).softplus().mean());
        graph = g.build();
        weights = new LinkedHashMap<>();
        graph.parameters().keySet().stream()
                .filter(name -> !name.equals("score.weight"))
                .forEach(name ->
                        weights.put(name, Objects.requireNonNull(model.weights().get(name))));
        SplittableRandom random = new SplittableRandom(5);
        float[] head = new float[WIDTH];
        for (int i = 0; i < WIDTH; i++) {
            head[i] = (float) ((2 * random.nextDouble() - 1) * Math.sqrt(3.0 / WIDTH));
        }
        weights.put("score.weight", Tensor.of(head, 1, WIDTH));
    }

    private static Map<String, Tensor> batch(int rows, int length) {
        long[] ids =
                new SplittableRandom(3).longs((long) rows * length, 1000, 20000).toArray();
        long[] mask = new long[rows * length];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = i % length < length - i / length ? 1 : 0;
        }
        Map<String, Tensor> batch = new LinkedHashMap<>();
        graph.inputs().forEach(input -> batch.put(input.name(), Tensor.of(new long[rows * length], rows, length)));
        batch.put("input_ids", Tensor.of(ids, rows, length));
        batch.put("attention_mask", Tensor.of(mask, rows, length));
        return batch;
    }

    @Test
    void trainsEveryWeightUntilThePairsAreInOrder() {
        WeightStore store = new WeightStore(weights).snapshot();
        try (Trainer trainer = new OnnxRuntimeGradients()
                .open(store, List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded())) {
            float first = loss(trainer.accumulate(graph, batch(4, 7), 1));
            assertThat(trainer.gradients().keySet())
                    .isEqualTo(graph.parameters().keySet())
                    .hasSizeGreaterThan(100);
            trainer.step(2e-5);
            for (int step = 0; step < 5; step++) {
                trainer.accumulate(graph, batch(4, 7), 1);
                trainer.step(2e-5);
            }
            assertThat(loss(trainer.evaluate(graph, batch(4, 7)))).isLessThan(first * 0.8f);
        }
    }

    private static float loss(Map<String, Tensor> outputs) {
        return Objects.requireNonNull(outputs.get("loss")).item();
    }

    /** Along the gradient itself every one of its 22 million numbers counts. */
    @Test
    void theGradientAgreesWithDifferencesInDoublePrecision() {
        Map<String, Tensor> batch = batch(2, 3);
        try (Trainer trainer = new OnnxRuntimeGradients()
                .open(
                        new WeightStore(weights),
                        List.of(graph),
                        Optimization.DEFAULT,
                        EngineSettings.singleThreaded())) {
            float loss = loss(trainer.accumulate(graph, batch, 1));
            Map<String, Tensor> gradients = trainer.gradients();
            ReferenceDerivative reference = new ReferenceDerivative(graph, batch, weights);
            assertThat((double) loss).isCloseTo(reference.loss(), within(1e-5));
            double square = ReferenceDerivative.product(gradients, gradients);
            assertThat(reference.along(gradients, 1e-4 / Math.sqrt(square))).isCloseTo(square, within(1e-4 * square));
            // Weights of every kind for themselves, where the sum over all of them could hide a difference.
            List<String> names = List.copyOf(gradients.keySet());
            for (int i = 0; i < names.size(); i += 20) {
                Map<String, Tensor> one = Map.of(names.get(i), Objects.requireNonNull(gradients.get(names.get(i))));
                double own = ReferenceDerivative.product(one, one);
                assertThat(reference.along(one, 1e-4 / Math.sqrt(own)))
                        .as(names.get(i))
                        .isCloseTo(own, within(1e-3 * own + 1e-12));
            }
        }
    }
}
