package dev.save4j.loop;

import dev.save4j.engine.Completion;

/**
 * A sampled answer.
 *
 * @param prompt its text
 * @param promptTokens as the policy read them
 * @param text of the answer, without the stop token
 */
record Answer(String prompt, int[] promptTokens, Completion completion, String text) {
    /** Prompt and answer in the policy's tokens. */
    int[] sequence() {
        int[] sequence = java.util.Arrays.copyOf(promptTokens, promptTokens.length + completion.tokens().length);
        System.arraycopy(completion.tokens(), 0, sequence, promptTokens.length, completion.tokens().length);
        return sequence;
    }

    boolean finished() {
        return completion.finish() == Completion.FinishReason.STOP;
    }
}
