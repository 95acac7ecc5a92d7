package dev.save4j.tokenizers;

import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The JSON files of a model folder, read as trees because they hold more than any one reader needs. */
public final class JsonFiles {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private JsonFiles() {}

    /** Reads a file that holds one JSON object; a USER error naming file, line and column when it does not, or names a key twice. */
    public static JsonNode readObject(Path file) {
        return object(file, bytes(file));
    }

    static JsonNode object(Path file, byte[] json) {
        try {
            JsonNode tree = MAPPER.readTree(json);
            if (!tree.isObject()) {
                throw SaveException.user(file + " holds " + tree.getNodeType() + " instead of a JSON object");
            }
            return tree;
        } catch (JacksonException broken) {
            String place = broken.getLocation() == null
                    ? ""
                    : " at line " + broken.getLocation().getLineNr() + ", column "
                            + broken.getLocation().getColumnNr();
            throw SaveException.user(file + " is not valid JSON" + place + ": " + broken.getOriginalMessage(), broken);
        }
    }

    static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (NoSuchFileException missing) {
            throw SaveException.user("there is no file " + file, missing);
        } catch (IOException failed) {
            throw SaveException.resources("cannot read " + file + ": " + failed, failed);
        }
    }

    /** The tree as indented text that ends in a line feed. */
    public static String text(JsonNode tree) {
        return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(tree).replace("\r\n", "\n") + "\n";
    }
}
