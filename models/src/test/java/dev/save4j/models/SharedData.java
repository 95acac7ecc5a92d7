package dev.save4j.models;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Real models and golden numbers, which lie outside the repository. */
final class SharedData {
    private SharedData() {}

    /** Skips the test, and says so, when the file is not there. */
    static Path path(String relative) {
        Path path = Path.of(System.getProperty("save4j.shared", "../../shared")).resolve("data/" + relative);
        assumeThat(path)
                .as("skipped: %s is not there; set -Dsave4j.shared to the folder that holds data/", path)
                .exists();
        return path;
    }

    static JsonNode json(String relative) {
        return JsonMapper.shared().readTree(path(relative).toFile());
    }

    static byte[] bytes(String relative) {
        try {
            return Files.readAllBytes(path(relative));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    static long[] longs(JsonNode array) {
        return array.valueStream().mapToLong(JsonNode::longValue).toArray();
    }

    static double[] doubles(JsonNode array) {
        return array.valueStream().mapToDouble(JsonNode::doubleValue).toArray();
    }
}
