package dev.save4j.data;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;

/** Turns rows of one {@link PromptShape} into prompts. */
final class PromptParser implements RowShape<Prompt> {
    private final PromptShape shape;

    PromptParser(PromptShape shape) {
        this.shape = shape;
    }

    @Override
    public String title() {
        return shape.title();
    }

    @Override
    public Prompt parse(JsonNode row) throws BadRowException {
        Passage passage = passage(row);
        if (passage.isEmpty() || passage.text().isBlank()) {
            throw new BadRowException("the prompt is empty");
        }
        Map<String, String> fields = new LinkedHashMap<>();
        row.properties().forEach(entry -> {
            JsonNode value = entry.getValue();
            if (!value.isNull() && !entry.getKey().equals(shape.column())) {
                fields.put(entry.getKey(), value.isString() ? value.stringValue() : value.toString());
            }
        });
        return new Prompt(passage, fields);
    }

    private Passage passage(JsonNode row) throws BadRowException {
        if (shape == PromptShape.STRINGS) {
            if (!row.isString()) {
                throw new BadRowException("the row is " + Nodes.kind(row) + ", expected a string");
            }
            return new PlainText(row.stringValue());
        }
        if (!row.isObject()) {
            throw new BadRowException("the row is " + Nodes.kind(row) + ", expected an object");
        }
        return switch (shape) {
            case PROMPT -> Nodes.passage(row, "prompt");
            case MESSAGES, CONVERSATIONS ->
                withoutAnswer(Nodes.conversation(Nodes.required(row, shape.column()), shape.column()));
            case QUESTION -> new PlainText(Nodes.text(row, "question"));
            case TURNS -> firstTurn(Nodes.required(row, "turns"));
            case STRINGS -> throw new IllegalStateException("handled above");
        };
    }

    private static Conversation withoutAnswer(Conversation conversation) {
        int end = conversation.messages().size();
        while (end > 0 && conversation.messages().get(end - 1).role().equals("assistant")) {
            end--;
        }
        return conversation.first(end);
    }

    private static Passage firstTurn(JsonNode turns) throws BadRowException {
        if (!turns.isArray() || turns.isEmpty() || !turns.get(0).isString()) {
            throw new BadRowException(
                    "column turns is " + Nodes.kind(turns) + ", expected a list that begins with text");
        }
        return new PlainText(turns.get(0).stringValue());
    }

    @Override
    public boolean isTie(Prompt value) {
        return false;
    }

    @Override
    public boolean hasEmptyAnswer(Prompt value) {
        return false;
    }

    @Override
    public long fingerprint(Prompt value) {
        return PreferenceParser.fingerprint(0x9a0b3L, value.passage());
    }

    @Override
    public OptionalDouble scoreDifference(JsonNode row) {
        return OptionalDouble.empty();
    }
}
