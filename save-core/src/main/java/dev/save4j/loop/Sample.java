package dev.save4j.loop;

/**
 * One line of {@code samples.jsonl}: an answer of the first prompt of a step, as it was graded before the reward model's update.
 *
 * @param advantage against the anchor of SAVE
 * @param label 1 raised, −1 lowered, 0 dropped
 * @param gold by the judge, NaN without one
 */
public record Sample(
        int step,
        String prompt,
        String answer,
        String finish,
        double reward,
        double value,
        double advantage,
        int label,
        double gold) {}
