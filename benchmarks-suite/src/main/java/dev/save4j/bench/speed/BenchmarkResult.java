package dev.save4j.bench.speed;

import dev.save4j.report.Table;

/** What a benchmark found. */
public interface BenchmarkResult {
    /** The numbers, for terminals and for Markdown. */
    Table table();

    /** What the columns mean and where they were measured, in sentences. */
    String explanation();
}
