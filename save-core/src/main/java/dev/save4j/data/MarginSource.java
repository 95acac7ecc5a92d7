package dev.save4j.data;

/** Where the margin of a preference comes from. */
public enum MarginSource {
    /** No margin, whatever the columns are. */
    NONE,
    /** The {@code margin} column where a row has one. */
    COLUMN,
    /** {@code score_chosen - score_rejected}, at the top level or inside {@code metadata}; a row without both scores is a bad row. */
    SCORES
}
