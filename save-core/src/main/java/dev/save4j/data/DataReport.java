package dev.save4j.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What reading a data set found. Every row is either kept, bad, or dropped as a tie or duplicate because the options said so; {@link #dropped()}
 * gives the last.
 *
 * @param source the file
 * @param format its format
 * @param shape the layout of its columns, a {@link PreferenceShape} or {@link PromptShape} by title
 * @param rows rows seen, bad ones included
 * @param kept rows handed out
 * @param bad rows that could not be used
 * @param ties rows whose chosen and rejected answers are identical
 * @param duplicates rows equal to an earlier row in prompt and answers
 * @param emptyAnswers pairs, kept unless dropped otherwise, with an empty answer on at least one side
 * @param equalScores rows with both scores where these are equal, so the label is arbitrary
 * @param reversedScores rows with both scores where the rejected answer has the higher one
 * @param firstBad the first bad rows, at most {@value #KEPT_BAD_ROWS}
 */
public record DataReport(
        String source,
        DataFormat format,
        String shape,
        long rows,
        long kept,
        long bad,
        long ties,
        long duplicates,
        long emptyAnswers,
        long equalScores,
        long reversedScores,
        List<BadRow> firstBad) {
    /** How many bad rows are kept with their reason. */
    public static final int KEPT_BAD_ROWS = 5;

    public DataReport {
        firstBad = List.copyOf(firstBad);
    }

    /** Rows left out because of {@link DataOptions#ties()} and {@link DataOptions#duplicates()}. */
    public long dropped() {
        return rows - kept - bad;
    }

    /** The report as lines for a log: one summary, then one line for each bad row kept. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        StringBuilder summary = new StringBuilder(String.format(
                Locale.ROOT,
                "%s: %s, %s, %,d rows, %,d kept, %,d bad, %,d ties, %,d duplicates",
                source,
                format.title(),
                shape,
                rows,
                kept,
                bad,
                ties,
                duplicates));
        if (emptyAnswers > 0) {
            summary.append(String.format(Locale.ROOT, ", %,d with an empty answer", emptyAnswers));
        }
        if (equalScores > 0) {
            summary.append(String.format(Locale.ROOT, ", %,d with equal scores", equalScores));
        }
        if (reversedScores > 0) {
            summary.append(String.format(Locale.ROOT, ", %,d with the rejected answer scored higher", reversedScores));
        }
        lines.add(summary.toString());
        firstBad.forEach(row -> lines.add("  bad " + row));
        if (bad > firstBad.size()) {
            lines.add(String.format(Locale.ROOT, "  and %,d more bad rows", bad - firstBad.size()));
        }
        return List.copyOf(lines);
    }

    @Override
    public String toString() {
        return String.join("\n", lines());
    }
}
