package dev.save4j.data;

/**
 * A row that could not be used.
 *
 * @param where the place in the file, such as {@code line 103}, {@code item 7} or {@code row 12}, counted from 1
 * @param reason what was found and what was expected
 */
public record BadRow(String where, String reason) {
    @Override
    public String toString() {
        return where + ": " + reason;
    }
}
