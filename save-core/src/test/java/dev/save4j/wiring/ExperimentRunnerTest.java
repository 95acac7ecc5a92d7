package dev.save4j.wiring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.loop.Progress;
import dev.save4j.run.Experiment.Mode;
import dev.save4j.run.ExperimentReader;
import dev.save4j.run.RunFolder;
import dev.save4j.tensor.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Whole runs on the lab with models of a few thousand weights. */
class ExperimentRunnerTest {
    private static final String TINY = """
            name: tiny
            seed: 5
            steps: 4
            modes: [save]
            data:
              lab: tales
              tales: {fine_tuning: 50, preferences: 24, held_out: 40, prompts: 30}
            policy:
              size: {hidden_size: 16, layers: 1, heads: 2, kv_heads: 1, intermediate_size: 24, max_length: 64}
              fine_tuning: {steps: 3, batch: 8, learning_rate: 1.0e-2, warm_up: 1}
            reward:
              size: {hidden_size: 16, layers: 1, heads: 2, kv_heads: 1, intermediate_size: 24, max_length: 64}
              training: {epochs: 1, batch: 12, warm_up: 0, value_steps: 3}
            algorithm: {settings: {beta: 0.03}}
            rollout: {prompts: 3, group: 4, max_tokens: 12, slots: 8}
            save:
              anchor: {trust: .inf}
              replay: {pairs: 4}
              gate: {every: 2, pairs: 40}
            evaluation: {every: 2, prompts: 4, completions: 2}
            checkpoint: {every: 2}
            """;

    @TempDir
    private Path output;

    private ExperimentReader.Resolved resolved(String... overrides) {
        return ExperimentReader.resolve(TINY, "tiny.yaml", List.of(overrides));
    }

    private RunFolder run(String... overrides) {
        return run(RunFolder.create(output, resolved(overrides)), Progress.SILENT);
    }

    private static RunFolder run(RunFolder folder, Progress progress) {
        new ExperimentRunner(Registry.discover(), progress)
                .run(folder.experiment().experiment(), () -> folder);
        return folder;
    }

    private static List<JsonNode> metrics(RunFolder folder, Mode mode) throws IOException {
        return Files.readAllLines(folder.metrics(mode)).stream()
                .map(line -> JsonMapper.shared().readTree(line))
                .toList();
    }

    private static String weights(Path model) {
        return SafeTensors.read(model).contentHash();
    }

    @Test
    void everyModeStartsFromTheSameModelsAndOnlyStaticKeepsTheRewardModel() throws IOException {
        RunFolder folder = run("modes=[static, save, labelled-only, oracle]", "steps=2", "save.gate.every=0");
        String start = weights(folder.preparedReward());
        assertThat(weights(folder.reward(Mode.STATIC))).isEqualTo(start);
        for (Mode mode : List.of(Mode.SAVE, Mode.LABELLED_ONLY, Mode.ORACLE)) {
            assertThat(weights(folder.reward(mode))).as(mode.label()).isNotEqualTo(start);
        }
        double gold = metrics(folder, Mode.STATIC).get(0).get("eval/gold").doubleValue();
        for (Mode mode : Mode.values()) {
            List<JsonNode> lines = metrics(folder, mode);
            assertThat(lines).hasSize(3);
            assertThat(lines.get(0).get("eval/gold").doubleValue()).isEqualTo(gold);
            assertThat(lines.get(2).get("sampling/logp_difference/max").doubleValue())
                    .isLessThan(1e-4);
            assertThat(weights(folder.policy(mode))).isNotEqualTo(weights(folder.preparedPolicy()));
        }
        assertThat(metrics(folder, Mode.SAVE).get(1).has("save/contrast_loss")).isTrue();
        assertThat(metrics(folder, Mode.LABELLED_ONLY).get(1).has("save/contrast_loss"))
                .isFalse();
        assertThat(metrics(folder, Mode.LABELLED_ONLY).get(1).has("save/replay_loss"))
                .isTrue();
        assertThat(metrics(folder, Mode.ORACLE)
                        .get(1)
                        .get("save/label_accuracy")
                        .doubleValue())
                .isEqualTo(1);
    }

    @Test
    void anInterruptedRunContinuesWithTheSameBytes() throws IOException {
        RunFolder whole = run();
        RunFolder interrupted = RunFolder.create(output, resolved());
        Progress failsAtTheThirdStep = (task, done, total, note) -> {
            if (task.equals("save") && done == 3) {
                throw SaveException.resources("the power failed");
            }
        };
        assertThatThrownBy(() -> run(interrupted, failsAtTheThirdStep)).hasMessage("the power failed");
        assertThat(interrupted.lastCheckpoint(Mode.SAVE))
                .hasValueSatisfying(path -> assertThat(RunFolder.stepOf(path)).isEqualTo(2));
        assertThat(Files.readAllLines(interrupted.metrics(Mode.SAVE))).hasSize(4);

        RunFolder resumed = RunFolder.resume(output, resolved());
        assertThat(resumed.path()).isEqualTo(interrupted.path());
        run(resumed, Progress.SILENT);

        assertThat(resumed.metrics(Mode.SAVE)).hasSameBinaryContentAs(whole.metrics(Mode.SAVE));
        assertThat(resumed.samples(Mode.SAVE)).hasSameBinaryContentAs(whole.samples(Mode.SAVE));
        assertThat(weights(resumed.policy(Mode.SAVE))).isEqualTo(weights(whole.policy(Mode.SAVE)));
        assertThat(weights(resumed.reward(Mode.SAVE))).isEqualTo(weights(whole.reward(Mode.SAVE)));
    }

    @Test
    void modesInParallelGiveTheBytesOfModesOneAfterTheOther() {
        RunFolder one = run("modes=[static, save]", "steps=2");
        RunFolder both = run("modes=[static, save]", "steps=2", "parallel=2");
        for (Mode mode : List.of(Mode.STATIC, Mode.SAVE)) {
            assertThat(both.metrics(mode)).hasSameBinaryContentAs(one.metrics(mode));
            assertThat(weights(both.reward(mode))).isEqualTo(weights(one.reward(mode)));
        }
    }

    @Test
    void neverOverwritesARun() {
        assertThat(RunFolder.create(output, resolved()).path()).hasFileName("tiny");
        assertThat(RunFolder.create(output, resolved()).path()).hasFileName("tiny-2");
        assertThat(RunFolder.resume(output, resolved()).path()).hasFileName("tiny-2");
        assertThatThrownBy(() -> RunFolder.resume(output, resolved("steps=9")))
                .hasMessageContaining("has other settings");
        assertThatThrownBy(() -> RunFolder.resume(output.resolve("nowhere"), resolved()))
                .hasMessageContaining("there is no run 'tiny' to resume");
    }

    @Test
    void reportsAllUnknownNamesAtOnce() {
        assertThatThrownBy(() -> Registry.discover()
                        .resolve(resolved("engines.gradient=djl-pytorsh", "engines.scoring=onnx", "algorithm.name=gppo")
                                .experiment()))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining(
                        "there is no gradient engine 'djl-pytorsh'. Available: djl-pytorch, onnxruntime. Did you mean"
                                + " 'djl-pytorch'?")
                .hasMessageContaining("there is no inference engine 'onnx'. Available: onnxruntime")
                .hasMessageContaining("there is no algorithm 'gppo'");
    }

    @Test
    void aMistakeLeavesNoFolderBehind() {
        ExperimentReader.Resolved wrong = ExperimentReader.resolve(
                "name: wrong\ndata: {prompts: no-such-file.jsonl}\nsave: {gate: {every: 0}, replay: {pairs: 0}}\n",
                "wrong.yaml",
                List.of());
        assertThatThrownBy(() -> new ExperimentRunner(Registry.discover(), Progress.SILENT)
                        .run(wrong.experiment(), () -> RunFolder.create(output, wrong)))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("no-such-file.jsonl");
        ExperimentReader.Resolved model = resolved("policy.model=no-such-model", "policy.backbone=llama");
        assertThatThrownBy(() -> new ExperimentRunner(Registry.discover(), Progress.SILENT)
                        .run(model.experiment(), () -> RunFolder.create(output, model)))
                .hasMessageContaining("no-such-model");
        assertThat(output).isEmptyDirectory();
    }

    @Test
    void aDeviceThatIsNotThereIsRefusedBeforeAFolderIsMade() {
        ExperimentReader.Resolved gpu = resolved("engines.device=cuda");
        assertThatThrownBy(() -> new ExperimentRunner(Registry.discover(), Progress.SILENT)
                        .run(gpu.experiment(), () -> RunFolder.create(output, gpu)))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("the device cuda");
        assertThat(output).isEmptyDirectory();
        assertThatThrownBy(() -> resolved("engines.device=gpu"))
                .hasMessageContaining("engines.device must be one of cpu | cuda | tensorrt, but is \"gpu\"");
    }

    @Test
    void rolloutsInInt8SayHowFarTheyAreFromTheTrainedPolicy() throws IOException {
        RunFolder folder = run("engines.rollout_weights=int8", "modes=[static]", "steps=2");
        List<JsonNode> lines = metrics(folder, Mode.STATIC);
        for (int step = 1; step <= 2; step++) {
            assertThat(lines.get(step).get("sampling/logp_difference/mean").doubleValue())
                    .isBetween(1e-5, 0.05);
            assertThat(lines.get(step).get("ratio_mean").doubleValue()).isBetween(0.9, 1.1);
        }
        assertThat(weights(folder.policy(Mode.STATIC))).isNotEqualTo(weights(folder.preparedPolicy()));
        assertThatThrownBy(() -> resolved("engines.rollout_weights=int8", "engines.device=cuda"))
                .hasMessageContaining("rollout_weights: int8 is for the device cpu");
        assertThatThrownBy(() -> resolved("engines.rollout_weights=int4"))
                .hasMessageContaining("engines.rollout_weights must be one of float32 | int8, but is \"int4\"");
    }

    @Test
    void refusesGroupsThatHaveNothingToCompare() {
        assertThatThrownBy(() ->
                        Registry.discover().resolve(resolved("rollout.group=1").experiment()))
                .hasMessageContaining("needs at least 2");
    }

    @Test
    void explainsWhatIsInForce() {
        List<String> lines = Explanation.of(
                resolved("save.contrast=hinge", "save.margin=0.7").experiment(), Registry.discover());
        assertThat(String.join("\n", lines))
                .contains("max(0, 0.7 - (r - a))")
                .contains("0.03")
                .contains("every 2 updates on 40 held-out pairs");
    }
}
