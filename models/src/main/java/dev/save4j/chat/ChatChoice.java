package dev.save4j.chat;

import dev.save4j.SaveException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Which chat template the texts for a model get, as a user says it: {@code auto}, {@code none}, {@code model}, or a file. Immutable. */
public final class ChatChoice {
    private static final String AUTO_WORD = "auto";
    private static final String NONE_WORD = "none";
    private static final String MODEL_WORD = "model";

    /** The template of the model's folder where it has one. */
    public static final ChatChoice AUTO = new ChatChoice(AUTO_WORD);

    /** No template: the texts as they are. */
    public static final ChatChoice NONE = new ChatChoice(NONE_WORD);

    private final String word;

    private ChatChoice(String word) {
        this.word = word;
    }

    /** What a user wrote; a USER error when it is neither one of the words nor a file. */
    public static ChatChoice parse(String text) {
        ChatChoice choice = new ChatChoice(text);
        if (choice.isFile() && !Files.isRegularFile(Path.of(text))) {
            throw SaveException.user("'" + text + "' is no chat template: expected " + AUTO_WORD
                    + " (the model's own if" + " it has one), " + MODEL_WORD + " (the model's own), " + NONE_WORD
                    + ", or a file of Jinja");
        }
        return choice;
    }

    /** Whether the user leaves it to the model. */
    public boolean isAuto() {
        return word.equals(AUTO_WORD);
    }

    /** Whether the answer depends on the folder of the model. */
    public boolean needsFolder() {
        return isAuto() || word.equals(MODEL_WORD);
    }

    private boolean isFile() {
        return !needsFolder() && !word.equals(NONE_WORD);
    }

    /**
     * The template for the model in a folder, with the special tokens of the folder as variables.
     *
     * @throws SaveException USER when the model's own is asked for and it has none
     */
    public Optional<ChatTemplate> of(Path folder) {
        if (word.equals(NONE_WORD)) {
            return Optional.empty();
        }
        if (isFile()) {
            return Optional.of(ChatTemplates.ofFile(Path.of(word), folder));
        }
        Optional<ChatTemplate> own = ChatTemplates.ofFolder(folder);
        if (own.isEmpty() && !isAuto()) {
            throw SaveException.user("the folder " + folder + " has no chat template, but one is asked for; expected"
                    + " chat_template.jinja, chat_template.json or \"chat_template\" in tokenizer_config.json");
        }
        return own;
    }

    @Override
    public String toString() {
        return word;
    }
}
