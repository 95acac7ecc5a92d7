package dev.save4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.engine.Completion;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.engine.Trainer;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.GraphNormalizer;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.OnnxModel;
import dev.save4j.graph.Value;
import dev.save4j.models.Backbones;
import dev.save4j.models.Head;
import dev.save4j.models.ModelFolder;
import dev.save4j.models.OnnxDecoder;
import dev.save4j.models.PolicyModel;
import dev.save4j.models.RewardModel;
import dev.save4j.objectives.BradleyTerry;
import dev.save4j.objectives.Composition;
import dev.save4j.objectives.LanguageModelling;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A decoder that was exported with a cache is a policy, and a backbone of reward models. */
class ExportedPolicyTest {
    private static final long[][] ROWS = {{3, 9, 27, 1, 3, 9}, {7, 14, 21, 28}};
    private static final int WIDTH = 6;

    @TempDir
    private Path folder;

    private ModelFolder model;

    @BeforeEach
    void write() throws IOException {
        OnnxCodec.write(Gpt2Export.of(14, true), folder.resolve("model.onnx"));
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"gpt2\", \"n_positions\": 24}");
        model = ModelFolder.open(folder);
    }

    private static Map<String, Tensor> tokens() {
        long[] ids = new long[ROWS.length * WIDTH];
        long[] mask = new long[ids.length];
        for (int row = 0; row < ROWS.length; row++) {
            for (int i = 0; i < ROWS[row].length; i++) {
                ids[row * WIDTH + i] = ROWS[row][i];
                mask[row * WIDTH + i] = 1;
            }
        }
        Map<String, Tensor> inputs = new HashMap<>();
        inputs.put("input_ids", Tensor.of(ids, ROWS.length, WIDTH));
        inputs.put("attention_mask", Tensor.of(mask, ROWS.length, WIDTH));
        return inputs;
    }

    private static Map<String, Tensor> run(Graph graph, WeightStore weights, Map<String, Tensor> inputs) {
        try (InferenceSession session = Engines.inference()
                .named("onnxruntime")
                .open(graph, weights, WeightBinding.LIVE, EngineSettings.singleThreaded())) {
            return session.run(inputs);
        }
    }

    @Test
    void sizesComeFromTheFile() {
        PolicyModel policy = PolicyModel.load(model);
        assertThat(policy.backbone()).isInstanceOf(OnnxDecoder.class);
        assertThat(policy.backbone().hiddenSize()).isEqualTo(16);
        assertThat(policy.backbone().vocabularySize()).isEqualTo(40);
        assertThat(policy.backbone().maxLength()).isEqualTo(24);
        assertThat(policy.backbone().trunkParameters().keySet())
                .isEqualTo(policy.backbone().parameters().keySet());
    }

    /** By the logits of the file itself, fed with positions and an empty cache. */
    @Test
    void logProbabilitiesAreThoseOfTheFile() {
        PolicyModel policy = PolicyModel.load(model);
        OnnxModel stored = OnnxCodec.read(folder.resolve("model.onnx"));
        Map<String, Tensor> inputs = tokens();
        float[] actual = run(policy.logProbGraph(1), policy.weights(), inputs)
                .get("log_prob")
                .toFloats();
        inputs.put("position_ids", Tensor.of(new long[] {0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5}, 2, 6));
        for (int layer = 0; layer < 2; layer++) {
            for (String kind : List.of(".key", ".value")) {
                inputs.put("past_key_values." + layer + kind, Tensor.allocate(ElementType.FLOAT, 2, 2, 0, 8));
            }
        }
        float[] logits = run(GraphNormalizer.normalize(stored), new WeightStore(stored.weights()), inputs)
                .get("logits")
                .toFloats();
        for (int row = 0; row < ROWS.length; row++) {
            for (int t = 0; t + 1 < ROWS[row].length; t++) {
                int at = (row * WIDTH + t) * 40;
                double sum = 0;
                for (int token = 0; token < 40; token++) {
                    sum += Math.exp(logits[at + token]);
                }
                double expected = logits[at + (int) ROWS[row][t + 1]] - Math.log(sum);
                assertThat((double) actual[row * (WIDTH - 1) + t]).isCloseTo(expected, within(1e-5));
            }
        }
    }

    @Test
    void whatIsSampledHasTheLogProbabilitiesThatAreTrained() {
        PolicyModel policy = PolicyModel.load(model);
        Completion sampled;
        try (RolloutSession session = Engines.rollout()
                .named("onnxruntime")
                .open(policy.decoder(16), policy.weights(), 2, EngineSettings.singleThreaded())) {
            sampled = session.generate(
                            List.of(new RolloutRequest(new int[] {3, 9}, 1, 5)), Sampling.unbiased(4, Set.of()))
                    .get(0)
                    .get(0);
        }
        long[] row = {3, 9, 0, 0, 0, 0};
        for (int i = 0; i < 4; i++) {
            row[2 + i] = sampled.tokens()[i];
        }
        Map<String, Tensor> inputs = Map.of(
                "input_ids", Tensor.of(row, 1, 6), "attention_mask", Tensor.of(new long[] {1, 1, 1, 1, 1, 1}, 1, 6));
        float[] trained = run(policy.logProbGraph(1), policy.weights(), inputs)
                .get("log_prob")
                .toFloats();
        for (int i = 0; i < 4; i++) {
            assertThat(sampled.logProbs()[i]).isCloseTo(trained[1 + i], within(1e-4f));
        }
    }

    @Test
    void everyEngineTrainsItAlike() {
        PolicyModel policy = PolicyModel.load(model);
        LanguageModelling objective = new LanguageModelling();
        Graph loss = Composition.of(policy.logProbGraph(1), objective);
        Map<String, Tensor> inputs = tokens();
        inputs.putAll(objective
                .feed(WIDTH - 1, new int[] {0, 0}, new int[] {ROWS[0].length - 1, ROWS[1].length - 1})
                .whole());
        Map<String, Tensor> measure = gradients(Engines.gradient().named("onnxruntime"), loss, policy, inputs);
        assertThat(measure.keySet()).isEqualTo(policy.weights().names());
        for (GradientEngine engine : Engines.gradient().all()) {
            gradients(engine, loss, policy, inputs)
                    .forEach((weight, gradient) -> assertThat(gradient.toFloats())
                            .as("%s: gradient of '%s'", engine.name(), weight)
                            .usingComparatorWithPrecision(1e-5f)
                            .containsExactly(
                                    Objects.requireNonNull(measure.get(weight)).toFloats()));
        }
    }

    private static Map<String, Tensor> gradients(
            GradientEngine engine, Graph loss, PolicyModel policy, Map<String, Tensor> inputs) {
        try (Trainer trainer =
                engine.open(policy.weights(), List.of(loss), Optimization.DEFAULT, EngineSettings.singleThreaded())) {
            trainer.accumulate(loss, inputs, 1);
            return trainer.gradients();
        }
    }

    @Test
    void aSavedPolicyIsAFileThatCanBeSampledFromAgain() {
        PolicyModel policy = PolicyModel.load(model);
        policy.weights().get("transformer.wte.weight").floats().put(0, 0.5f);
        PolicyModel loaded = PolicyModel.load(policy.save(folder.resolve("saved"), into -> {}));
        assertThat(loaded.weights().contentHash()).isEqualTo(policy.weights().contentHash());
        assertThat(loaded.decoder(8).layers()).isEqualTo(2);
    }

    @Test
    void aRewardModelOnItIsSavedWithItsHeads() {
        RewardModel reward = RewardModel.load(model, Optional.empty(), Set.of(Head.REWARD, Head.VALUE), 4);
        assertThat(Composition.of(reward.gradeGraph(), new BradleyTerry(0)).parameters())
                .containsKey("score.weight");
        float[] expected = run(reward.rewardGraph(), reward.weights(), tokens())
                .get("reward")
                .toFloats();
        RewardModel loaded = RewardModel.load(reward.save(folder.resolve("reward"), into -> {}));
        assertThat(loaded.backbone().causal()).isTrue();
        assertThat(loaded.backbone().maxLength()).isEqualTo(24);
        assertThat(loaded.hasValueHead()).isTrue();
        assertThat(run(loaded.rewardGraph(), loaded.weights(), tokens())
                        .get("reward")
                        .toFloats())
                .usingComparatorWithPrecision(1e-6f)
                .containsExactly(expected);
    }

    @Test
    void positionsBeyondTheModelAreRefused() {
        PolicyModel policy = PolicyModel.load(model);
        assertThatThrownBy(() -> policy.decoder(25)).hasMessage("the model has 24 positions, not 25");
    }

    @Test
    void newWeightsCannotBeMade() {
        PolicyModel policy = PolicyModel.load(model);
        assertThatThrownBy(() -> Backbones.initialize(policy.backbone(), 1))
                .hasMessageContaining("the ONNX model 'gpt2' cannot start from new weights");
    }

    @Test
    void logitsThatNoLinearLayerMakesAreRefused() {
        GraphBuilder g = new GraphBuilder("odd");
        Value ids = g.input("input_ids", ElementType.INT64, "batch", "sequence");
        g.input("past_key_values.0.key", ElementType.FLOAT, "batch", 2, "past", 8);
        g.output("logits", g.parameter("table", 40, 16).gather(ids, 0).softmax(-1));
        OnnxCodec.write(
                OnnxModel.of(g.build(), Map.of("table", Tensor.allocate(ElementType.FLOAT, 40, 16))),
                folder.resolve("model.onnx"));
        assertThatThrownBy(() -> PolicyModel.load(model))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        refused -> assertThat(refused.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageContaining(
                        "the logits must come from a linear layer (MatMul), but come from node 'Softmax'");
    }

    @Test
    void anExportWithoutACacheIsNoPolicy() {
        OnnxCodec.write(Gpt2Export.of(14, false), folder.resolve("model.onnx"));
        assertThatThrownBy(() -> PolicyModel.load(model))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        refused -> assertThat(refused.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageContaining("a policy needs the inputs past_key_values.* and the output logits")
                .hasMessageContaining("export it as text generation with past");
    }
}
