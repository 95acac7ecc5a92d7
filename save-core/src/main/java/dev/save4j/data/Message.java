package dev.save4j.data;

import dev.save4j.SaveException;

/**
 * One turn of a conversation.
 *
 * @param role who speaks: {@code system}, {@code user}, {@code assistant}, {@code tool}, or what else a chat template knows; not blank
 * @param content what is said, possibly empty
 */
public record Message(String role, String content) {
    public Message {
        if (role.isBlank()) {
            throw SaveException.user("A message needs a role such as user or assistant, but its role is blank");
        }
    }

    public static Message user(String content) {
        return new Message("user", content);
    }

    public static Message assistant(String content) {
        return new Message("assistant", content);
    }
}
