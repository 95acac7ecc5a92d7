package dev.save4j.data;

import dev.save4j.SaveException;
import java.nio.file.Path;
import java.util.Set;

/**
 * Reads prompt sets. The layout is told from the columns of the first rows, see {@link PromptShape}; files may be JSON Lines, a JSON array
 * or Parquet, each optionally gzipped.
 *
 * <p>All methods throw a user error that names the file when it is missing, empty, damaged, of no known shape, or has too many bad rows.
 */
public final class Prompts {
    private static final String WHAT = "prompt set";

    private Prompts() {}

    /** Opens a set with {@link DataOptions#defaults()}; the caller closes the stream. */
    public static DataStream<Prompt> open(Path file) {
        return open(file, DataOptions.defaults());
    }

    /** Opens a set; the caller closes the stream. */
    public static DataStream<Prompt> open(Path file, DataOptions options) {
        return DataStream.open(
                file,
                WHAT,
                options,
                Set.of(),
                found -> new PromptParser(PromptShape.detect(found)
                        .orElseThrow(() -> SaveException.user("Cannot tell the shape of the " + WHAT + " " + file
                                + "; its columns are: " + found + ". Known shapes:\n" + PromptShape.known()
                                + "\nRename columns with the columns option if they only have other names"))));
    }

    /** Reads a whole set with {@link DataOptions#defaults()}. */
    public static DataSet<Prompt> readAll(Path file) {
        return readAll(file, DataOptions.defaults());
    }

    /** Reads a whole set. */
    public static DataSet<Prompt> readAll(Path file, DataOptions options) {
        return open(file, options).readAll();
    }
}
