package dev.save4j.run;

import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Settings records as YAML that lacks no key. */
final class SettingsFile {
    private SettingsFile() {}

    static String write(Record settings) {
        return ExperimentReader.YAML.writeValueAsString(SettingsBinder.tree(settings));
    }

    /** A USER error names the file and everything that is wrong in it. */
    static <T extends Record> T read(Path file, Class<T> type) {
        SettingsBinder binder = new SettingsBinder(path -> path.isEmpty() ? "" : path + " ");
        Object bound = binder.bind(type, tree(file), "");
        if (!binder.problems().isEmpty()) {
            throw SaveException.user("'" + file + "' is damaged:\n  - " + String.join("\n  - ", binder.problems()));
        }
        return Objects.requireNonNull(type.cast(bound));
    }

    private static JsonNode tree(Path file) {
        try {
            return ExperimentReader.YAML.readTree(Files.readString(file));
        } catch (IOException failed) {
            throw SaveException.resources("cannot read '" + file + "': " + failed, failed);
        } catch (JacksonException malformed) {
            throw SaveException.user(
                    "'" + file + "' is damaged: not valid YAML: " + malformed.getOriginalMessage(), malformed);
        }
    }
}
