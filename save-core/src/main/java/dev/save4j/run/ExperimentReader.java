package dev.save4j.run;

import dev.save4j.SaveException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/**
 * Reads experiments: YAML over {@code defaults.yaml}, with overrides of the form {@code key=value}. Strict: unknown and doubled keys and values of
 * the wrong kind are USER errors, all reported at once with their lines. Relative paths in the file are relative to the caller's directory.
 */
public final class ExperimentReader {
    static final YAMLMapper YAML = YAMLMapper.builder(YAMLFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .disable(YAMLWriteFeature.WRITE_DOC_START_MARKER)
                    .enable(YAMLWriteFeature.MINIMIZE_QUOTES)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** A resolved experiment with the tree it was bound from, in the order of the defaults. */
    public record Resolved(Experiment experiment, String yaml) {
        /** The settings in which the other differs, as in {@code steps: 40, now 60}. */
        public List<String> differences(Resolved now) {
            Map<String, String> before = leaves(parse(yaml, "the settings"));
            Map<String, String> after = leaves(parse(now.yaml, "the settings"));
            Set<String> paths = new LinkedHashSet<>(before.keySet());
            paths.addAll(after.keySet());
            return paths.stream()
                    .filter(path -> !Objects.equals(before.get(path), after.get(path)))
                    .map(path -> path + ": " + before.getOrDefault(path, "not set") + ", now "
                            + after.getOrDefault(path, "not set"))
                    .toList();
        }

        private static Map<String, String> leaves(JsonNode tree) {
            Map<String, String> leaves = new LinkedHashMap<>();
            collect(tree, "", leaves);
            return leaves;
        }

        private static void collect(JsonNode node, String path, Map<String, String> leaves) {
            if (node.isObject() && !node.isEmpty()) {
                node.properties()
                        .forEach(entry -> collect(entry.getValue(), SettingsBinder.join(path, entry.getKey()), leaves));
            } else {
                leaves.put(path, node.toString());
            }
        }
    }

    private ExperimentReader() {}

    /** The text of the defaults, with the explanation of every key. */
    public static String defaults() {
        try (InputStream resource = ExperimentReader.class.getResourceAsStream("defaults.yaml")) {
            if (resource == null) {
                throw SaveException.internal("defaults.yaml is missing from the jar");
            }
            return new String(resource.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        } catch (IOException failed) {
            throw SaveException.internal("defaults.yaml cannot be read", failed);
        }
    }

    /**
     * Reads a file.
     *
     * @param overrides of the form {@code save.gate.every=0}; the value is YAML
     */
    public static Resolved read(Path file, List<String> overrides) {
        if (!Files.isRegularFile(file)) {
            throw SaveException.user("there is no experiment file '" + file + "'");
        }
        try {
            return resolve(Files.readString(file), file.toString(), overrides);
        } catch (IOException failed) {
            throw SaveException.user(
                    "the experiment file '" + file + "' cannot be read as UTF-8 text: " + failed.getMessage(), failed);
        }
    }

    /** As {@link #read}, from text. */
    public static Resolved resolve(String text, String source, List<String> overrides) {
        ObjectNode given = parse(text, source);
        Map<String, Integer> lines = lines(text);
        Map<String, String> overridden = new HashMap<>();
        List<String> unreadable = new ArrayList<>();
        for (String override : overrides) {
            int equals = override.indexOf('=');
            if (equals < 1) {
                unreadable.add("--set " + override + ": expected key=value, as in --set steps=20");
                continue;
            }
            String path = override.substring(0, equals).strip();
            overridden.put(path, override);
            set(given, path, parseValue(override.substring(equals + 1), override, unreadable), override, unreadable);
        }
        ObjectNode merged = parse(defaults(), "defaults.yaml");
        merge(merged, given);
        SettingsBinder binder = new SettingsBinder(path -> {
            String place = overridden.containsKey(path)
                    ? "--set " + overridden.get(path) + ": "
                    : lines.containsKey(path) ? source + ":" + lines.get(path) + ": " : source + ": ";
            return path.isEmpty() ? place : place + path + " ";
        });
        Object bound = binder.bind(Experiment.class, merged, "");
        List<String> problems = new ArrayList<>(unreadable);
        problems.addAll(binder.problems());
        if (!problems.isEmpty()) {
            throw SaveException.user((problems.size() == 1
                            ? "The experiment has a problem:"
                            : "The experiment has " + problems.size() + " problems:")
                    + "\n  - " + String.join("\n  - ", problems)
                    + "\nAll settings with their defaults: save4j explain --defaults");
        }
        if (!(bound instanceof Experiment experiment)) {
            throw SaveException.internal("the experiment was not bound");
        }
        return new Resolved(experiment, YAML.writeValueAsString(merged));
    }

    private static ObjectNode parse(String text, String source) {
        try {
            JsonNode node = YAML.readTree(text);
            if (node == null || node.isMissingNode() || node.isNull()) {
                throw SaveException.user(source + " is empty; an experiment needs at least a name");
            }
            if (node instanceof ObjectNode object) {
                return object;
            }
            throw SaveException.user(
                    source + ": an experiment is a mapping of settings, but this is " + node.getNodeType());
        } catch (JacksonException malformed) {
            throw SaveException.user(
                    source + ":" + malformed.getLocation().getLineNr() + ": this is not valid YAML: "
                            + malformed.getOriginalMessage(),
                    malformed);
        }
    }

    private static JsonNode parseValue(String value, String override, List<String> problems) {
        try {
            JsonNode node = YAML.readTree(value);
            return node == null || node.isMissingNode() ? YAML.getNodeFactory().nullNode() : node;
        } catch (JacksonException malformed) {
            problems.add("--set " + override + ": the value is not valid YAML: " + malformed.getOriginalMessage());
            return YAML.getNodeFactory().nullNode();
        }
    }

    private static void set(ObjectNode root, String path, JsonNode value, String override, List<String> problems) {
        ObjectNode at = root;
        String[] keys = path.split("\\.");
        for (int i = 0; i < keys.length - 1; i++) {
            JsonNode next = at.get(keys[i]);
            if (next == null || next.isNull()) {
                at = at.putObject(keys[i]);
            } else if (next instanceof ObjectNode object) {
                at = object;
            } else {
                problems.add(
                        "--set " + override + ": '" + keys[i] + "' is a single value and has no settings below it");
                return;
            }
        }
        at.set(keys[keys.length - 1], value);
    }

    /** Objects are merged key by key, everything else is replaced. */
    private static void merge(ObjectNode base, ObjectNode over) {
        for (Map.Entry<String, JsonNode> entry : over.properties()) {
            if (base.get(entry.getKey()) instanceof ObjectNode below && entry.getValue() instanceof ObjectNode above) {
                merge(below, above);
            } else {
                base.set(entry.getKey(), entry.getValue());
            }
        }
    }

    /** The line of every key, by path. */
    static Map<String, Integer> lines(String text) {
        Map<String, Integer> lines = new LinkedHashMap<>();
        try (JsonParser parser = YAML.createParser(text)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token == JsonToken.PROPERTY_NAME) {
                    String pointer = parser.streamReadContext().pathAsPointer().toString();
                    lines.put(
                            pointer.substring(1).replace('/', '.'),
                            parser.currentTokenLocation().getLineNr());
                }
            }
        }
        return lines;
    }
}
