package dev.save4j.data;

import dev.save4j.SaveException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * JSON Lines, split at byte 0x0A only: JSON text may hold U+2028, U+0085 and their like unescaped, which splitters of Unicode lines take
 * for line ends. A line that is not JSON is one unreadable row; the lines after it are read all the same. Blank lines count as lines, not
 * as rows.
 */
final class JsonLinesReader implements RowReader {
    private static final int CHUNK = 1 << 16;
    private static final int LONGEST_LINE = 1 << 28;

    private final Path path;
    private final InputStream in;
    private final byte[] chunk = new byte[CHUNK];
    private int chunkStart;
    private int chunkEnd;
    private byte[] line = new byte[CHUNK];
    private int lineLength;
    private long lineNumber;

    JsonLinesReader(Path path, InputStream in) {
        this.path = path;
        this.in = in;
    }

    @Override
    public DataFormat format() {
        return DataFormat.JSON_LINES;
    }

    @Override
    public Optional<Row> next() {
        try {
            while (readLine()) {
                int start = lineNumber == 1 ? byteOrderMark() : 0;
                if (!isBlank(start)) {
                    return Optional.of(parse(start));
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            throw DataFile.failure(path, e);
        }
    }

    private Row parse(int start) {
        try {
            JsonNode value = Json.STRICT.readTree(line, start, lineLength - start);
            return new Row.Parsed(lineNumber, value);
        } catch (JacksonException e) {
            return new Row.Unreadable(lineNumber, Json.reason(e));
        }
    }

    private boolean readLine() throws IOException {
        lineLength = 0;
        boolean any = false;
        while (true) {
            if (chunkStart == chunkEnd) {
                chunkStart = 0;
                chunkEnd = Math.max(0, in.read(chunk, 0, CHUNK));
                if (chunkEnd == 0) {
                    lineNumber += any ? 1 : 0;
                    return any;
                }
            }
            any = true;
            int end = chunkStart;
            while (end < chunkEnd && chunk[end] != '\n') {
                end++;
            }
            append(chunkStart, end - chunkStart);
            boolean complete = end < chunkEnd;
            chunkStart = complete ? end + 1 : end;
            if (complete) {
                lineNumber++;
                return true;
            }
        }
    }

    private void append(int start, int length) {
        if (lineLength + length > LONGEST_LINE) {
            throw SaveException.user("Line " + (lineNumber + 1) + " of " + path + " is longer than "
                    + (LONGEST_LINE >> 20) + " MiB; expected one JSON value a line, lines ended by a line feed");
        }
        if (lineLength + length > line.length) {
            line = Arrays.copyOf(line, Math.max(line.length * 2, lineLength + length));
        }
        System.arraycopy(chunk, start, line, lineLength, length);
        lineLength += length;
    }

    private int byteOrderMark() {
        return lineLength >= 3 && line[0] == (byte) 0xef && line[1] == (byte) 0xbb && line[2] == (byte) 0xbf ? 3 : 0;
    }

    private boolean isBlank(int start) {
        for (int i = start; i < lineLength; i++) {
            if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw DataFile.failure(path, e);
        }
    }
}
