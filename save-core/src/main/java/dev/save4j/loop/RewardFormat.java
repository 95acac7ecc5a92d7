package dev.save4j.loop;

import dev.save4j.SaveException;
import dev.save4j.chat.ChatMessage;
import dev.save4j.chat.ChatTemplate;
import dev.save4j.data.Conversation;
import dev.save4j.data.Passage;
import dev.save4j.data.PlainText;
import dev.save4j.models.Backbone;
import dev.save4j.run.Experiment;
import dev.save4j.tokenizers.EncodedPair;
import dev.save4j.tokenizers.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a reward model reads prompts and answers: {@code [begin] prompt answer [end]} for a causal backbone, the tokenizer's form of a pair for an
 * encoder. Special tokens that the tokenizer does not have are left out. An answer that was cut off by the limit of tokens has no end token, so that
 * a causal model can tell. What is too long for a causal model loses the end of the answer first, then the beginning of the prompt; an encoder's
 * tokenizer cuts the longer text first.
 */
final class RewardFormat {
    private final Tokenizer tokenizer;
    private final boolean causal;
    private final int maxLength;
    private final Optional<ChatTemplate> template;

    RewardFormat(Tokenizer tokenizer, boolean causal, int maxLength) {
        this(tokenizer, causal, maxLength, Optional.empty());
    }

    /**
     * @param template makes prompt and answer a turn of the user and one of the assistant; the special tokens are then the template's and the
     *     tokenizer adds none
     */
    RewardFormat(Tokenizer tokenizer, boolean causal, int maxLength, Optional<ChatTemplate> template) {
        if (template.isPresent() && !causal) {
            throw SaveException.user("the chat template " + template.get().name()
                    + " is of no use to an encoder, which reads prompt and answer as a pair; leave it out");
        }
        this.template = template;
        this.tokenizer = tokenizer;
        this.causal = causal;
        this.maxLength = maxLength;
    }

    /** How the reward model of a run reads. */
    static RewardFormat of(LoopModels models, Experiment experiment) {
        Backbone backbone = models.reward().backbone();
        return new RewardFormat(
                models.rewardTokenizer(),
                backbone.causal(),
                Math.min(experiment.reward().maxLength(), backbone.maxLength()));
    }

    /** The prompt alone, for the value. */
    int[] prompt(String prompt) {
        if (!causal) {
            return tokenizer.encode(prompt, maxLength).ids();
        }
        return template.isPresent()
                ? fitted(tokenizer.encode(opened(template.get(), new PlainText(prompt), true), false))
                : plain(prompt);
    }

    private int[] plain(String prompt) {
        int[] begin = tokenizer.beginOfText().stream().toArray();
        int[] words = tokenizer.encode(prompt, false);
        int room = roomOfPrompt(begin.length);
        return joined(
                begin, words.length > room ? Arrays.copyOfRange(words, words.length - room, words.length) : words);
    }

    private int[] fitted(int[] prompt) {
        int room = roomOfPrompt(0);
        return prompt.length > room ? Arrays.copyOfRange(prompt, prompt.length - room, prompt.length) : prompt;
    }

    /** One place is kept for an answer. */
    private int roomOfPrompt(int taken) {
        int room = maxLength - 1 - taken;
        if (room < 1) {
            throw SaveException.user(
                    "a length of at most " + maxLength
                            + " tokens leaves no room for a prompt and its answer; raise it (reward.max_length or --max-length)");
        }
        return room;
    }

    /** @param finished whether the answer ended by itself */
    RewardInput answer(String prompt, String answer, boolean finished) {
        return answer(new PlainText(prompt), answer, finished);
    }

    /**
     * The same for a prompt of several turns, which a template renders as such.
     *
     * @param finished whether the answer ended by itself
     */
    RewardInput answer(Passage prompt, String answer, boolean finished) {
        if (!causal) {
            EncodedPair pair = tokenizer.encodePair(prompt.text(), answer, maxLength);
            return new RewardInput(pair.ids(), pair.tokenTypeIds(), 0, pair.truncated());
        }
        if (template.isPresent()) {
            return turns(template.get(), prompt, answer);
        }
        int[] end = finished ? tokenizer.endOfText().stream().toArray() : new int[0];
        return parts(plain(prompt.text()), joined(tokenizer.encode(answer, false), end));
    }

    private RewardInput parts(int[] start, int[] full) {
        int room = maxLength - start.length;
        boolean cut = full.length > room;
        return new RewardInput(joined(start, cut ? Arrays.copyOf(full, room) : full), start.length, cut);
    }

    /** What fits is encoded in one piece, because that is what the model was trained on. */
    private RewardInput turns(ChatTemplate form, Passage prompt, String answer) {
        List<ChatMessage> messages = messages(prompt);
        messages.add(new ChatMessage("assistant", answer));
        String whole = form.render(messages, false, Map.of());
        String opened = opened(form, prompt, true);
        if (!whole.startsWith(opened)) {
            // Some templates ask for an answer with words that they do not keep, such as an opened thought.
            opened = opened(form, prompt, false);
        }
        if (!whole.startsWith(opened)) {
            throw SaveException.user("the chat template " + form.name() + " writes a prompt in another way once it is"
                    + " answered, so that prompt and answer cannot be told apart; use a template that only appends");
        }
        int[] start = tokenizer.encode(opened, false);
        int[] ids = tokenizer.encode(whole, false);
        return ids.length <= maxLength
                ? new RewardInput(ids, Math.min(start.length, ids.length), false)
                : parts(fitted(start), tokenizer.encode(whole.substring(opened.length()), false));
    }

    private static String opened(ChatTemplate template, Passage prompt, boolean askForAnswer) {
        return template.render(messages(prompt), askForAnswer, Map.of());
    }

    private static List<ChatMessage> messages(Passage prompt) {
        List<ChatMessage> messages = new ArrayList<>();
        if (prompt instanceof Conversation turns) {
            turns.messages().forEach(turn -> messages.add(new ChatMessage(turn.role(), turn.content())));
        } else {
            messages.add(new ChatMessage("user", prompt.text()));
        }
        return messages;
    }

    /** A USER error when a text would begin twice, or when the template drops a part of what is said: found before anything is scored. */
    void check() {
        if (!causal) {
            return;
        }
        int[] start = template.map(form -> tokenizer.encode(beforePrompt(form), false))
                .orElseGet(() -> joined(tokenizer.beginOfText().stream().toArray(), tokenizer.encode("", false)));
        OptionalInt begin = tokenizer.beginOfText();
        if (begin.isPresent() && start.length > 1 && start[0] == begin.getAsInt() && start[1] == begin.getAsInt()) {
            throw SaveException.user("a text would begin twice: the token " + begin.getAsInt()
                    + " of the beginning comes from the tokenizer and from "
                    + template.map(form -> "the chat template " + form.name()).orElse("the form of reward models")
                    + "; remove it from the post-processor in tokenizer.json"
                    + (template.isPresent() ? " or from the template" : ""));
        }
    }

    /** The words of the trial are left out of what is encoded: a tokenizer of a closed list need not have them. */
    private static String beforePrompt(ChatTemplate form) {
        String whole = form.render(
                List.of(new ChatMessage("user", "question"), new ChatMessage("assistant", "reply")), false, Map.of());
        if (!whole.contains("question") || !whole.contains("reply")) {
            throw SaveException.user("the chat template " + form.name()
                    + " drops the prompt or the answer: the prompt 'question' with the answer 'reply' becomes '" + whole
                    + "'");
        }
        return whole.substring(0, whole.indexOf("question"));
    }

    private static int[] joined(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
    }
}
