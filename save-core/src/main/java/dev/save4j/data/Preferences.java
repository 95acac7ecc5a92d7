package dev.save4j.data;

import dev.save4j.SaveException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * Reads preference sets. The layout is told from the columns of the first rows, see {@link PreferenceShape}; files may be JSON Lines, a
 * JSON array or Parquet, each optionally gzipped.
 *
 * <p>All methods throw a user error that names the file when it is missing, empty, damaged, of no known shape, or has too many bad rows.
 */
public final class Preferences {
    private static final String WHAT = "preference set";
    private static final Set<String> COLUMNS = Set.of(
            "prompt",
            "chosen",
            "rejected",
            "margin",
            "messages",
            "rejected_response",
            "rejected_messages",
            "conversations",
            "system",
            "metadata",
            "score_chosen",
            "score_rejected");

    private Preferences() {}

    /** Opens a set with {@link DataOptions#defaults()}; the caller closes the stream. */
    public static DataStream<Preference> open(Path file) {
        return open(file, DataOptions.defaults());
    }

    /** Opens a set; the caller closes the stream. */
    public static DataStream<Preference> open(Path file, DataOptions options) {
        Set<String> columns = new HashSet<>(COLUMNS);
        columns.addAll(options.columns().keySet());
        return DataStream.open(
                file,
                WHAT,
                options,
                columns,
                found -> new PreferenceParser(
                        PreferenceShape.detect(found)
                                .orElseThrow(() -> SaveException.user("Cannot tell the shape of the " + WHAT + " "
                                        + file
                                        + "; its columns are: " + found + ". Known shapes:\n" + PreferenceShape.known()
                                        + "\nRename columns with the columns option if they only have other names")),
                        options.margin()));
    }

    /** Reads a whole set with {@link DataOptions#defaults()}. */
    public static DataSet<Preference> readAll(Path file) {
        return readAll(file, DataOptions.defaults());
    }

    /** Reads a whole set. */
    public static DataSet<Preference> readAll(Path file, DataOptions options) {
        return open(file, options).readAll();
    }
}
