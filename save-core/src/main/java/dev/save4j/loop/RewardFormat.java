package dev.save4j.loop;

import dev.save4j.SaveException;
import dev.save4j.models.Backbone;
import dev.save4j.run.Experiment;
import dev.save4j.tokenizers.Tokenizer;
import java.util.Arrays;

/**
 * How a reward model reads prompts and answers: {@code [begin] prompt answer [end]} for a causal backbone, {@code [CLS] prompt [SEP] answer [SEP]}
 * for an encoder. Special tokens that the tokenizer does not have are left out. An answer that was cut off by the limit of tokens has no end token,
 * so that the model can tell. What is too long for the model loses the end of the answer first, then the beginning of the prompt.
 */
final class RewardFormat {
    private final Tokenizer tokenizer;
    private final boolean causal;
    private final int maxLength;

    RewardFormat(Tokenizer tokenizer, boolean causal, int maxLength) {
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
        int[] begin = tokenizer.beginOfText().stream().toArray();
        int[] separator = causal ? new int[0] : tokenizer.endOfText().stream().toArray();
        int[] words = tokenizer.encode(prompt, false);
        // One place is kept for an answer.
        int room = maxLength - 1 - begin.length - separator.length;
        if (room < 1) {
            throw SaveException.user("reward.max_length " + maxLength + " leaves no room for a prompt; raise it");
        }
        return joined(
                begin,
                words.length > room ? Arrays.copyOfRange(words, words.length - room, words.length) : words,
                separator);
    }

    /** @param finished whether the answer ended by itself */
    RewardInput answer(String prompt, String answer, boolean finished) {
        int[] start = prompt(prompt);
        int[] end = finished ? tokenizer.endOfText().stream().toArray() : new int[0];
        int[] words = tokenizer.encode(answer, false);
        int room = maxLength - start.length;
        int[] full = joined(words, end);
        boolean cut = full.length > room;
        return new RewardInput(joined(start, cut ? Arrays.copyOf(full, room) : full), start.length, cut);
    }

    private static int[] joined(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
    }
}
