package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** all-MiniLM-L6-v2 as PyTorch exported it, in operator set 11. */
class MiniLmTest {
    @TempDir
    static Path folder;

    private static OnnxFile.Opened opened;
    private static List<JsonNode> cases;

    @BeforeAll
    static void open() throws IOException {
        cases = SharedData.json("golden/minilm/golden.json")
                .path("cases")
                .valueStream()
                .toList();
        Path file = folder.resolve("model.onnx");
        try (InputStream in = MiniLmTest.class.getResourceAsStream("/all-minilm-l6-v2.onnx")) {
            Files.copy(in, file);
        }
        ObjectNode config = JsonNodeFactory.instance.objectNode().put("model_type", "bert");
        opened = OnnxFile.open(file, config.put("max_position_embeddings", 512));
    }

    private static Graph embeddings() {
        GraphBuilder graph = new GraphBuilder("embeddings");
        Value ids = graph.input("input_ids", ElementType.INT64, "batch", "sequence");
        Value mask = graph.input("attention_mask", ElementType.INT64, "batch", "sequence");
        Value pooled = Pooling.MEAN.pool(graph, opened.backbone().hidden(graph, ids, mask), mask);
        Value embedding = pooled.div(pooled.square().sum(1, true).sqrt());
        graph.output("embedding", embedding);
        graph.output("loss", embedding.sum());
        return graph.build();
    }

    private static Map<String, Tensor> sentences() {
        return Numbers.batch(
                20,
                cases.stream().map(test -> SharedData.longs(test.path("ids"))).toArray(long[][]::new));
    }

    private static void assertGolden(Tensor embeddings) {
        float[] all = embeddings.toFloats();
        for (int row = 0; row < cases.size(); row++) {
            double[] expected = SharedData.doubles(cases.get(row).path("embedding"));
            assertThat(Numbers.distance(java.util.Arrays.copyOfRange(all, row * 384, (row + 1) * 384), expected))
                    .isLessThan(1e-5);
        }
    }

    @Test
    void weightsHaveTheNamesOfTheirLayersAndSizesComeFromTheFile() {
        assertThat(opened.backbone().hiddenSize()).isEqualTo(384);
        assertThat(opened.backbone().vocabularySize()).isEqualTo(30_522);
        assertThat(opened.weights().parameterCount()).isEqualTo(22_565_376);
        assertThat(opened.weights().names())
                .contains("embeddings.word_embeddings.weight", "encoder.layer.0.attention.self.query.weight")
                .noneMatch(name -> name.contains("onnx::"));
    }

    @Test
    void embeddingsEqualTheGoldensOnOnnxRuntime() {
        assertGolden(
                OnnxRuntime.run(embeddings(), opened.weights(), sentences()).get("embedding"));
    }

    @Test
    void embeddingsEqualTheGoldensOnPyTorch() {
        Graph graph = embeddings();
        try (Trainer trainer = Engines.gradient()
                .named("djl-pytorch")
                .open(opened.weights(), List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded())) {
            assertGolden(trainer.evaluate(graph, sentences()).get("embedding"));
        }
    }

    @Test
    void aRewardModelOnTopSurvivesSavingAndLoading() {
        WeightStore weights = Head.create(Set.of(Head.REWARD, Head.VALUE), opened.weights(), 384, 5, 0.25);
        RewardModel model = new RewardModel(opened.backbone(), Pooling.MEAN, weights);
        ModelFolder saved = model.save(folder.resolve("saved"), into -> {});
        RewardModel loaded = RewardModel.load(saved);
        assertThat(loaded.weights().contentHash()).isEqualTo(weights.contentHash());
        float[] expected = OnnxRuntime.run(model.rewardGraph(), weights, sentences())
                .get("reward")
                .toFloats();
        assertThat(OnnxRuntime.run(loaded.rewardGraph(), loaded.weights(), sentences())
                        .get("reward")
                        .toFloats())
                .containsExactly(expected, within(1e-6f));
        assertThat(OnnxRuntime.run(loaded.valueGraph(), loaded.weights(), sentences())
                        .get("value")
                        .toFloats())
                .containsExactly(new float[] {0.25f, 0.25f}, within(1e-6f));
    }
}
