package dev.save4j.cli;

import dev.save4j.report.RunSummary;
import dev.save4j.run.RunFolder;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Prints what came out of a run. */
final class Summaries {
    private static final int WIDTH = 100;

    private Summaries() {}

    static void print(RunSummary summary, RunFolder folder, PrintWriter out) {
        out.println();
        if (!summary.rows().isEmpty()) {
            // Modes side by side: four of them fit into 80 columns, all measures of one do not.
            out.println(TextTable.of(summary.table().transposed()));
        }
        wrap(summary.verdict().headline(), "").forEach(out::println);
        summary.verdict()
                .findings()
                .forEach(finding -> wrap("- " + finding, "  ").forEach(out::println));
        if (!summary.verdict().limits().isEmpty()) {
            out.println();
            wrap(String.join(" ", summary.verdict().limits()), "").forEach(out::println);
        }
        out.println();
        out.println("Report: " + folder.report());
        out.flush();
    }

    /** Breaks a text between words, but not at ±; every line but the first begins with the indent. */
    static List<String> wrap(String text, String indent) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.split("(?<!±) (?!±)")) {
            if (line.length() > indent.length() && line.length() + 1 + word.length() > WIDTH) {
                lines.add(line.toString());
                line = new StringBuilder(indent);
            } else if (!line.isEmpty() && !line.toString().equals(indent)) {
                line.append(' ');
            }
            line.append(word);
        }
        lines.add(line.toString());
        return lines;
    }
}
