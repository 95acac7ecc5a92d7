package dev.save4j.data;

import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** The columns of the first rows of a data set with the kinds of value they hold; nulls say nothing about a column. */
final class Columns {
    enum Kind {
        TEXT("text"),
        LIST("list"),
        OBJECT("object"),
        NUMBER("number"),
        BOOLEAN("boolean");

        private final String title;

        Kind(String title) {
            this.title = title;
        }

        static Kind of(JsonNode value) {
            if (value.isString()) {
                return TEXT;
            }
            if (value.isArray()) {
                return LIST;
            }
            if (value.isObject()) {
                return OBJECT;
            }
            return value.isNumber() ? NUMBER : BOOLEAN;
        }
    }

    private final Map<String, Set<Kind>> kinds = new LinkedHashMap<>();
    private final List<JsonNode> rows;

    Columns(List<JsonNode> rows, List<String> declared) {
        this.rows = List.copyOf(rows);
        declared.forEach(name -> kinds.put(name, EnumSet.noneOf(Kind.class)));
        for (JsonNode row : rows) {
            row.properties().forEach(entry -> {
                Set<Kind> found = kinds.computeIfAbsent(entry.getKey(), name -> EnumSet.noneOf(Kind.class));
                if (!entry.getValue().isNull()) {
                    found.add(Kind.of(entry.getValue()));
                }
            });
        }
    }

    List<JsonNode> rows() {
        return rows;
    }

    /** Whether the column is there and holds at least one value of the kind. */
    boolean has(String name, Kind kind) {
        return kinds.getOrDefault(name, Set.of()).contains(kind);
    }

    /** Whether the rows are bare strings rather than objects. */
    boolean areStrings() {
        return !rows.isEmpty() && rows.stream().allMatch(JsonNode::isString);
    }

    @Override
    public String toString() {
        if (areStrings()) {
            return "none, the rows are strings";
        }
        if (kinds.isEmpty()) {
            return "none";
        }
        return kinds.entrySet().stream()
                .map(entry -> entry.getKey()
                        + (entry.getValue().isEmpty()
                                ? ""
                                : entry.getValue().stream()
                                        .map(kind -> kind.title)
                                        .collect(Collectors.joining(" or ", " (", ")"))))
                .collect(Collectors.joining(", "));
    }
}
