package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import dev.save4j.data.RawRows;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** A row of a benchmark's file, whose columns are asked for by name; what is missing or of another kind is a USER error that says where. */
record BenchmarkRow(Path file, RawRows.RawRow row) {
    /** @param columns those that are of use; all when none are given */
    static List<BenchmarkRow> of(Path file, String... columns) {
        return RawRows.read(file, "benchmark", Set.of(columns)).stream()
                .map(row -> new BenchmarkRow(file, row))
                .toList();
    }

    boolean has(String column) {
        return row.value().hasNonNull(column);
    }

    String text(String column) {
        return text(row.value().path(column), column);
    }

    /** The text under a key of an object. */
    String text(String column, String key) {
        return text(row.value().path(column).path(key), column + "." + key);
    }

    private String text(JsonNode value, String name) {
        if (!value.isString()) {
            throw refused("has no text '" + name + "'");
        }
        return value.stringValue();
    }

    /** Text, or a number as text. */
    String any(String column) {
        JsonNode value = row.value().path(column);
        if (!value.isString() && !value.isNumber()) {
            throw refused("has neither text nor number '" + column + "'");
        }
        return value.asString();
    }

    List<JsonNode> list(String column) {
        JsonNode value = row.value().path(column);
        if (!value.isArray()) {
            throw refused("has no list '" + column + "'");
        }
        List<JsonNode> all = new ArrayList<>();
        value.forEach(all::add);
        return all;
    }

    List<String> texts(String column) {
        return list(column).stream().map(value -> text(value, column)).toList();
    }

    /** Texts, at least one. */
    List<String> someTexts(String column) {
        List<String> all = texts(column);
        if (all.isEmpty()) {
            throw refused("has nothing in its list '" + column + "'");
        }
        return all;
    }

    SaveException refused(String what) {
        return SaveException.user(file + ", " + row.where() + " " + what + "; its columns are "
                + row.value().propertyNames());
    }
}
