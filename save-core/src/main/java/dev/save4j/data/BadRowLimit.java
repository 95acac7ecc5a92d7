package dev.save4j.data;

import dev.save4j.SaveException;

/**
 * How many bad rows a data set may have: {@code max(rows, share * all rows)}.
 *
 * @param share share of all rows, in [0, 1]
 * @param rows a number of rows that is tolerated in small sets whatever their size
 */
public record BadRowLimit(double share, long rows) {
    /** One row in a hundred, and ten in small sets. */
    public static final BadRowLimit DEFAULT = new BadRowLimit(0.01, 10);

    /** Not one bad row. */
    public static final BadRowLimit STRICT = new BadRowLimit(0, 0);

    public BadRowLimit {
        if (!(share >= 0 && share <= 1) || rows < 0) {
            throw SaveException.user("A limit of bad rows needs a share in [0, 1] and rows >= 0, but got share " + share
                    + " and rows " + rows);
        }
    }

    long allowed(long allRows) {
        return Math.max(rows, (long) Math.floor(share * allRows));
    }
}
