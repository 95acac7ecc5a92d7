package dev.save4j.cli;

import dev.save4j.report.Table;
import java.util.ArrayList;
import java.util.List;

/** A table for a terminal: columns as wide as their widest cell, numbers to the right. */
final class TextTable {
    private final List<String[]> rows = new ArrayList<>();

    /** A header and rows that are ready. */
    static TextTable of(Table table) {
        TextTable text = new TextTable(table.header().toArray(String[]::new));
        table.rows().forEach(row -> text.add(row.toArray(String[]::new)));
        return text;
    }

    TextTable(String... header) {
        rows.add(header);
    }

    void add(String... cells) {
        rows.add(cells);
    }

    @Override
    public String toString() {
        int columns = rows.get(0).length;
        int[] widths = new int[columns];
        boolean[] numeric = new boolean[columns];
        for (int column = 0; column < columns; column++) {
            numeric[column] = rows.size() > 1;
            for (int row = 0; row < rows.size(); row++) {
                String cell = rows.get(row)[column];
                widths[column] = Math.max(widths[column], cell.length());
                numeric[column] &= row == 0 || cell.isEmpty() || cell.matches("-|[-+]?\\d.*");
            }
        }
        StringBuilder text = new StringBuilder();
        for (int row = 0; row < rows.size(); row++) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < columns; column++) {
                String cell = rows.get(row)[column];
                String padding = " ".repeat(widths[column] - cell.length());
                line.append(numeric[column] ? padding + cell : cell + padding).append("  ");
            }
            text.append(line.toString().stripTrailing()).append('\n');
            if (row == 0) {
                for (int width : widths) {
                    text.append("-".repeat(width)).append("  ");
                }
                text.setLength(text.length() - 2);
                text.append('\n');
            }
        }
        return text.toString();
    }
}
