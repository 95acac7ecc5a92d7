package dev.save4j.run;

/**
 * A held-out pair as a reward model scores it.
 *
 * @param pair its number in the set, from 1
 * @param chosen score of the chosen answer
 * @param rejected score of the rejected answer
 * @param chosenLength code points of the chosen answer
 * @param rejectedLength code points of the rejected answer
 */
public record ScoredPair(int pair, double chosen, double rejected, int chosenLength, int rejectedLength) {
    /** Chosen minus rejected: positive when the pair is ordered as labelled. */
    public double margin() {
        return chosen - rejected;
    }

    static ScoredPair read(RunLines.Line line) {
        return new ScoredPair(
                line.whole("pair"),
                line.number("chosen_score"),
                line.number("rejected_score"),
                line.whole("chosen_length"),
                line.whole("rejected_length"));
    }
}
