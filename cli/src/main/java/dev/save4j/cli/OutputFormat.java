package dev.save4j.cli;

/** How a command writes what it found. */
enum OutputFormat {
    TEXT,
    JSON
}
