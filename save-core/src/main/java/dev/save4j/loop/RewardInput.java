package dev.save4j.loop;

/**
 * A prompt with an answer, as a reward model reads it.
 *
 * @param ids prompt and answer
 * @param types as many as ids: 0 for the first text of a pair and 1 for the second; zeros where there is no pair
 * @param promptLength tokens of the prompt at the start of {@code ids}; 0 for an encoder, which has no such place
 * @param cut whether the answer had to be shortened to the longest sequence of the model
 */
public record RewardInput(int[] ids, int[] types, int promptLength, boolean cut) {
    /** Without a second text. */
    public RewardInput(int[] ids, int promptLength, boolean cut) {
        this(ids, new int[ids.length], promptLength, cut);
    }
}
