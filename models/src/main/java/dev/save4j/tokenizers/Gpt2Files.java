package dev.save4j.tokenizers;

import dev.save4j.SaveException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** GPT-2's vocabulary and merges in the form of a {@code tokenizer.json}: byte-level BPE with GPT-2's own split of the text. */
final class Gpt2Files {
    private static final String END_OF_TEXT = "<|endoftext|>";

    private Gpt2Files() {}

    static JsonNode tokenizerJson(Path vocabulary, Path merges) {
        JsonNode ids = JsonFiles.readObject(vocabulary);
        JsonNode end = ids.path(END_OF_TEXT);
        if (!end.isInt()) {
            throw SaveException.user(
                    vocabulary + " has no token " + END_OF_TEXT + "; it is not the vocabulary of GPT-2");
        }
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("version", "1.0");
        root.putArray("added_tokens")
                .addObject()
                .put("id", end.intValue())
                .put("content", END_OF_TEXT)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", true);
        root.putObject("pre_tokenizer")
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", true);
        root.putObject("decoder")
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", true);
        ObjectNode model = root.putObject("model").put("type", "BPE");
        model.set("vocab", ids);
        ArrayNode list = model.putArray("merges");
        new String(JsonFiles.bytes(merges), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.startsWith("#version") && !line.isBlank())
                .forEach(list::add);
        return root;
    }

    /** The special tokens, which the two files do not name. */
    static JsonNode config() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("tokenizer_class", "GPT2Tokenizer")
                .put("bos_token", END_OF_TEXT)
                .put("eos_token", END_OF_TEXT);
    }
}
