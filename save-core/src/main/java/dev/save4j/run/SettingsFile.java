package dev.save4j.run;

import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Settings records as YAML that lacks no key but those of optional settings. */
public final class SettingsFile {
    private SettingsFile() {}

    static String write(Record settings) {
        return ExperimentReader.YAML.writeValueAsString(SettingsBinder.tree(settings));
    }

    /** A USER error names the file and everything that is wrong in it, with its lines. */
    public static <T extends Record> T read(Path file, Class<T> type) {
        String text = text(file);
        JsonNode tree = tree(text, file);
        Map<String, Integer> lines = ExperimentReader.lines(text);
        SettingsBinder binder = new SettingsBinder(path -> {
            Integer line = lines.get(path.replaceAll("\\[(\\d+)]", ".$1"));
            return (line == null ? "" : "line " + line + ": ") + (path.isEmpty() ? "" : path + " ");
        });
        Object bound = binder.bind(type, tree, "");
        if (!binder.problems().isEmpty()) {
            throw SaveException.user(
                    "'" + file + "' has wrong settings:\n  - " + String.join("\n  - ", binder.problems()));
        }
        return Objects.requireNonNull(type.cast(bound));
    }

    private static String text(Path file) {
        if (!Files.isRegularFile(file)) {
            throw SaveException.user("there is no file '" + file + "'");
        }
        try {
            return Files.readString(file);
        } catch (IOException failed) {
            throw SaveException.resources("cannot read '" + file + "': " + failed, failed);
        }
    }

    private static JsonNode tree(String text, Path file) {
        try {
            return ExperimentReader.YAML.readTree(text);
        } catch (JacksonException malformed) {
            throw SaveException.user(
                    "'" + file + "', line " + malformed.getLocation().getLineNr() + ", is not valid YAML: "
                            + malformed.getOriginalMessage(),
                    malformed);
        }
    }
}
