package dev.save4j.data;

import java.util.List;

/**
 * A whole data set in memory.
 *
 * @param rows the rows in file order
 * @param report what was counted on the way
 */
public record DataSet<T>(List<T> rows, DataReport report) {
    public DataSet {
        rows = List.copyOf(rows);
    }

    public int size() {
        return rows.size();
    }
}
