package dev.save4j.loop;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.data.JsonLinesWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/** A JSON Lines file whose lines belong to steps. Closed by its owner. */
final class StepLog implements AutoCloseable {
    private static final ObjectMapper JSON = JsonMapper.shared();

    private final JsonLinesWriter writer;

    /** @param last the lines of later steps, which an interrupted run left, are removed */
    StepLog(Path file, int last) {
        if (Files.exists(file)) {
            keepUntil(file, last);
        }
        writer = JsonLinesWriter.append(file);
    }

    private static void keepUntil(Path file, int last) {
        StringBuilder kept = new StringBuilder();
        int number = 0;
        try {
            for (String line : Files.readString(file).split("\n", -1)) {
                number++;
                // The last line of a run that was killed may be torn; it is later than any checkpoint.
                if (line.endsWith("}") && JSON.readTree(line).path("step").intValue() <= last) {
                    kept.append(line).append('\n');
                }
            }
        } catch (JacksonException damaged) {
            throw SaveException.user(
                    file + ", line " + number
                            + ": not valid JSON; the file was changed since the run wrote it, so the run cannot be resumed",
                    damaged);
        } catch (IOException failed) {
            throw SaveException.resources("cannot read '" + file + "': " + failed, failed);
        }
        AtomicFiles.write(file, kept.toString().getBytes(StandardCharsets.UTF_8));
    }

    void write(int step, Map<String, ?> values) {
        Map<String, Object> line = new TreeMap<>(values);
        line.put("step", step);
        writer.write(line);
    }

    void write(Sample sample) {
        writer.write(sample);
    }

    @Override
    public void close() {
        writer.close();
    }
}
