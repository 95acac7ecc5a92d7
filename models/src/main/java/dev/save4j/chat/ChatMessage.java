package dev.save4j.chat;

import dev.save4j.SaveException;

/**
 * One turn of a conversation as chat templates know it.
 *
 * @param role who speaks, such as {@code system}, {@code user} or {@code assistant}; not blank
 * @param content what is said, possibly empty
 */
public record ChatMessage(String role, String content) {
    public ChatMessage {
        if (role.isBlank()) {
            throw SaveException.user("a message needs a role such as user or assistant, but its role is blank");
        }
    }
}
