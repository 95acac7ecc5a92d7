package dev.save4j.run;

import dev.save4j.SaveException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * What {@code manifest.json} of a run says: with what the run was made.
 *
 * @param save4j version
 * @param started as ISO 8601 in UTC
 * @param machine Java, operating system and processors
 * @param engines name and version by role, and their threads
 * @param model of a reward model's training: backbone, pooling, parameters and the hashes of the weights; otherwise empty
 * @param dataHash SHA-256 over all training data
 * @param notes on the data, for people
 * @param algorithm the formulas and settings of the policy update, a line each
 */
public record RunManifest(
        String save4j,
        String started,
        Map<String, String> machine,
        Map<String, String> engines,
        Map<String, String> model,
        String dataHash,
        List<String> notes,
        List<String> algorithm) {
    public RunManifest {
        machine = new LinkedHashMap<>(machine);
        engines = new LinkedHashMap<>(engines);
        model = new LinkedHashMap<>(model);
        notes = List.copyOf(notes);
        algorithm = List.copyOf(algorithm);
    }

    static RunManifest read(Path file) {
        JsonNode root = RunLines.object(file);
        return new RunManifest(
                text(root, "save4j", file),
                text(root, "started", file),
                texts(root, "machine", file),
                texts(root, "engines", file),
                root.has("model") ? texts(root, "model", file) : Map.of(),
                text(required(root, "data", file), "sha256", file),
                list(required(root, "data", file), "notes", file),
                list(root, "algorithm", file));
    }

    private static JsonNode required(JsonNode node, String field, Path file) {
        JsonNode value = node.path(field);
        if (value.isMissingNode()) {
            throw SaveException.user(
                    "'" + file + "' is damaged: '" + field + "' is missing; restore the manifest of the run");
        }
        return value;
    }

    private static String text(JsonNode node, String field, Path file) {
        return shown(required(node, field, file));
    }

    private static Map<String, String> texts(JsonNode node, String field, Path file) {
        Map<String, String> texts = new LinkedHashMap<>();
        required(node, field, file).properties().forEach(entry -> texts.put(entry.getKey(), shown(entry.getValue())));
        return texts;
    }

    private static List<String> list(JsonNode node, String field, Path file) {
        return required(node, field, file).valueStream().map(RunManifest::shown).toList();
    }

    private static String shown(JsonNode value) {
        return value.isString() ? value.stringValue() : value.toString();
    }
}
