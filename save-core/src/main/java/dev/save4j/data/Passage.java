package dev.save4j.data;

/**
 * A prompt or an answer as the data set holds it: plain text stays plain text, a conversation keeps its roles, so that a chat template
 * can render the latter and nothing is wrapped around the former.
 */
public sealed interface Passage permits PlainText, Conversation {
    /**
     * The passage as text without a chat template: plain text as it is; the bare content of a single message; {@code role: content}
     * lines for several messages.
     */
    String text();

    /** Whether there is nothing in it: empty text, no message, or only messages without content. */
    boolean isEmpty();
}
