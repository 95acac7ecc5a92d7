package dev.save4j.data;

/** What happens to rows that are readable but say little; they are counted either way. */
public enum RowPolicy {
    KEEP,
    DROP_AND_COUNT
}
