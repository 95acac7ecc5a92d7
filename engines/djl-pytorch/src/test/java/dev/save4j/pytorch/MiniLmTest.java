package dev.save4j.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.DataType;
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
import java.nio.DoubleBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sentence encoder as PyTorch exported it in 2021, trained as a reward model: nothing here was made for this engine. */
class MiniLmTest {
    private static final int WIDTH = 384;

    private static Graph graph;
    private static Map<String, Tensor> weights;

    @BeforeAll
    static void compose(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("minilm.onnx");
        try (InputStream model = MiniLmTest.class.getResourceAsStream("/all-minilm-l6-v2.onnx")) {
            Files.copy(Objects.requireNonNull(model), file);
        }
        OnnxModel model = OnnxCodec.read(file);
        Graph encoder = GraphNormalizer.normalize(model);
        GraphBuilder g = new GraphBuilder("pairs");
        Value hidden = g.include(encoder, Map.of()).values().iterator().next();
        Value mask = g.inputOnce(
                "attention_mask",
                ElementType.INT64,
                encoder.input("attention_mask").type().shape().toArray());
        Value weight = mask.cast(ElementType.FLOAT).unsqueeze(-1);
        Value pooled = hidden.mul(weight).sum(1, false).div(weight.sum(1, false));
        Value score = pooled.linear(g.parameter("score.weight", 1, WIDTH)).squeeze(-1);
        // Chosen and rejected answers take turns.
        Value pairs = score.reshape(-1, 2);
        Value chosen = pairs.gather(g.scalar(0L), 1);
        Value rejected = pairs.gather(g.scalar(1L), 1);
        g.output("loss", rejected.sub(chosen).softplus().mean());
        graph = g.build();
        weights = new LinkedHashMap<>();
        graph.parameters().keySet().stream()
                .filter(name -> !name.equals("score.weight"))
                .forEach(name -> weights.put(name, model.weights().get(name).copy()));
        RandomGenerator random = GradientCheck.random(5);
        float[] head = new float[WIDTH];
        for (int i = 0; i < WIDTH; i++) {
            head[i] = (float) (random.nextGaussian() / Math.sqrt(WIDTH));
        }
        weights.put("score.weight", Tensor.of(head, 1, WIDTH));
    }

    private static Map<String, Tensor> batch() {
        int rows = 4;
        int length = 7;
        long[] ids =
                GradientCheck.random(3).longs((long) rows * length, 1000, 20000).toArray();
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
        Map<String, Tensor> copies = new LinkedHashMap<>();
        weights.forEach((name, tensor) -> copies.put(name, tensor.copy()));
        try (Trainer trainer = new PyTorchEngine()
                .open(new WeightStore(copies), List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded())) {
            float first = trainer.accumulate(graph, batch(), 1).get("loss").item();
            Map<String, Tensor> gradients = trainer.gradients();
            assertThat(gradients.keySet())
                    .isEqualTo(graph.parameters().keySet())
                    .hasSizeGreaterThan(100);
            trainer.step(2e-5);
            for (int step = 0; step < 5; step++) {
                trainer.accumulate(graph, batch(), 1);
                trainer.step(2e-5);
            }
            assertThat(trainer.evaluate(graph, batch()).get("loss").item()).isLessThan(first * 0.8f);
        }
    }

    @Test
    void gradientsAgreeWithDifferencesInDoublePrecision() {
        Map<String, Tensor> doubles = new LinkedHashMap<>();
        weights.forEach((name, tensor) -> {
            Tensor wide = Tensor.allocate(ElementType.DOUBLE, tensor.shape());
            DoubleBuffer values = wide.bytes().asDoubleBuffer();
            for (float value : tensor.toFloats()) {
                values.put(value);
            }
            doubles.put(name, wide);
        });
        List<String> names = List.copyOf(doubles.keySet());
        try (PyTorchTrainer trainer = new PyTorchTrainer(
                new WeightStore(doubles),
                List.of(graph),
                Optimization.DEFAULT,
                EngineSettings.singleThreaded(),
                DataType.FLOAT64)) {
            trainer.accumulate(graph, batch(), 1);
            Map<String, Tensor> gradients = trainer.gradients();
            for (int i = 0; i < names.size(); i += 9) {
                DoubleBuffer gradient = gradients.get(names.get(i)).bytes().asDoubleBuffer();
                int largest = 0;
                for (int k = 0; k < gradient.limit(); k++) {
                    largest = Math.abs(gradient.get(k)) > Math.abs(gradient.get(largest)) ? k : largest;
                }
                DoubleBuffer weight = doubles.get(names.get(i)).bytes().asDoubleBuffer();
                double value = weight.get(largest);
                weight.put(largest, value + 1e-5);
                double above = loss(trainer);
                weight.put(largest, value - 1e-5);
                double below = loss(trainer);
                weight.put(largest, value);
                assertThat(gradient.get(largest))
                        .as("%s[%d]", names.get(i), largest)
                        .isCloseTo((above - below) / 2e-5, within(1e-8 + 1e-5 * Math.abs(gradient.get(largest))));
            }
        }
    }

    private static double loss(PyTorchTrainer trainer) {
        return trainer.evaluate(graph, batch()).get("loss").bytes().getDouble();
    }
}
