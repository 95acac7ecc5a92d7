package dev.save4j.data;

import dev.save4j.SaveException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The rows of a data set, read one at a time: memory does not grow with the file, except for 16 to 24 bytes a row by which duplicates are
 * known. Used by one thread; closed by whoever opened it; closing twice is harmless.
 *
 * <p>Bad rows are skipped and counted. When the file ends with more of them than {@link DataOptions#badRows()} tolerates, the last
 * {@link #hasNext()} throws a user error; so it does after {@value #EARLY_ROWS} rows when more than half are bad, because then the file is not
 * what it was taken for.
 */
public final class DataStream<T> implements Iterator<T>, AutoCloseable {
    private static final int SAMPLED_ROWS = 32;
    private static final int EARLY_ROWS = 1000;

    private final String source;
    private final RowReader reader;
    private final RowShape<T> shape;
    private final DataOptions options;
    private final Deque<Row> sampled = new ArrayDeque<>();
    private final Fingerprints seen = new Fingerprints();
    private final List<BadRow> firstBad = new ArrayList<>();
    private long rows;
    private long kept;
    private long bad;
    private long ties;
    private long duplicates;
    private long emptyAnswers;
    private long equalScores;
    private long reversedScores;
    private @Nullable T pending;
    private boolean finished;

    static <T> DataStream<T> open(
            Path file, String what, DataOptions options, Set<String> columns, Function<Columns, RowShape<T>> detect) {
        RowReader reader = DataFile.open(file, what, columns);
        try {
            return new DataStream<>(file.toString(), what, reader, options, detect);
        } catch (RuntimeException e) {
            try {
                reader.close();
            } catch (RuntimeException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
    }

    /**
     * @param what what is read, for messages
     * @param detect chooses the shape from the columns of the first rows, or throws
     */
    private DataStream(
            String source, String what, RowReader reader, DataOptions options, Function<Columns, RowShape<T>> detect) {
        this.source = source;
        this.reader = reader;
        this.options = options;
        List<JsonNode> readable = new ArrayList<>();
        while (sampled.size() < SAMPLED_ROWS) {
            Optional<Row> next = reader.next();
            if (next.isEmpty()) {
                break;
            }
            Row row = renamed(next.get());
            sampled.add(row);
            if (row instanceof Row.Parsed found
                    && (found.value().isObject() || found.value().isString())) {
                readable.add(found.value());
            }
        }
        if (sampled.isEmpty()) {
            throw SaveException.user("The " + what + " " + source + " is empty; expected at least one row");
        }
        if (readable.isEmpty()) {
            Row first = sampled.getFirst();
            String reason =
                    first instanceof Row.Unreadable row ? row.reason() : "a row is neither an object nor a string";
            throw SaveException.user("None of the first " + sampled.size() + " rows of the " + what + " " + source
                    + " is a JSON object; " + reader.format().where(first.number()) + ": " + reason
                    + ". Expected one object a row");
        }
        this.shape = detect.apply(new Columns(readable, reader.declaredColumns()));
    }

    @Override
    public boolean hasNext() {
        while (pending == null && !finished) {
            Optional<Row> next = sampled.isEmpty() ? reader.next().map(this::renamed) : Optional.of(sampled.remove());
            if (next.isEmpty()) {
                finished = true;
                if (bad > options.badRows().allowed(rows)) {
                    throw tooManyBadRows(String.format(
                            Locale.ROOT,
                            "tolerated are %,d: the larger of %,d rows and %s %%",
                            options.badRows().allowed(rows),
                            options.badRows().rows(),
                            percent(options.badRows().share())));
                }
                return false;
            }
            pending = accept(next.get());
            if (rows >= EARLY_ROWS && bad * 2 > rows && bad > options.badRows().rows()) {
                finished = true;
                throw tooManyBadRows("more than half, so reading stopped here");
            }
        }
        return pending != null;
    }

    @Override
    public T next() {
        if (!hasNext()) {
            throw new NoSuchElementException("no more rows in " + source);
        }
        T value = Objects.requireNonNull(pending);
        pending = null;
        kept++;
        return value;
    }

    /** What has been counted so far; complete once {@link #hasNext()} has returned false. */
    public DataReport report() {
        return new DataReport(
                source,
                reader.format(),
                shape.title(),
                rows,
                kept,
                bad,
                ties,
                duplicates,
                emptyAnswers,
                equalScores,
                reversedScores,
                firstBad);
    }

    /** Reads what is left into memory and closes the stream. */
    public DataSet<T> readAll() {
        List<T> all = new ArrayList<>();
        try (this) {
            while (hasNext()) {
                all.add(next());
            }
        }
        return new DataSet<>(all, report());
    }

    private @Nullable T accept(Row row) {
        rows++;
        if (row instanceof Row.Unreadable unreadable) {
            reject(row, unreadable.reason());
            return null;
        }
        JsonNode node = ((Row.Parsed) row).value();
        T value;
        try {
            value = shape.parse(node);
        } catch (BadRowException e) {
            reject(row, e.reason());
            return null;
        }
        shape.scoreDifference(node).ifPresent(difference -> {
            equalScores += difference == 0 ? 1 : 0;
            reversedScores += difference < 0 ? 1 : 0;
        });
        boolean duplicate = !seen.add(shape.fingerprint(value));
        duplicates += duplicate ? 1 : 0;
        boolean tie = shape.isTie(value);
        ties += tie ? 1 : 0;
        emptyAnswers += shape.hasEmptyAnswer(value) ? 1 : 0;
        boolean dropped = (duplicate && options.duplicates() == RowPolicy.DROP_AND_COUNT)
                || (tie && options.ties() == RowPolicy.DROP_AND_COUNT);
        return dropped ? null : value;
    }

    private void reject(Row row, String reason) {
        bad++;
        if (firstBad.size() < DataReport.KEPT_BAD_ROWS) {
            firstBad.add(new BadRow(reader.format().where(row.number()), reason));
        }
    }

    private Row renamed(Row row) {
        if (options.columns().isEmpty() || !(row instanceof Row.Parsed readable)) {
            return row;
        }
        if (!(readable.value() instanceof ObjectNode object)) {
            return row;
        }
        ObjectNode result = Json.STRICT.createObjectNode();
        object.properties().forEach(entry -> {
            if (!options.columns().containsValue(entry.getKey())
                    || options.columns().containsKey(entry.getKey())) {
                result.set(options.columns().getOrDefault(entry.getKey(), entry.getKey()), entry.getValue());
            }
        });
        return new Row.Parsed(row.number(), result);
    }

    private SaveException tooManyBadRows(String limit) {
        StringBuilder message = new StringBuilder(String.format(
                Locale.ROOT,
                "%s: %,d of %,d rows are bad (%s). Read as %s. The first:",
                source,
                bad,
                rows,
                limit,
                shape.title()));
        firstBad.forEach(row -> message.append("\n  ").append(row));
        message.append("\nRepair these rows, or raise the limit of bad rows");
        return SaveException.user(message.toString());
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.3g", share * 100).replaceAll("\\.?0+$", "");
    }

    @Override
    public void close() {
        finished = true;
        pending = null;
        reader.close();
    }
}
