package dev.save4j.chat;

import dev.save4j.SaveException;
import dev.save4j.tokenizers.JsonFiles;
import dev.save4j.tokenizers.Tokenizers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Finds the chat template of a model folder. */
public final class ChatTemplates {
    private static final String DEFAULT = "default";
    private static final String JINJA = "chat_template.jinja";
    private static final String JSON = "chat_template.json";
    private static final List<String> SPECIAL_TOKENS =
            List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

    private ChatTemplates() {}

    /**
     * The template of a folder in the order of Transformers: {@code chat_template.jinja}, {@code chat_template.json}, then
     * {@code tokenizer_config.json}, where a list of named templates gives the one called {@code default}; empty when there is none. The special
     * tokens of {@code special_tokens_map.json} and {@code tokenizer_config.json}, texts or objects with {@code content}, are its variables.
     */
    public static Optional<ChatTemplate> ofFolder(Path folder) {
        return named(folder, DEFAULT);
    }

    /** {@link #ofFolder} for another of several templates, such as {@code tool_use}. */
    public static Optional<ChatTemplate> named(Path folder, String name) {
        Path config = folder.resolve(Tokenizers.CONFIG);
        Map<String, Object> tokens = specialTokens(folder);
        Path own = folder.resolve(name.equals(DEFAULT) ? JINJA : "additional_chat_templates/" + name + ".jinja");
        if (Files.isRegularFile(own)) {
            return Optional.of(ofFile(own).withVariables(tokens));
        }
        for (Path file : List.of(folder.resolve(JSON), config)) {
            if (Files.isRegularFile(file)) {
                Optional<ChatTemplate> found = ofNode(JsonFiles.readObject(file).path("chat_template"), name, file);
                if (found.isPresent()) {
                    return found.map(template -> template.withVariables(tokens));
                }
            }
        }
        return Optional.empty();
    }

    /** The template in a file of its own, without any special token. */
    public static ChatTemplate ofFile(Path file) {
        try {
            return ChatTemplate.parse(Files.readString(file, StandardCharsets.UTF_8), file.toString());
        } catch (IOException failed) {
            throw SaveException.user("cannot read the chat template " + file + ": " + failed, failed);
        }
    }

    /** The template in a file of its own, with the special tokens of a model folder as its variables. */
    public static ChatTemplate ofFile(Path file, Path folder) {
        return ofFile(file).withVariables(specialTokens(folder));
    }

    private static Optional<ChatTemplate> ofNode(JsonNode node, String name, Path file) {
        if (node.isString()) {
            return name.equals(DEFAULT)
                    ? Optional.of(ChatTemplate.parse(node.stringValue(), file.toString()))
                    : Optional.empty();
        }
        if (!node.isMissingNode() && !node.isNull() && !node.isArray()) {
            throw SaveException.user(file + ": chat_template is " + node.getNodeType()
                    + "; expected a text, or a list of objects with name and template");
        }
        for (JsonNode entry : node) {
            if (entry.path("name").asString("").equals(name)) {
                return Optional.of(
                        ChatTemplate.parse(entry.path("template").asString(""), file + ", template " + name));
            }
        }
        return Optional.empty();
    }

    private static Map<String, Object> specialTokens(Path folder) {
        Map<String, Object> tokens = new LinkedHashMap<>();
        for (String name : List.of("special_tokens_map.json", Tokenizers.CONFIG)) {
            Path file = folder.resolve(name);
            if (Files.isRegularFile(file)) {
                specialTokens(JsonFiles.readObject(file), tokens);
            }
        }
        return tokens;
    }

    private static void specialTokens(JsonNode config, Map<String, Object> tokens) {
        for (String token : SPECIAL_TOKENS) {
            JsonNode value = config.path(token);
            String text = value.isObject() ? value.path("content").asString("") : value.asString("");
            if (!text.isEmpty()) {
                tokens.put(token, text);
            }
        }
    }
}
