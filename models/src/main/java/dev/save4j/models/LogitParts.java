package dev.save4j.models;

/** How much of the logits of a run is in memory at once, when only the log-probabilities of given tokens are wanted of them. */
public record LogitParts(int vocabulary) {
    /** Logits of one sequence, 64 MB, unless the vocabulary is very large. */
    private static final int OF_SEQUENCE = 1 << 24;

    /** Logits of all sequences of a run, 256 MB, unless there is but one. */
    private static final long OF_RUN = 1L << 26;

    private static final int SHORTEST_PART = 64;

    /** Positions of a sequence at most. */
    public int positions() {
        return Math.max(SHORTEST_PART, Math.min(Attention.PART, OF_SEQUENCE / vocabulary));
    }

    /** The most sequences of up to so many tokens that belong in one run. */
    public int rows(int length) {
        return (int) Math.max(1, OF_RUN / ((long) Math.min(length, positions()) * vocabulary));
    }
}
