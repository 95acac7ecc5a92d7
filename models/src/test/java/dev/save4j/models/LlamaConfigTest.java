package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class LlamaConfigTest {
    private static final String LLAMA = """
            {"model_type": "llama", "hidden_size": 64, "intermediate_size": 172, "num_hidden_layers": 5,
             "num_attention_heads": 8, "num_key_value_heads": 4, "vocab_size": 512, "max_position_embeddings": 512,
             "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "tie_word_embeddings": true, "hidden_act": "silu"}
            """;

    private static ObjectNode json(String text) {
        return (ObjectNode) JsonMapper.shared().readTree(text);
    }

    private static ObjectNode qwen(String family) {
        ObjectNode json = json(LLAMA);
        json.put("model_type", family);
        return json;
    }

    @Test
    void readsEverySetting() {
        assertThat(LlamaConfig.parse(json(LLAMA)))
                .isEqualTo(new LlamaConfig(
                        "llama", 512, 64, 172, 5, 8, 4, 8, 512, 1e-5, 10_000, true, false, false, false, false, 0.02));
    }

    @Test
    void survivesWritingAndReading() {
        for (String family : new String[] {"llama", "mistral", "qwen2", "qwen3"}) {
            LlamaConfig config = LlamaConfig.parse(qwen(family));
            assertThat(LlamaConfig.parse(config.toJson())).isEqualTo(config);
            assertThat(Backbones.fromConfig(config.toJson()).family()).isEqualTo(family);
        }
    }

    @Test
    void qwen2HasBiasesOnQueryKeyAndValueOnly() {
        Llama model = new Llama(LlamaConfig.parse(qwen("qwen2")));
        assertThat(model.parameters())
                .containsKeys(
                        "model.layers.0.self_attn.q_proj.bias",
                        "model.layers.0.self_attn.k_proj.bias",
                        "model.layers.0.self_attn.v_proj.bias")
                .doesNotContainKey("model.layers.0.self_attn.o_proj.bias");
    }

    @Test
    void qwen3NormalisesQueriesAndKeysAndHasItsOwnHeadSize() {
        Llama model = new Llama(LlamaConfig.parse(qwen("qwen3").put("head_dim", 16)));
        assertThat(model.parameters()).containsKey("model.layers.4.self_attn.k_norm.weight");
        assertThat(model.parameters()
                        .get("model.layers.0.self_attn.q_proj.weight")
                        .fixedShape())
                .containsExactly(128, 64);
    }

    @Test
    void aTiedHeadIsNotAWeightOfItsOwn() {
        assertThat(new Llama(LlamaConfig.parse(json(LLAMA))).parameters()).doesNotContainKey("lm_head.weight");
        ObjectNode untied = json(LLAMA).put("tie_word_embeddings", false);
        assertThat(new Llama(LlamaConfig.parse(untied)).parameters()).containsKey("lm_head.weight");
    }

    @Test
    void takesTheRotaryBaseFromEitherPlace() {
        ObjectNode json = json(LLAMA);
        json.remove("rope_theta");
        json.putObject("rope_parameters").put("rope_type", "default").put("rope_theta", 500_000.0);
        assertThat(LlamaConfig.parse(json).rotaryBase()).isEqualTo(500_000);
    }

    @Test
    void refusesAllUnsupportedSettingsAtOnceByName() {
        ObjectNode json = json(LLAMA);
        json.putObject("rope_scaling").put("rope_type", "llama3").put("factor", 8.0);
        json.putObject("quantization_config").put("bits", 4);
        json.put("hidden_act", "gelu").put("pretraining_tp", 2).put("partial_rotary_factor", 0.5);
        json.put("num_hidden_layers", "five");
        json.remove("vocab_size");
        assertThatThrownBy(() -> LlamaConfig.parse(json))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageContaining("config.json of a 'llama' model is not supported")
                .hasMessageContaining(
                        "'rope_scaling' is {\"rope_type\":\"llama3\",\"factor\":8.0}, but only the unscaled")
                .hasMessageContaining("'quantization_config' is")
                .hasMessageContaining("'hidden_act' is \"gelu\", supported: silu")
                .hasMessageContaining("'pretraining_tp' is 2, supported: 1")
                .hasMessageContaining("'partial_rotary_factor' is 0.5")
                .hasMessageContaining("'num_hidden_layers' is \"five\", expected a whole number of at least 1")
                .hasMessageContaining("'vocab_size' is missing");
    }

    @Test
    void refusesSlidingWindows() {
        assertThatThrownBy(() -> LlamaConfig.parse(qwen("mistral").put("sliding_window", 4096)))
                .hasMessageContaining("'sliding_window' is 4096, but must be absent or null");
        assertThatThrownBy(() -> LlamaConfig.parse(qwen("qwen2").put("use_sliding_window", true)))
                .hasMessageContaining("'use_sliding_window' is true, supported: false");
        ObjectNode mixed = qwen("qwen3");
        mixed.putArray("layer_types").add("full_attention").add("sliding_attention");
        assertThatThrownBy(() -> LlamaConfig.parse(mixed))
                .hasMessageContaining("'layer_types' holds \"sliding_attention\", supported: full_attention");
    }

    @Test
    void refusesHeadsThatDoNotFit() {
        assertThatThrownBy(() -> LlamaConfig.parse(json(LLAMA).put("num_key_value_heads", 3)))
                .hasMessageContaining("num_attention_heads 8 is not a multiple of num_key_value_heads 3");
        assertThatThrownBy(() -> LlamaConfig.parse(json(LLAMA).put("hidden_size", 60)))
                .hasMessageContaining("'hidden_size' 60 is not a multiple of 'num_attention_heads' 8");
        assertThatThrownBy(() -> LlamaConfig.parse(json(LLAMA).put("head_dim", 7)))
                .hasMessageContaining("head_dim 7 is odd");
    }

    @Test
    void suggestsTheFamilyThatWasMeant() {
        assertThatThrownBy(() -> Backbones.fromConfig(qwen("lama")))
                .hasMessageContaining("'model_type' is 'lama'")
                .hasMessageContaining("Did you mean 'llama'?");
        JsonNode empty = JsonMapper.shared().readTree("{}");
        assertThatThrownBy(() -> Backbones.fromConfig(empty)).hasMessageContaining("config.json has no 'model_type'");
    }

    @Test
    void settingsThatAreNotReadAreKept() {
        ObjectNode json = json(LLAMA).put("pad_token_id", 7);
        Backbone model = Backbones.fromConfig(json);
        assertThat(model.config()).isEqualTo(json);
        json.put("pad_token_id", 8);
        model.config().put("pad_token_id", 9);
        assertThat(model.config().path("pad_token_id").intValue()).isEqualTo(7);
    }

    @Test
    void aRewardModelNeedsNoLanguageModelHead() {
        Backbone untied = Backbones.fromConfig(json(LLAMA).put("tie_word_embeddings", false));
        assertThat(untied.parameters()).containsKey("lm_head.weight");
        assertThat(untied.trunkParameters())
                .hasSize(untied.parameters().size() - 1)
                .doesNotContainKey("lm_head.weight");
    }
}
