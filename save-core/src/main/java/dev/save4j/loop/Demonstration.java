package dev.save4j.loop;

/** An answer to learn from. */
public record Demonstration(String prompt, String answer) {}
