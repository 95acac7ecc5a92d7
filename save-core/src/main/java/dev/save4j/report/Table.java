package dev.save4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A table of texts.
 *
 * @param rows each as wide as the header
 */
public record Table(List<String> header, List<List<String>> rows) {
    public Table {
        header = List.copyOf(header);
        rows = rows.stream().map(List::copyOf).toList();
    }

    /** With rows and columns exchanged: for a terminal, which is higher than wide. */
    public Table transposed() {
        List<String> first = new ArrayList<>(List.of(header.get(0)));
        rows.forEach(row -> first.add(row.get(0)));
        return new Table(
                first,
                IntStream.range(1, header.size())
                        .mapToObj(column -> {
                            List<String> line = new ArrayList<>(List.of(header.get(column)));
                            rows.forEach(row -> line.add(row.get(column)));
                            return line;
                        })
                        .toList());
    }

    /** As a Markdown table. */
    public String markdown() {
        StringBuilder text = new StringBuilder();
        line(text, header);
        line(
                text,
                IntStream.range(0, header.size())
                        .mapToObj(column -> column == 0 ? "---" : "---:")
                        .toList());
        rows.forEach(row -> line(text, row));
        return text.toString();
    }

    private static void line(StringBuilder text, List<String> cells) {
        text.append('|');
        cells.forEach(cell -> text.append(' ').append(cell.replace("|", "\\|")).append(" |"));
        text.append('\n');
    }
}
