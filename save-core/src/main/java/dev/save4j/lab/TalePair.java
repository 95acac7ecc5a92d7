package dev.save4j.lab;

import dev.save4j.data.Preference;

/**
 * Two tales for one prompt with a label.
 *
 * @param chosen the tale that the label prefers
 * @param rejected the other
 */
public record TalePair(TalePrompt prompt, Tale chosen, Tale rejected) {
    /** Gold reward of the chosen tale less that of the rejected one; negative when the label is wrong. */
    public double goldGap() {
        return GoldReward.score(chosen) - GoldReward.score(rejected);
    }

    /** Whether the label contradicts the gold reward. */
    public boolean isMislabelled() {
        return goldGap() < 0;
    }

    /** The pair as plain text; prompt and answers are words joined by spaces, each answer begins with one. */
    public Preference preference() {
        return Preference.of(prompt.text(), ' ' + chosen.text(), ' ' + rejected.text());
    }
}
