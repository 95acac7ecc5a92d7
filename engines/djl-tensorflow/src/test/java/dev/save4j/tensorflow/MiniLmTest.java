package dev.save4j.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sentence encoder as PyTorch exported it in 2021, trained as a reward model: nothing here was made for this engine. */
class MiniLmTest {
    private static final int WIDTH = 384;
    private static final int ROWS = 4;
    private static final int LENGTH = 7;

    private static Graph graph;
    private static WeightStore weights;

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
        Object[] sizes = encoder.input("attention_mask").type().shape().toArray();
        Value seen = g.inputOnce("attention_mask", ElementType.INT64, sizes)
                .cast(ElementType.FLOAT)
                .unsqueeze(-1);
        Value pooled = hidden.mul(seen).sum(1, false).div(seen.sum(1, false));
        Value score = pooled.linear(g.parameter("score.weight", 1, WIDTH)).squeeze(-1);
        // Chosen and rejected answers take turns.
        Value pairs = score.reshape(-1, 2);
        Value margin = pairs.gather(g.scalar(0L), 1).sub(pairs.gather(g.scalar(1L), 1));
        g.output("loss", margin.neg().softplus().mean());
        g.output("pooled", pooled);
        graph = g.build();
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        graph.parameters().keySet().stream()
                .filter(name -> !name.equals("score.weight"))
                .forEach(name -> tensors.put(
                        name, Objects.requireNonNull(model.weights().get(name)).copy()));
        RandomGenerator random = TinyJudge.random(5);
        float[] head = new float[WIDTH];
        for (int i = 0; i < WIDTH; i++) {
            head[i] = (float) (random.nextGaussian() / Math.sqrt(WIDTH));
        }
        tensors.put("score.weight", Tensor.of(head, 1, WIDTH));
        weights = new WeightStore(tensors);
    }

    private static Map<String, Tensor> batch() {
        long[] ids = TinyJudge.random(3).longs(ROWS * LENGTH, 1000, 20000).toArray();
        long[] mask = new long[ROWS * LENGTH];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = i % LENGTH < LENGTH - i / LENGTH ? 1 : 0;
        }
        return batch(ids, mask, ROWS);
    }

    private static Map<String, Tensor> batch(long[] ids, long[] mask, int rows) {
        int length = ids.length / rows;
        Map<String, Tensor> batch = new LinkedHashMap<>();
        graph.inputs().forEach(input -> batch.put(input.name(), Tensor.of(new long[ids.length], rows, length)));
        batch.put("input_ids", Tensor.of(ids, rows, length));
        batch.put("attention_mask", Tensor.of(mask, rows, length));
        return batch;
    }

    /** Two sentences as one padded batch, against what ONNX Runtime made of each. */
    @Test
    void embedsSentencesAsOnnxRuntimeDoes() throws IOException {
        Path golden = Path.of(System.getProperty("save4j.shared", "../shared"), "data/golden/minilm/golden.json");
        assumeTrue(Files.isRegularFile(golden), "the shared data are not there");
        String json = Files.readString(golden);
        List<double[]> ids = arrays(json, "ids");
        List<double[]> embeddings = arrays(json, "embedding");
        int length = ids.stream().mapToInt(row -> row.length).max().orElseThrow();
        long[] padded = new long[2 * length];
        long[] mask = new long[2 * length];
        for (int row = 0; row < 2; row++) {
            for (int i = 0; i < ids.get(row).length; i++) {
                padded[row * length + i] = (long) ids.get(row)[i];
                mask[row * length + i] = 1;
            }
        }
        try (Trainer trainer = new TensorFlowEngine()
                .open(weights, List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded())) {
            Map<String, Tensor> outputs = trainer.evaluate(graph, batch(padded, mask, 2));
            float[] pooled = Objects.requireNonNull(outputs.get("pooled")).toFloats();
            for (int row = 0; row < 2; row++) {
                double norm = 0;
                for (int i = 0; i < WIDTH; i++) {
                    norm += (double) pooled[row * WIDTH + i] * pooled[row * WIDTH + i];
                }
                for (int i = 0; i < WIDTH; i++) {
                    assertThat(pooled[row * WIDTH + i] / Math.sqrt(norm))
                            .isCloseTo(embeddings.get(row)[i], within(1e-5));
                }
            }
        }
    }

    private static List<double[]> arrays(String json, String name) {
        return Pattern.compile("\"" + name + "\":\\s*\\[([^\\]]*)]")
                .matcher(json)
                .results()
                .map(found -> Arrays.stream(found.group(1).split(","))
                        .mapToDouble(Double::parseDouble)
                        .toArray())
                .toList();
    }

    @Test
    void trainsEveryWeightUntilThePairsAreInOrder() {
        try (Trainer trainer = new TensorFlowEngine()
                .open(weights.snapshot(), List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded())) {
            float first = Objects.requireNonNull(
                            trainer.accumulate(graph, batch(), 1).get("loss"))
                    .item();
            assertThat(trainer.gradients().keySet())
                    .isEqualTo(graph.parameters().keySet())
                    .hasSizeGreaterThan(100);
            trainer.step(2e-5);
            for (int step = 0; step < 5; step++) {
                trainer.accumulate(graph, batch(), 1);
                trainer.step(2e-5);
            }
            float last = Objects.requireNonNull(trainer.evaluate(graph, batch()).get("loss"))
                    .item();
            assertThat(last).isLessThan(first * 0.8f);
        }
    }

    @Test
    void gradientsAgreeWithDifferencesInDoublePrecision() {
        Differences.check(graph, weights, batch(), 9, 1e-5, 1e-5);
    }
}
