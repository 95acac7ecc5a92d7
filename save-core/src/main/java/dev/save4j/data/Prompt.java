package dev.save4j.data;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Something to ask a policy.
 *
 * @param passage the prompt itself
 * @param fields the other columns of its row in their order, for example {@code answer} or {@code category}: strings as they are, anything
 *     else as JSON text, absent values left out
 */
public record Prompt(Passage passage, Map<String, String> fields) {
    public Prompt {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    public static Prompt of(String text) {
        return new Prompt(new PlainText(text), Map.of());
    }

    /** The prompt as text, see {@link Passage#text()}. */
    public String text() {
        return passage.text();
    }
}
