package dev.save4j.tokenizers;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The shared data set folder, without which a test is skipped. */
final class SharedData {
    private SharedData() {}

    static Path path(String name) {
        Path path = Path.of(System.getProperty("save4j.shared", "../shared"), "data", name);
        assumeTrue(Files.exists(path), "the shared data are not there");
        return path;
    }

    static JsonNode json(String name) {
        return JsonMapper.shared().readTree(path(name));
    }

    static int[] ints(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }
}
