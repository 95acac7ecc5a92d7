package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.tensor.SafeTensors;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** The graphs that are scored by ONNX Runtime, evaluated and differentiated by PyTorch. */
class PyTorchTest {
    private static final long[][] ROWS = {{1, 5, 9, 30, 2, 7, 7}, {3, 4, 31}};

    /** A scalar that depends on the whole of an output, and that output. */
    private static Graph loss(Graph model, String output) {
        GraphBuilder graph = new GraphBuilder("loss-of-" + model.name());
        Value value = graph.include(model, Map.of()).get(output);
        graph.output(output, value);
        graph.output("loss", value.square().mean());
        return graph.build();
    }

    private static Trainer open(Graph loss, WeightStore weights) {
        return Engines.gradient()
                .named("djl-pytorch")
                .open(weights, List.of(loss), Optimization.DEFAULT, EngineSettings.singleThreaded());
    }

    @Test
    void storiesLogProbabilitiesEqualTheGoldens() {
        CausalBackbone model = Backbones.fromConfig(SharedData.json("models/stories260k/hf/config.json"));
        WeightStore weights = SafeTensors.read(SharedData.path("models/stories260k/hf"));
        List<JsonNode> cases = SharedData.json("golden/stories260k/golden.json")
                .path("cases")
                .valueStream()
                .toList();
        long[][] rows =
                cases.stream().map(test -> SharedData.longs(test.path("ids"))).toArray(long[][]::new);
        Graph loss = loss(new PolicyModel(model, weights).logProbGraph(1), "log_prob");
        try (Trainer trainer = open(loss, weights)) {
            float[] logProbs = trainer.evaluate(loss, Numbers.batch(25, rows))
                    .get("log_prob")
                    .toFloats();
            for (int row = 0; row < rows.length; row++) {
                for (int t = 1; t < rows[row].length; t++) {
                    assertThat((double) logProbs[row * 24 + t - 1])
                            .isCloseTo(
                                    cases.get(row).path("token_logprob").get(t).doubleValue(), within(5e-5));
                }
            }
        }
    }

    @Test
    void gptNanoSortHasTheSameLogProbabilitiesInBothEngines() {
        JsonNode file = SharedData.json("models/gpt-nano-sort/gpt-nano-sort-model.json");
        for (Gpt2Config.LinearOrder order : Gpt2Config.LinearOrder.values()) {
            Gpt2 model = new Gpt2(GptNanoSort.config(file, order));
            assertEnginesAgree(
                    new PolicyModel(model, GptNanoSort.weights(file, model)).logProbGraph(1, true),
                    "log_prob",
                    GptNanoSort.weights(file, model),
                    Numbers.batch(11, new long[] {0, 0, 2, 1, 0, 1, 0, 0, 0, 1, 1}, new long[] {2, 1, 0}));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.save4j.models.LlamaTest#configurations")
    void everyKindOfLlamaGivesTheSameGradesInBothEngines(LlamaConfig config) {
        Llama backbone = new Llama(config);
        WeightStore weights = withHeads(backbone);
        for (Pooling pooling : Pooling.values()) {
            Map<String, Tensor> inputs = Numbers.batch(9, ROWS);
            inputs.put("prompt_length", Tensor.of(new long[] {4, 2}, 2, 1));
            Graph grade = new RewardModel(backbone, pooling, weights).gradeGraph();
            assertEnginesAgree(grade, "reward", weights, inputs);
            assertEnginesAgree(grade, "value", weights, inputs);
        }
    }

    private static WeightStore withHeads(Backbone backbone) {
        Map<String, TensorType> all = new LinkedHashMap<>(backbone.parameters());
        all.putAll(Head.REWARD.parameters(backbone.hiddenSize()));
        all.putAll(Head.VALUE.parameters(backbone.hiddenSize()));
        return Numbers.noisy(all, 0.4);
    }

    private static void assertEnginesAgree(
            Graph model, String output, WeightStore weights, Map<String, Tensor> inputs) {
        Graph loss = loss(model, output);
        Tensor expected = OnnxRuntime.run(loss, weights, inputs).get(output);
        try (Trainer trainer = open(loss, weights)) {
            Tensor actual = trainer.evaluate(loss, inputs).get(output);
            assertThat(actual.shape()).isEqualTo(expected.shape());
            assertThat(actual.toFloats()).containsExactly(expected.toFloats(), within(2e-5f));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.save4j.models.LlamaTest#configurations")
    void gradientsOfEveryWeightEqualFiniteDifferences(LlamaConfig config) {
        Llama backbone = new Llama(config);
        WeightStore weights = withHeads(backbone);
        assertGradients(new RewardModel(backbone, Pooling.LAST_TOKEN, weights).rewardGraph(), "reward", weights);
        assertGradients(new PolicyModel(backbone, weights).logProbGraph(0.9), "log_prob", weights);
    }

    @Test
    void gradientsOfGpt2EqualFiniteDifferences() {
        Gpt2 backbone = new Gpt2(Gpt2Config.small(32, 16, 2, 2, 16));
        WeightStore weights = withHeads(backbone);
        assertGradients(new RewardModel(backbone, Pooling.MEAN, weights).rewardGraph(), "reward", weights);
        assertGradients(new PolicyModel(backbone, weights).logProbGraph(1), "log_prob", weights);
    }

    /** One direction per weight: the slope along the gradient itself is the gradient's norm. */
    private static void assertGradients(Graph model, String output, WeightStore weights) {
        Graph loss = loss(model, output);
        Map<String, Tensor> inputs = Numbers.batch(7, ROWS);
        try (Trainer trainer = open(loss, weights)) {
            trainer.accumulate(loss, inputs, 1);
            Map<String, Tensor> gradients = trainer.gradients();
            assertThat(gradients.keySet())
                    .containsExactlyInAnyOrderElementsOf(loss.parameters().keySet());
            gradients.forEach((name, gradient) -> {
                float[] direction = gradient.toFloats();
                double norm = 0;
                for (float slope : direction) {
                    norm += slope * (double) slope;
                }
                norm = Math.sqrt(norm);
                double step = 2e-3;
                double slope = 0;
                if (norm > 0) {
                    double up = moved(trainer, loss, inputs, weights.get(name), direction, step / norm);
                    double down = moved(trainer, loss, inputs, weights.get(name), direction, -step / norm);
                    slope = (up - down) / (2 * step);
                }
                assertThat(slope).as(name).isCloseTo(norm, within(2e-3 + 2e-2 * norm));
            });
        }
    }

    private static double moved(
            Trainer trainer,
            Graph loss,
            Map<String, Tensor> inputs,
            Tensor weight,
            float[] direction,
            double distance) {
        float[] original = weight.toFloats();
        for (int i = 0; i < direction.length; i++) {
            weight.floats().put(i, (float) (original[i] + distance * direction[i]));
        }
        double moved = trainer.evaluate(loss, inputs).get("loss").item();
        weight.floats().put(original);
        return moved;
    }
}
