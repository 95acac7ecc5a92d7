package dev.save4j.data;

import dev.save4j.SaveException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** The rows of a JSON Lines, JSON array or Parquet file as they are, for data whose shape the caller knows. */
public final class RawRows {
    private RawRows() {}

    /**
     * A row.
     *
     * @param where the place in the file, such as {@code line 103}
     * @param value an object
     */
    public record RawRow(String where, JsonNode value) {}

    /**
     * Reads a whole file.
     *
     * @param what what is read, for messages
     * @param columns those that are of use, read alone from formats that can leave others out; all when empty
     * @throws SaveException USER when the file is missing, damaged, or has a row that is no object, which is named
     */
    public static List<RawRow> read(Path file, String what, Set<String> columns) {
        List<RawRow> rows = new ArrayList<>();
        try (RowReader reader = DataFile.open(file, what, columns)) {
            for (Optional<Row> next = reader.next(); next.isPresent(); next = reader.next()) {
                String where = reader.format().where(next.get().number());
                if (next.get() instanceof Row.Parsed row && row.value().isObject()) {
                    rows.add(new RawRow(where, row.value()));
                } else {
                    throw SaveException.user("The " + what + " " + file + ", " + where + ": "
                            + (next.get() instanceof Row.Unreadable bad
                                    ? bad.reason()
                                    : "expected an object with columns"));
                }
            }
        }
        if (rows.isEmpty()) {
            throw SaveException.user("The " + what + " " + file + " is empty; expected at least one row");
        }
        return rows;
    }
}
