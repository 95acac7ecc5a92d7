package dev.save4j.data;

import java.util.ArrayList;
import java.util.List;

/** Dialogues in the notation of Anthropic's HH sets, {@code "\n\nHuman: …\n\nAssistant: …"}. */
final class Transcript {
    static final String HUMAN = "\n\nHuman:";
    static final String ASSISTANT = "\n\nAssistant:";

    private Transcript() {}

    /** Whether a text is such a dialogue. */
    static boolean matches(String text) {
        return text.startsWith(HUMAN) && text.contains(ASSISTANT);
    }

    /** The turns, white space around them removed; an empty last turn of the assistant, which only asks for an answer, is left out. */
    static Conversation conversation(String text) {
        List<Message> messages = new ArrayList<>();
        int start = 0;
        while (start < text.length()) {
            boolean human = text.startsWith(HUMAN, start);
            int content = start + (human ? HUMAN : ASSISTANT).length();
            int end = next(text, content);
            String said = text.substring(content, end).strip();
            if (human) {
                messages.add(Message.user(said));
            } else if (end < text.length() || !said.isEmpty()) {
                messages.add(Message.assistant(said));
            }
            start = end;
        }
        return new Conversation(messages);
    }

    private static int next(String text, int from) {
        int human = text.indexOf(HUMAN, from);
        int assistant = text.indexOf(ASSISTANT, from);
        int end = text.length();
        if (human >= 0) {
            end = human;
        }
        return assistant >= 0 ? Math.min(end, assistant) : end;
    }
}
