package dev.save4j.loop;

import dev.save4j.SaveException;
import dev.save4j.models.Backbone;
import dev.save4j.run.Experiment;
import dev.save4j.tokenizers.EncodedPair;
import dev.save4j.tokenizers.Tokenizer;
import java.util.Arrays;

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
        if (!causal) {
            return tokenizer.encode(prompt, maxLength).ids();
        }
        int[] begin = tokenizer.beginOfText().stream().toArray();
        int[] words = tokenizer.encode(prompt, false);
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
        int[] end = finished ? tokenizer.endOfText().stream().toArray() : new int[0];
        int[] full = joined(tokenizer.encode(answer, false), end);
        int room = maxLength - start.length;
        boolean cut = full.length > room;
        return new RewardInput(joined(start, cut ? Arrays.copyOf(full, room) : full), start.length, cut);
    }

    private static int[] joined(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
    }
}
