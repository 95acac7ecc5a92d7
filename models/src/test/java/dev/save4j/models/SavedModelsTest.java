package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.tensor.WeightStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class SavedModelsTest {
    private static final LlamaConfig UNTIED =
            new LlamaConfig("qwen2", 32, 16, 24, 2, 2, 1, 8, 24, 1e-6, 10_000, false, true, false, false, false, 0.02);

    @TempDir
    Path folder;

    private static RewardModel reward(Backbone backbone) {
        WeightStore weights = Backbones.initialize(backbone, 1);
        return new RewardModel(
                backbone, Pooling.MEAN, Head.create(EnumSet.allOf(Head.class), weights, backbone.hiddenSize(), 2, 0.5));
    }

    private static JsonNode configOf(ModelFolder saved) {
        return JsonMapper.shared().readTree(saved.path().resolve("config.json").toFile());
    }

    @Test
    void aRewardModelComesBackWithItsHeadsAndPooling() {
        RewardModel model = reward(new Llama(LlamaConfig.small(32, 16, 2, 2, 24)));
        ModelFolder saved =
                model.save(folder.resolve("reward"), into -> Files.writeString(into.resolve("tokenizer.json"), "{}"));
        assertThat(saved.path().resolve("tokenizer.json")).exists();
        RewardModel loaded = RewardModel.load(saved);
        assertThat(loaded.pooling()).isEqualTo(Pooling.MEAN);
        assertThat(loaded.hasValueHead()).isTrue();
        assertThat(loaded.backbone().parameters()).isEqualTo(model.backbone().parameters());
        assertThat(loaded.weights().contentHash()).isEqualTo(model.weights().contentHash());
        assertThat(RewardModel.load(saved, Optional.of(Pooling.LAST_TOKEN), Set.of(), 0)
                        .pooling())
                .isEqualTo(Pooling.LAST_TOKEN);
    }

    @Test
    void aRewardModelIsASequenceClassifierOfTransformersWithOneLabel() {
        JsonNode config = configOf(reward(new Llama(UNTIED)).save(folder.resolve("reward"), into -> {}));
        assertThat(config.path("architectures").get(0).stringValue()).isEqualTo("Qwen2ForSequenceClassification");
        assertThat(config.path("id2label")).hasSize(1);
        assertThat(config.path("pooling").stringValue()).isEqualTo("mean");
        assertThat(configOf(reward(new Gpt2(Gpt2Config.small(32, 16, 1, 2, 8)))
                                .save(folder.resolve("gpt2"), into -> {}))
                        .path("architectures")
                        .get(0)
                        .stringValue())
                .isEqualTo("GPT2ForSequenceClassification");
    }

    @Test
    void aPolicyComesBackWithItsLanguageModelHead() {
        Llama backbone = new Llama(UNTIED);
        PolicyModel policy = new PolicyModel(backbone, Backbones.initialize(backbone, 4));
        ModelFolder saved = policy.save(folder.resolve("policy"), into -> {});
        assertThat(configOf(saved).path("architectures").get(0).stringValue()).isEqualTo("Qwen2ForCausalLM");
        PolicyModel loaded = PolicyModel.load(saved);
        assertThat(loaded.weights().contentHash()).isEqualTo(policy.weights().contentHash());
        assertThat(((Llama) loaded.backbone()).settings()).isEqualTo(UNTIED);
        Gpt2 gpt2 = new Gpt2(Gpt2Config.small(32, 16, 1, 2, 8));
        ModelFolder other =
                new PolicyModel(gpt2, Backbones.initialize(gpt2, 1)).save(folder.resolve("gpt2"), into -> {});
        assertThat(configOf(other).path("architectures").get(0).stringValue()).isEqualTo("GPT2LMHeadModel");
    }

    @Test
    void theBackboneOfAPolicyBecomesARewardModelOnlyWithNewHeads() {
        Llama backbone = new Llama(UNTIED);
        PolicyModel policy = new PolicyModel(backbone, Backbones.initialize(backbone, 4));
        ModelFolder saved = policy.save(folder.resolve("policy"), into -> {});
        assertThatThrownBy(() -> RewardModel.load(saved))
                .hasMessageContaining("reward checkpoint has no head 'score.weight'")
                .hasMessageContaining("ask for new heads (--new-heads");
        RewardModel reward = RewardModel.load(saved, Optional.empty(), EnumSet.allOf(Head.class), 6);
        assertThat(reward.pooling()).isEqualTo(Pooling.LAST_TOKEN);
        assertThat(reward.weights().contains("lm_head.weight")).isFalse();
        assertThat(reward.weights()
                        .get("model.norm.weight")
                        .contentEquals(policy.weights().get("model.norm.weight")))
                .isTrue();
    }

    @Test
    void aTiedPolicyCanBeTakenFromARewardModel() {
        Llama backbone = new Llama(LlamaConfig.small(32, 16, 2, 2, 24));
        ModelFolder saved = reward(backbone).save(folder.resolve("reward"), into -> {});
        assertThat(PolicyModel.load(saved).weights().names())
                .containsExactlyInAnyOrderElementsOf(backbone.parameters().keySet());
    }

    @Test
    void anExistingFolderIsNotOverwritten() throws IOException {
        Path taken = Files.createDirectory(folder.resolve("taken"));
        Files.writeString(taken.resolve("notes.txt"), "mine");
        RewardModel model = reward(new Llama(LlamaConfig.small(32, 16, 1, 2, 24)));
        assertThatThrownBy(() -> model.save(taken, into -> {})).hasMessageContaining("it exists and is not empty");
        assertThat(taken.resolve("notes.txt")).hasContent("mine");
    }

    @Test
    void anUnknownPoolingIsAnError() throws IOException {
        ModelFolder saved = reward(new Llama(UNTIED)).save(folder.resolve("reward"), into -> {});
        ObjectNode config = (ObjectNode) configOf(saved);
        Files.writeString(
                saved.path().resolve("config.json"),
                config.put("pooling", "max").toString());
        assertThatThrownBy(() -> RewardModel.load(saved))
                .hasMessageContaining("'pooling' is \"max\"")
                .hasMessageContaining("last_token, mean or cls");
    }
}
