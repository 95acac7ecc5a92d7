package dev.save4j.models;

import dev.save4j.SaveException;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The shape of a GPT-2 model. Rates of dropout are not read: save4j trains without dropout, as reinforcement learning of language models does.
 *
 * @param maxLength learned positions, {@code n_positions}
 * @param innerSize width of the feed-forward part, {@code n_inner}, by default four times the hidden size
 * @param activation of the feed-forward part
 * @param tied whether the output head is the embedding
 * @param linearOrder how the checkpoint stores the four projections of a layer
 * @param initializerRange standard deviation of new weights
 */
public record Gpt2Config(
        int vocabularySize,
        int hiddenSize,
        int innerSize,
        int layers,
        int heads,
        int maxLength,
        double normEpsilon,
        Activation activation,
        boolean tied,
        LinearOrder linearOrder,
        double initializerRange) {
    /** The two forms of the Gaussian error unit. */
    public enum Activation {
        /** With the tanh approximation: {@code gelu_new} and {@code gelu_pytorch_tanh} of Hugging Face. */
        GELU_TANH("gelu_new", "tanh"),
        /** With the error function: {@code gelu} of Hugging Face. */
        GELU("gelu", "none");

        private final String word;
        private final String approximation;

        Activation(String word, String approximation) {
            this.word = word;
            this.approximation = approximation;
        }

        String approximation() {
            return approximation;
        }
    }

    /** Order of the two axes of a projection's weight. */
    public enum LinearOrder {
        /** {@code [in, out]}: the Conv1D layers of GPT-2 in Hugging Face checkpoints. */
        IN_OUT("in_out"),
        /** {@code [out, in]}: ordinary linear layers, as minGPT has them. */
        OUT_IN("out_in");

        private final String word;

        LinearOrder(String word) {
            this.word = word;
        }
    }

    /** The key under which {@link #linearOrder} stands in {@code config.json}; Hugging Face has no such key and always stores IN_OUT. */
    static final String LINEAR_ORDER = "save4j_linear_order";

    public Gpt2Config {
        ConfigReader.positive(
                "gpt2",
                Map.of(
                        "vocab_size", vocabularySize,
                        "n_embd", hiddenSize,
                        "n_inner", innerSize,
                        "n_layer", layers,
                        "n_head", heads,
                        "n_positions", maxLength));
        if (hiddenSize % heads != 0) {
            throw SaveException.user("gpt2: n_embd " + hiddenSize + " is not a multiple of n_head " + heads);
        }
    }

    /** A small GPT-2 with a tied head, for models that are made rather than loaded. */
    public static Gpt2Config small(int vocabularySize, int hiddenSize, int layers, int heads, int maxLength) {
        return new Gpt2Config(
                vocabularySize,
                hiddenSize,
                4 * hiddenSize,
                layers,
                heads,
                maxLength,
                1e-5,
                Activation.GELU_TANH,
                true,
                LinearOrder.IN_OUT,
                0.02);
    }

    public int headSize() {
        return hiddenSize / heads;
    }

    /** Reads a Hugging Face configuration; a USER error lists every setting that is missing or not supported. */
    public static Gpt2Config parse(JsonNode json) {
        ConfigReader reader = new ConfigReader(json, "gpt2");
        String activation = reader.choice("activation_function", "gelu_new", "gelu_new", "gelu_pytorch_tanh", "gelu");
        reader.expect("scale_attn_weights", true);
        reader.expect("scale_attn_by_inverse_layer_idx", false);
        reader.expect("add_cross_attention", false);
        int hidden = (int) reader.integer("n_embd");
        int inner = (int) reader.integer("n_inner", 4L * hidden);
        int layers = (int) reader.integer("n_layer");
        int heads = (int) reader.integer("n_head");
        int vocabulary = (int) reader.integer("vocab_size");
        int maxLength = (int) reader.integer("n_positions");
        double epsilon = reader.real("layer_norm_epsilon", 1e-5);
        boolean tied = reader.flag("tie_word_embeddings", true);
        String order = reader.choice(LINEAR_ORDER, "in_out", "in_out", "out_in");
        double range = reader.real("initializer_range", 0.02);
        reader.finish();
        return new Gpt2Config(
                vocabulary,
                hidden,
                inner,
                layers,
                heads,
                maxLength,
                epsilon,
                activation.equals("gelu") ? Activation.GELU : Activation.GELU_TANH,
                tied,
                order.equals("in_out") ? LinearOrder.IN_OUT : LinearOrder.OUT_IN,
                range);
    }

    /** As {@code config.json}; parsing it gives an equal configuration. */
    public ObjectNode toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("model_type", "gpt2");
        json.put("vocab_size", vocabularySize);
        json.put("n_embd", hiddenSize);
        json.put("n_inner", innerSize);
        json.put("n_layer", layers);
        json.put("n_head", heads);
        json.put("n_positions", maxLength);
        json.put("layer_norm_epsilon", normEpsilon);
        json.put("activation_function", activation.word);
        json.put("tie_word_embeddings", tied);
        json.put("initializer_range", initializerRange);
        json.put("torch_dtype", "float32");
        if (linearOrder != LinearOrder.IN_OUT) {
            json.put(LINEAR_ORDER, linearOrder.word);
        }
        return json;
    }
}
