package dev.save4j.loop;

/**
 * A prompt with an answer, as a reward model reads it.
 *
 * @param ids prompt and answer
 * @param promptLength tokens of the prompt at the start of {@code ids}; 0 for an encoder, which has no such place
 * @param cut whether the answer had to be shortened to the longest sequence of the model
 */
record RewardInput(int[] ids, int promptLength, boolean cut) {}
