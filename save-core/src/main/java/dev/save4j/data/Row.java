package dev.save4j.data;

import tools.jackson.databind.JsonNode;

/** A row as read from a file, before its shape is looked at. */
sealed interface Row {
    /** The number of the line, item or row in the file, from 1. */
    long number();

    record Parsed(long number, JsonNode value) implements Row {}

    record Unreadable(long number, String reason) implements Row {}
}
