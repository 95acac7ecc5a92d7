package dev.save4j.loop;

/**
 * A labelled pair, as a reward model reads it.
 *
 * @param margin by which chosen should exceed rejected, 0 where none is known
 */
record PairInput(RewardInput chosen, RewardInput rejected, double margin) {}
