package dev.save4j.run;

import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads what a run wrote: JSON and JSON Lines. Damage is a USER error that names the file and the line. */
final class RunLines {
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private RunLines() {}

    /** One object of a file; reads its fields and knows its place. */
    record Line(Path file, int number, JsonNode object) {
        int step() {
            return whole("step");
        }

        int whole(String field) {
            JsonNode value = object.path(field);
            if (!value.isIntegralNumber() || !value.canConvertToInt()) {
                throw damaged("'" + field + "' must be a whole number, but is " + shown(value));
            }
            return value.intValue();
        }

        /** A number, or one of the strings that stand for what JSON has no number for. */
        double number(String field, JsonNode value) {
            if (value.isNumber()) {
                return value.doubleValue();
            }
            if (value.isString()) {
                switch (value.stringValue()) {
                    case "NaN" -> {
                        return Double.NaN;
                    }
                    case "Infinity" -> {
                        return Double.POSITIVE_INFINITY;
                    }
                    case "-Infinity" -> {
                        return Double.NEGATIVE_INFINITY;
                    }
                    default -> {}
                }
            }
            throw damaged("'" + field + "' must be a number, but is " + shown(value));
        }

        double number(String field) {
            return number(field, object.path(field));
        }

        String text(String field) {
            JsonNode value = object.path(field);
            if (!value.isString()) {
                throw damaged("'" + field + "' must be a text, but is " + shown(value));
            }
            return value.stringValue();
        }

        SaveException damaged(String what) {
            return SaveException.user(
                    "line " + number + " of '" + file + "' is damaged: " + what + "; mend or remove the line");
        }

        private static String shown(JsonNode value) {
            return value.isMissingNode() ? "missing" : value.toString();
        }
    }

    /**
     * The objects of a JSON Lines file in their order; none when there is no file. A torn last line, which a run that is still writing or was
     * killed leaves, is left out and noted.
     */
    static List<Line> read(Path file, Consumer<String> notes) {
        if (!Files.isRegularFile(file)) {
            return List.of();
        }
        byte[] bytes = bytes(file);
        List<Line> lines = new ArrayList<>();
        int number = 0;
        for (int from = 0; from < bytes.length; ) {
            int end = from;
            while (end < bytes.length && bytes[end] != '\n') {
                end++;
            }
            number++;
            try {
                JsonNode node = JSON.readTree(bytes, from, end - from);
                Line line = new Line(file, number, node);
                if (!node.isObject()) {
                    throw line.damaged("expected one JSON object, but there is "
                            + (node.isMissingNode() ? "nothing" : node.toString()));
                }
                lines.add(line);
            } catch (JacksonException failed) {
                if (end < bytes.length) {
                    throw new Line(file, number, JSON.missingNode()).damaged(reason(failed));
                }
                notes.accept("the last line of " + file.getFileName() + " in " + folder(file)
                        + " is incomplete and was left out");
            }
            from = end + 1;
        }
        return lines;
    }

    /** The object in a JSON file. */
    static JsonNode object(Path file) {
        try {
            JsonNode node = JSON.readTree(bytes(file));
            if (node.isObject()) {
                return node;
            }
            throw SaveException.user("'" + file + "' is damaged: expected a JSON object");
        } catch (JacksonException failed) {
            throw SaveException.user(
                    "line " + failed.getLocation().getLineNr() + " of '" + file + "' is damaged: " + reason(failed),
                    failed);
        }
    }

    private static String folder(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        return folder == null ? "" : String.valueOf(folder.getFileName());
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException failed) {
            throw SaveException.resources("cannot read '" + file + "': " + failed, failed);
        }
    }

    private static String reason(JacksonException failed) {
        return "not valid JSON, "
                + failed.getOriginalMessage().lines().findFirst().orElse("unreadable");
    }
}
