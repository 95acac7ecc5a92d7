package dev.save4j.engine;

import dev.save4j.SaveException;

/**
 * A prompt to be answered several times.
 *
 * @param prompt token ids, at least one
 * @param completions how many, the size of the group
 * @param seed of this request; completion i draws from a stream that depends on the seed and i alone
 */
public record RolloutRequest(int[] prompt, int completions, long seed) {
    public RolloutRequest {
        prompt = prompt.clone();
        if (prompt.length == 0) {
            throw SaveException.user("a prompt needs at least one token (a begin-of-text token will do)");
        }
        if (completions < 1) {
            throw SaveException.user("a prompt needs at least one completion, not " + completions);
        }
    }
}
