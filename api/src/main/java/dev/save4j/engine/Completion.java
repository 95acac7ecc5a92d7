package dev.save4j.engine;

/**
 * One sampled answer.
 *
 * @param tokens sampled ids, the stop token included when there was one
 * @param logProbs natural log-probability of each token at the sampling temperature, over the whole vocabulary
 */
public record Completion(int[] tokens, float[] logProbs, FinishReason finish) {
    /** Why sampling ended. */
    public enum FinishReason {
        /** A stop token was sampled. */
        STOP,
        /** The limit of new tokens or the end of the context was reached. */
        LENGTH
    }
}
