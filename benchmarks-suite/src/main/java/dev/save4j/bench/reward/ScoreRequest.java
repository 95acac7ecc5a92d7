package dev.save4j.bench.reward;

import dev.save4j.data.Conversation;
import dev.save4j.data.Message;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What a scorer is asked: how good is this response to this prompt? */
public record ScoreRequest(Conversation prompt, String response) {
    /** The prompt without a chat template, see {@link Conversation#text()}. */
    public String promptText() {
        return prompt.text();
    }

    /** A hash of roles, prompt and response, equal for equal requests alone. */
    public String key() {
        MessageDigest digest = sha256();
        for (Message message : prompt.messages()) {
            add(digest, message.role());
            add(digest, message.content());
        }
        add(digest, response);
        return HexFormat.of().formatHex(digest.digest());
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }

    /** The length goes first, so that "a", "bc" and "ab", "c" differ. */
    static void add(MessageDigest digest, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
        digest.update(bytes);
    }
}
