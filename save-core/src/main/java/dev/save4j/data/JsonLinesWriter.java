package dev.save4j.data;

import dev.save4j.SaveException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Appends records to a JSON Lines file, for metrics and samples of a run.
 *
 * <p>UTF-8, each record one line ended by a line feed and handed to the operating system in one piece, so that a reader sees whole lines and
 * a crash costs at most the line being written. When such a torn line is found at the end of an existing file it is cut off, so that the
 * file stays JSON Lines after a resume; a complete record that merely lacks its line feed is kept.
 *
 * <p>Keys of maps are sorted, components of records keep their order, so the same records give the same bytes. JSON has no NaN or infinity;
 * they are written as the strings {@code "NaN"}, {@code "Infinity"} and {@code "-Infinity"}.
 *
 * <p>Safe for use by several threads; closing twice is harmless.
 */
public final class JsonLinesWriter implements AutoCloseable {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .build();
    private static final int TAIL_CHUNK = 1 << 16;

    private final Path file;
    private final FileChannel channel;
    private final long removedBytes;

    private JsonLinesWriter(Path file, FileChannel channel, long removedBytes) {
        this.file = file;
        this.channel = channel;
        this.removedBytes = removedBytes;
    }

    /**
     * Opens a file for appending; it and its folders are made when missing.
     *
     * @throws SaveException of kind RESOURCES when the file cannot be opened
     */
    public static JsonLinesWriter append(Path file) {
        try {
            Path folder = file.toAbsolutePath().getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            try {
                return new JsonLinesWriter(file, channel, repairTail(channel));
            } catch (IOException | RuntimeException e) {
                try {
                    channel.close();
                } catch (IOException closing) {
                    e.addSuppressed(closing);
                }
                throw e;
            }
        } catch (IOException e) {
            throw SaveException.resources("Cannot open " + file + " for appending: " + e.getMessage(), e);
        }
    }

    /** The bytes of a torn last line that were cut off on opening; zero when the file ended well. */
    public long removedBytes() {
        return removedBytes;
    }

    /** Appends a map, keys sorted. */
    public void write(Map<String, ?> values) {
        append(values);
    }

    /** Appends a record, components in their order. */
    public void write(Record value) {
        append(value);
    }

    private void append(Object value) {
        byte[] line;
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            MAPPER.writeValue(bytes, value);
            bytes.write('\n');
            line = bytes.toByteArray();
        } catch (JacksonException e) {
            throw SaveException.internal(
                    "A " + value.getClass().getName() + " for " + file + " cannot be written as JSON: "
                            + e.getOriginalMessage(),
                    e);
        }
        synchronized (this) {
            try {
                ByteBuffer buffer = ByteBuffer.wrap(line);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            } catch (IOException e) {
                throw SaveException.resources("Cannot append to " + file + ": " + e, e);
            }
        }
    }

    /** Forces what was written to the device; worth calling at a checkpoint, too slow for each record. */
    public synchronized void sync() {
        try {
            channel.force(false);
        } catch (IOException e) {
            throw SaveException.resources("Cannot sync " + file + ": " + e, e);
        }
    }

    @Override
    public synchronized void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw SaveException.resources("Cannot close " + file + ": " + e, e);
        }
    }

    /** Leaves the channel at the end of a file of whole lines; returns how many bytes had to go. */
    private static long repairTail(FileChannel channel) throws IOException {
        long size = channel.size();
        long lineStart = lastLineStart(channel, size);
        if (lineStart == size) {
            channel.position(size);
            return 0;
        }
        byte[] tail = read(channel, lineStart, size);
        if (isRecord(tail)) {
            channel.position(size);
            channel.write(ByteBuffer.wrap(new byte[] {'\n'}));
            return 0;
        }
        channel.truncate(lineStart);
        channel.position(lineStart);
        return size - lineStart;
    }

    private static long lastLineStart(FileChannel channel, long size) throws IOException {
        long end = size;
        while (end > 0) {
            long start = Math.max(0, end - TAIL_CHUNK);
            byte[] chunk = read(channel, start, end);
            for (int i = chunk.length - 1; i >= 0; i--) {
                if (chunk[i] == '\n') {
                    return start + i + 1;
                }
            }
            end = start;
        }
        return 0;
    }

    private static byte[] read(FileChannel channel, long start, long end) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(end - start));
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, start + buffer.position()) < 0) {
                throw new IOException("the file became shorter while it was opened");
            }
        }
        return buffer.array();
    }

    private static boolean isRecord(byte[] tail) {
        try {
            JsonNode node = Json.STRICT.readTree(tail);
            return node.isObject();
        } catch (JacksonException e) {
            return false;
        }
    }
}
