package dev.save4j.data;

import dev.save4j.SaveException;
import java.util.List;
import java.util.OptionalDouble;

/**
 * A prompt with a better and a worse answer.
 *
 * @param prompt what was asked; empty when the set has none
 * @param chosen the better answer, without the prompt
 * @param rejected the worse answer, without the prompt
 * @param margin by how much the chosen answer is better, subtracted from the score difference in the Bradley-Terry loss; finite
 */
public record Preference(Passage prompt, Passage chosen, Passage rejected, OptionalDouble margin) {
    public Preference {
        if (margin.isPresent() && !Double.isFinite(margin.getAsDouble())) {
            throw SaveException.user("The margin of a preference must be finite, but is " + margin.getAsDouble());
        }
    }

    /** A plain-text pair without margin. */
    public static Preference of(String prompt, String chosen, String rejected) {
        return new Preference(
                new PlainText(prompt), new PlainText(chosen), new PlainText(rejected), OptionalDouble.empty());
    }

    /** The prompt as text, see {@link Passage#text()}. */
    public String promptText() {
        return prompt.text();
    }

    /** The chosen answer as text; for plain sets {@code promptText() + chosenText()} is the whole transcript. */
    public String chosenText() {
        return chosen.text();
    }

    /** The rejected answer as text. */
    public String rejectedText() {
        return rejected.text();
    }

    /**
     * The same with roles, for a chat template: an HH transcript becomes its turns, any other plain prompt one turn of the user, a plain
     * answer one turn of the assistant without white space around it. Conversations stay as they are.
     */
    public Preference conversational() {
        return new Preference(asked(prompt), answered(chosen), answered(rejected), margin);
    }

    private static Passage asked(Passage prompt) {
        if (!(prompt instanceof PlainText plain)) {
            return prompt;
        }
        return Transcript.matches(plain.text())
                ? Transcript.conversation(plain.text())
                : new Conversation(List.of(Message.user(plain.text())));
    }

    private static Passage answered(Passage answer) {
        return answer instanceof PlainText plain
                ? new Conversation(List.of(Message.assistant(plain.text().strip())))
                : answer;
    }

    /** Whether both answers are the same, so that the label says nothing. */
    public boolean isTie() {
        return chosen.equals(rejected);
    }
}
