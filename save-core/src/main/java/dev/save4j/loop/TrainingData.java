package dev.save4j.loop;

import dev.save4j.SaveException;
import dev.save4j.data.Preference;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * What a run learns from and is measured on.
 *
 * @param demonstrations for supervised fine-tuning
 * @param preferences labelled pairs for reward training and replay
 * @param heldOut labelled pairs that are never trained on
 * @param prompts to roll out from
 * @param evaluationPrompts not among {@code prompts}
 * @param judge the gold reward, in the lab
 * @param notes what was read, for the log and the manifest, one line each
 */
public record TrainingData(
        List<Demonstration> demonstrations,
        List<Preference> preferences,
        List<Preference> heldOut,
        List<String> prompts,
        List<String> evaluationPrompts,
        Optional<Judge> judge,
        List<String> notes) {
    public TrainingData {
        demonstrations = List.copyOf(demonstrations);
        preferences = List.copyOf(preferences);
        heldOut = List.copyOf(heldOut);
        prompts = List.copyOf(prompts);
        evaluationPrompts = List.copyOf(evaluationPrompts);
        notes = List.copyOf(notes);
    }

    /** SHA-256 over all texts in order, as lower-case hexadecimal. */
    public String contentHash() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            demonstrations.forEach(one -> update(digest, one.prompt(), one.answer()));
            preferences.forEach(pair -> update(digest, pair.promptText(), pair.chosenText(), pair.rejectedText()));
            heldOut.forEach(pair -> update(digest, pair.promptText(), pair.chosenText(), pair.rejectedText()));
            prompts.forEach(prompt -> update(digest, prompt));
            evaluationPrompts.forEach(prompt -> update(digest, prompt));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException missing) {
            throw SaveException.internal("this Java has no SHA-256", missing);
        }
    }

    private static void update(MessageDigest digest, String... texts) {
        for (String text : texts) {
            digest.update(text.getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
        }
    }
}
