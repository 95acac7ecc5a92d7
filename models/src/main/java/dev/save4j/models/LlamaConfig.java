package dev.save4j.models;

import dev.save4j.SaveException;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The shape of a model of the Llama family: Llama, Mistral, Qwen2, Qwen2.5, Qwen3 and SmolLM differ in these settings only.
 *
 * @param family {@code llama}, {@code mistral}, {@code qwen2} or {@code qwen3}
 * @param heads query heads
 * @param keyValueHeads key and value heads, a divisor of {@code heads}
 * @param headSize width of one head, even
 * @param rotaryBase base of the rotary angles, {@code rope_theta}
 * @param tied whether the output head is the embedding
 * @param queryKeyValueBias whether the query, key and value projections have biases
 * @param outputBias whether the attention's output projection has one
 * @param mlpBias whether the three projections of the feed-forward part have them
 * @param queryKeyNorm whether queries and keys are normalised per head, as in Qwen3
 * @param initializerRange standard deviation of new weights
 */
public record LlamaConfig(
        String family,
        int vocabularySize,
        int hiddenSize,
        int intermediateSize,
        int layers,
        int heads,
        int keyValueHeads,
        int headSize,
        int maxLength,
        double normEpsilon,
        double rotaryBase,
        boolean tied,
        boolean queryKeyValueBias,
        boolean outputBias,
        boolean mlpBias,
        boolean queryKeyNorm,
        double initializerRange) {
    public LlamaConfig {
        ConfigReader.positive(
                family,
                Map.of(
                        "vocab_size", vocabularySize,
                        "hidden_size", hiddenSize,
                        "intermediate_size", intermediateSize,
                        "num_hidden_layers", layers,
                        "num_attention_heads", heads,
                        "num_key_value_heads", keyValueHeads,
                        "head_dim", headSize,
                        "max_position_embeddings", maxLength));
        if (heads % keyValueHeads != 0) {
            throw SaveException.user(family + ": num_attention_heads " + heads
                    + " is not a multiple of num_key_value_heads " + keyValueHeads);
        }
        if (outputBias != (queryKeyValueBias && !family.equals("qwen2"))) {
            throw SaveException.user(
                    family + ": the output projection has a bias exactly when query, key and value have one"
                            + " (in qwen2 it has none)");
        }
        if (headSize % 2 != 0) {
            throw SaveException.user(
                    family + ": head_dim " + headSize + " is odd; rotary embeddings need an even head size");
        }
    }

    /** A small Llama with a tied head and no biases, for models that are made rather than loaded. */
    public static LlamaConfig small(int vocabularySize, int hiddenSize, int layers, int heads, int maxLength) {
        return small(vocabularySize, hiddenSize, layers, heads, heads, (hiddenSize * 8 / 3 + 7) / 8 * 8, maxLength);
    }

    /** As {@link #small(int, int, int, int, int)} with grouped queries and a feed-forward part of a given width. */
    public static LlamaConfig small(
            int vocabularySize,
            int hiddenSize,
            int layers,
            int heads,
            int keyValueHeads,
            int intermediateSize,
            int maxLength) {
        return new LlamaConfig(
                "llama",
                vocabularySize,
                hiddenSize,
                intermediateSize,
                layers,
                heads,
                keyValueHeads,
                hiddenSize / heads,
                maxLength,
                1e-5,
                10_000,
                true,
                false,
                false,
                false,
                false,
                0.02);
    }

    /** Query heads that share one key and value head. */
    public int group() {
        return heads / keyValueHeads;
    }

    /** Reads a Hugging Face configuration; a USER error lists every setting that is missing or not supported. */
    public static LlamaConfig parse(JsonNode json) {
        String family = json.path("model_type").asString("llama");
        ConfigReader reader = new ConfigReader(json, family);
        boolean qwen2 = family.equals("qwen2");
        reader.choice("hidden_act", "silu", "silu");
        reader.expect("pretraining_tp", 1);
        reader.expect("use_sliding_window", false);
        if (family.equals("mistral")) {
            reader.refusePresent("sliding_window", "sliding-window attention is not supported");
        }
        reader.fullAttentionOnly();
        int hidden = (int) reader.integer("hidden_size");
        int heads = (int) reader.integer("num_attention_heads");
        if (!reader.has("head_dim") && hidden % heads != 0) {
            reader.problem("'hidden_size' " + hidden + " is not a multiple of 'num_attention_heads' " + heads
                    + " and there is no 'head_dim'");
        }
        // Qwen2 has query, key and value biases whatever its configuration says.
        boolean attentionBias = qwen2 || reader.flag("attention_bias", false);
        int headSize = family.equals("qwen3") ? 128 : Math.max(1, hidden / heads);
        int intermediate = (int) reader.integer("intermediate_size");
        int layers = (int) reader.integer("num_hidden_layers");
        int keyValueHeads = (int) reader.integer("num_key_value_heads", heads);
        int vocabulary = (int) reader.integer("vocab_size");
        int maxLength = (int) reader.integer("max_position_embeddings");
        headSize = (int) reader.integer("head_dim", headSize);
        double epsilon = reader.real("rms_norm_eps", 1e-6);
        double rotaryBase = reader.rotaryBase();
        boolean tied = reader.flag("tie_word_embeddings", false);
        boolean mlpBias = reader.flag("mlp_bias", false);
        double range = reader.real("initializer_range", 0.02);
        reader.finish();
        return new LlamaConfig(
                family,
                vocabulary,
                hidden,
                intermediate,
                layers,
                heads,
                keyValueHeads,
                headSize,
                maxLength,
                epsilon,
                rotaryBase,
                tied,
                attentionBias,
                attentionBias && !qwen2,
                mlpBias,
                family.equals("qwen3"),
                range);
    }

    /** As {@code config.json}; parsing it gives an equal configuration. */
    public ObjectNode toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("model_type", family);
        json.put("vocab_size", vocabularySize);
        json.put("hidden_size", hiddenSize);
        json.put("intermediate_size", intermediateSize);
        json.put("num_hidden_layers", layers);
        json.put("num_attention_heads", heads);
        json.put("num_key_value_heads", keyValueHeads);
        json.put("head_dim", headSize);
        json.put("max_position_embeddings", maxLength);
        json.put("hidden_act", "silu");
        json.put("rms_norm_eps", normEpsilon);
        json.put("rope_theta", rotaryBase);
        json.put("tie_word_embeddings", tied);
        json.put("attention_bias", queryKeyValueBias);
        json.put("mlp_bias", mlpBias);
        json.put("initializer_range", initializerRange);
        json.put("torch_dtype", "float32");
        return json;
    }
}
