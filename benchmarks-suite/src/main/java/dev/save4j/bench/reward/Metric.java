package dev.save4j.bench.reward;

/**
 * A number that a benchmark reports.
 *
 * @param name such as {@code overall}, {@code Chat Hard} or {@code chat, hard}
 * @param items how many items it rests on
 */
public record Metric(String name, double value, int items) {}
