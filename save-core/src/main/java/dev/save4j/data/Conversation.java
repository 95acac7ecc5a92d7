package dev.save4j.data;

import java.util.List;
import java.util.stream.Collectors;

/** A list of messages, oldest first. */
public record Conversation(List<Message> messages) implements Passage {
    public Conversation {
        messages = List.copyOf(messages);
    }

    @Override
    public String text() {
        if (messages.size() == 1) {
            return messages.get(0).content();
        }
        return messages.stream()
                .map(message -> message.role() + ": " + message.content())
                .collect(Collectors.joining("\n"));
    }

    @Override
    public boolean isEmpty() {
        return messages.stream().allMatch(message -> message.content().isEmpty());
    }

    /** The number of leading messages that both conversations share. */
    int commonPrefix(Conversation other) {
        int limit = Math.min(messages.size(), other.messages.size());
        int index = 0;
        while (index < limit && messages.get(index).equals(other.messages.get(index))) {
            index++;
        }
        return index;
    }

    Conversation first(int count) {
        return new Conversation(messages.subList(0, count));
    }

    Conversation from(int start) {
        return new Conversation(messages.subList(start, messages.size()));
    }
}
