package dev.save4j.lab;

import dev.save4j.SaveException;

/**
 * How much of everything a {@link TaleDataset} has.
 *
 * @param supervised tales to train the first policy on
 * @param preferences labelled pairs to train the proxy reward model on
 * @param heldOut pairs labelled by gold without noise, to measure a reward model with
 * @param trainingPrompts prompts to roll out from
 * @param evaluationPrompts prompts to evaluate a policy on, none of them among those of the other sets but the held-out pairs
 */
public record TaleSizes(int supervised, int preferences, int heldOut, int trainingPrompts, int evaluationPrompts) {
    public TaleSizes {
        if (supervised < 0 || preferences < 0 || heldOut < 0 || trainingPrompts < 0 || evaluationPrompts < 0) {
            throw SaveException.user("The sizes of a tale data set must not be negative, but are " + supervised + ", "
                    + preferences + ", " + heldOut + ", " + trainingPrompts + ", " + evaluationPrompts);
        }
    }

    /** Sizes at which over-optimisation shows: few labels, many clean held-out pairs, 64 prompts to evaluate on. */
    public static TaleSizes defaults() {
        return new TaleSizes(20_000, 300, 1_000, 2_000, 64);
    }
}
