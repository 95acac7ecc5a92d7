package dev.save4j.loop;

import dev.save4j.SaveException;
import dev.save4j.chat.ChatMessage;
import dev.save4j.chat.ChatTemplate;
import dev.save4j.models.Backbone;
import dev.save4j.run.Experiment;
import dev.save4j.tokenizers.EncodedPair;
import dev.save4j.tokenizers.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
        int[] begin = template.isPresent()
                ? new int[0]
                : tokenizer.beginOfText().stream().toArray();
        int[] words =
                tokenizer.encode(template.map(form -> opened(form, prompt)).orElse(prompt), false);
        // One place is kept for an answer.
        int room = maxLength - 1 - begin.length;
        if (room < 1) {
            throw SaveException.user("reward.max_length " + maxLength + " leaves no room for a prompt; raise it");
        }
        return joined(
                begin, words.length > room ? Arrays.copyOfRange(words, words.length - room, words.length) : words);
    }

    /** @param finished whether the answer ended by itself */
    RewardInput answer(String prompt, String answer, boolean finished) {
        if (!causal) {
            EncodedPair pair = tokenizer.encodePair(prompt, answer, maxLength);
            return new RewardInput(pair.ids(), 0, pair.truncated());
        }
        int[] start = prompt(prompt);
        boolean ends = finished && template.isEmpty();
        int[] end = ends ? tokenizer.endOfText().stream().toArray() : new int[0];
        String said = template.map(form -> closed(form, prompt, answer)).orElse(answer);
        int[] full = joined(tokenizer.encode(said, false), end);
        int room = maxLength - start.length;
        boolean cut = full.length > room;
        return new RewardInput(joined(start, cut ? Arrays.copyOf(full, room) : full), start.length, cut);
    }

    private static String opened(ChatTemplate template, String prompt) {
        return template.render(List.of(new ChatMessage("user", prompt)), true, Map.of());
    }

    /** What the template puts after the prompt, from the answer to the end of its turn. */
    private static String closed(ChatTemplate template, String prompt, String answer) {
        String opened = opened(template, prompt);
        String whole = template.render(
                List.of(new ChatMessage("user", prompt), new ChatMessage("assistant", answer)), false, Map.of());
        if (!whole.startsWith(opened)) {
            throw SaveException.user(
                    "the chat template " + template.name() + " writes a prompt in another way once it is"
                            + " answered, so that prompt and answer cannot be told apart; use a template that only appends");
        }
        return whole.substring(opened.length());
    }

    private static int[] joined(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
    }
}
