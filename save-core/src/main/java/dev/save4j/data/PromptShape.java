package dev.save4j.data;

import dev.save4j.data.Columns.Kind;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The layouts of prompt sets that are recognised, with the column that holds the prompt. The first that fits is taken. */
public enum PromptShape {
    /** TRL prompt-only, Arena-Hard, IFEval, and any preference set with explicit prompts. */
    PROMPT("prompt column", "prompt (text or list of role and content)", "prompt"),
    /** Conversations; trailing assistant turns are answers and are left off. */
    MESSAGES("messages", "messages (list of role and content)", "messages"),
    /** ShareGPT conversations; trailing answers are left off. */
    CONVERSATIONS("ShareGPT conversations", "conversations (list of from and value)", "conversations"),
    /** GSM8K and other question sets. */
    QUESTION("questions", "question (text)", "question"),
    /** MT-Bench: the first of several user turns. */
    TURNS("MT-Bench turns", "turns (list of text, the first is taken)", "turns"),
    /** Bare strings, such as a JSON array of stories. */
    STRINGS("bare strings", "no columns, each row a string", "");

    private final String title;
    private final String columns;
    private final String column;

    PromptShape(String title, String columns, String column) {
        this.title = title;
        this.columns = columns;
        this.column = column;
    }

    /** What people call it. */
    public String title() {
        return title;
    }

    /** The columns by which it is recognised. */
    public String columns() {
        return columns;
    }

    String column() {
        return column;
    }

    static Optional<PromptShape> detect(Columns columns) {
        if (columns.areStrings()) {
            return Optional.of(STRINGS);
        }
        if (columns.has("prompt", Kind.TEXT) || columns.has("prompt", Kind.LIST)) {
            return Optional.of(PROMPT);
        }
        if (columns.has("messages", Kind.LIST)) {
            return Optional.of(MESSAGES);
        }
        if (columns.has("conversations", Kind.LIST)) {
            return Optional.of(CONVERSATIONS);
        }
        if (columns.has("question", Kind.TEXT)) {
            return Optional.of(QUESTION);
        }
        return columns.has("turns", Kind.LIST) ? Optional.of(TURNS) : Optional.empty();
    }

    static String known() {
        return Arrays.stream(values())
                .map(shape -> "  " + shape.title + ": " + shape.columns)
                .collect(Collectors.joining("\n"));
    }
}
