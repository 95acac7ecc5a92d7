package dev.save4j.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** Texts and messages out of JSON trees; whatever else is there makes a bad row that says what. */
final class Nodes {
    private Nodes() {}

    static JsonNode required(JsonNode row, String column) throws BadRowException {
        JsonNode value = row.get(column);
        if (value == null) {
            throw new BadRowException("column " + column + " is missing");
        }
        if (value.isNull()) {
            throw new BadRowException("column " + column + " is null");
        }
        return value;
    }

    static boolean present(JsonNode row, String column) {
        JsonNode value = row.get(column);
        return value != null && !value.isNull();
    }

    static String text(JsonNode row, String column) throws BadRowException {
        JsonNode value = required(row, column);
        if (!value.isString()) {
            throw new BadRowException("column " + column + " is " + kind(value) + ", expected text");
        }
        return value.stringValue();
    }

    /** Text, or a list of messages. */
    static Passage passage(JsonNode row, String column) throws BadRowException {
        JsonNode value = required(row, column);
        return value.isString() ? new PlainText(value.stringValue()) : conversation(value, column);
    }

    static Conversation conversation(JsonNode value, String column) throws BadRowException {
        if (!value.isArray()) {
            throw new BadRowException("column " + column + " is " + kind(value) + ", expected a list of messages");
        }
        List<Message> messages = new ArrayList<>(value.size());
        for (int i = 0; i < value.size(); i++) {
            messages.add(message(value.get(i), column + "[" + i + "]"));
        }
        return new Conversation(messages);
    }

    /** A message as {@code role, content}, or as {@code from, value} with ShareGPT's names of the speakers. */
    static Message message(JsonNode node, String place) throws BadRowException {
        if (!node.isObject()) {
            throw new BadRowException(place + " is " + kind(node) + ", expected a message with role and content");
        }
        if (node.has("role")) {
            return new Message(role(node, "role", place), content(node, "content", place));
        }
        if (node.has("from")) {
            return new Message(speaker(role(node, "from", place)), content(node, "value", place));
        }
        throw new BadRowException(place + " has neither role and content nor from and value");
    }

    private static String role(JsonNode node, String key, String place) throws BadRowException {
        JsonNode role = node.path(key);
        if (!role.isString() || role.stringValue().isBlank()) {
            throw new BadRowException(place + "." + key + " is " + kind(role) + ", expected a role such as user");
        }
        return role.stringValue();
    }

    private static String speaker(String from) {
        return switch (from.toLowerCase(Locale.ROOT)) {
            case "human" -> "user";
            case "gpt", "function_call" -> "assistant";
            case "observation" -> "tool";
            default -> from;
        };
    }

    /** Content as text, or as a list of parts that are all text. */
    private static String content(JsonNode node, String key, String place) throws BadRowException {
        JsonNode content = node.path(key);
        if (content.isString()) {
            return content.stringValue();
        }
        if (!content.isArray()) {
            throw new BadRowException(place + "." + key + " is " + kind(content) + ", expected text");
        }
        StringBuilder joined = new StringBuilder();
        for (JsonNode part : content) {
            if (!part.path("text").isString()) {
                throw new BadRowException(place + "." + key + " has a part that is not text");
            }
            joined.append(part.path("text").stringValue());
        }
        return joined.toString();
    }

    static String kind(JsonNode value) {
        if (value.isMissingNode()) {
            return "missing";
        }
        if (value.isNull()) {
            return "null";
        }
        if (value.isString()) {
            return value.stringValue().isBlank() ? "blank text" : "text";
        }
        if (value.isArray()) {
            return "a list";
        }
        if (value.isObject()) {
            return "an object";
        }
        return value.isNumber() ? "a number" : "a boolean";
    }
}
