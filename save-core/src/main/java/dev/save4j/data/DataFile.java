package dev.save4j.data;

import dev.save4j.SaveException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** Opens a file by what is in it: gzip, Parquet and JSON arrays show themselves in their first bytes, the rest is JSON Lines. */
final class DataFile {
    private static final String EXPECTED =
            "expected a JSON Lines (.jsonl), JSON array (.json) or Parquet (.parquet) file, each optionally gzipped (.gz)";
    private static final byte[] PARQUET_MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
    private static final int SNIFFED = 8192;

    private DataFile() {}

    /**
     * @param what what is read, for messages: {@code preference set}
     * @param columns the columns that are of use, read from formats that can leave others out; empty for all
     */
    static RowReader open(Path path, String what, Set<String> columns) {
        if (!Files.exists(path)) {
            throw SaveException.user("The " + what + " " + path + " does not exist; " + EXPECTED);
        }
        if (!Files.isRegularFile(path)) {
            throw SaveException.user("The " + what + " " + path + " is not a file; " + EXPECTED);
        }
        String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
        InputStream in = null;
        try {
            in = new BufferedInputStream(Files.newInputStream(path), SNIFFED);
            boolean gzipped = isGzip(in);
            if (gzipped) {
                in = new BufferedInputStream(new GZIPInputStream(in, 1 << 16), SNIFFED);
            } else if (name.endsWith(".gz")) {
                throw SaveException.user("The " + what + " " + path
                        + " is named .gz but is not gzip data; rename it or compress it again");
            }
            byte[] head = peek(in);
            boolean parquet = startsWithParquetMagic(head);
            if (!parquet && withoutGz(name).endsWith(".parquet")) {
                throw SaveException.user("The " + what + " " + path
                        + " is named .parquet but does not start with PAR1, so it is no Parquet file");
            }
            if (parquet) {
                if (!gzipped) {
                    in.close();
                    return ParquetReader.open(path, columns);
                }
                return ParquetReader.openCopy(path, unpack(in), columns);
            }
            return firstCharacter(head) == '[' ? new JsonArrayReader(path, in) : new JsonLinesReader(path, in);
        } catch (IOException e) {
            closeAfter(in, e);
            throw failure(path, e);
        } catch (RuntimeException e) {
            closeAfter(in, e);
            throw e;
        }
    }

    /** The exception for a failed read: a damaged gzip is the user's to repair, anything else is the machine's. */
    static SaveException failure(Path path, IOException e) {
        if (Json.isDamagedGzip(e)) {
            return SaveException.user(
                    "The gzip data of " + path + " is truncated or damaged (" + e.getMessage()
                            + "); get the file again",
                    e);
        }
        return SaveException.resources("Cannot read " + path + ": " + e.getMessage(), e);
    }

    private static boolean isGzip(InputStream in) throws IOException {
        in.mark(2);
        boolean gzip = in.read() == 0x1f && in.read() == 0x8b;
        in.reset();
        return gzip;
    }

    private static byte[] peek(InputStream in) throws IOException {
        in.mark(SNIFFED);
        byte[] head = in.readNBytes(SNIFFED);
        in.reset();
        return head;
    }

    private static boolean startsWithParquetMagic(byte[] head) {
        if (head.length < PARQUET_MAGIC.length) {
            return false;
        }
        for (int i = 0; i < PARQUET_MAGIC.length; i++) {
            if (head[i] != PARQUET_MAGIC[i]) {
                return false;
            }
        }
        return true;
    }

    /** The first byte that is neither white space nor part of a byte order mark, or -1. */
    private static int firstCharacter(byte[] head) {
        int start =
                head.length >= 3 && head[0] == (byte) 0xef && head[1] == (byte) 0xbb && head[2] == (byte) 0xbf ? 3 : 0;
        for (int i = start; i < head.length; i++) {
            if (head[i] != ' ' && head[i] != '\n' && head[i] != '\r' && head[i] != '\t') {
                return head[i];
            }
        }
        return -1;
    }

    private static String withoutGz(String name) {
        return name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
    }

    /** Parquet is read from its end, so a gzipped file has to lie unpacked on disk while it is open. */
    private static Path unpack(InputStream in) throws IOException {
        Path copy = Files.createTempFile("save4j-", ".parquet");
        try (in) {
            Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
            return copy;
        } catch (IOException e) {
            Files.deleteIfExists(copy);
            throw e;
        }
    }

    private static void closeAfter(@Nullable InputStream in, Exception failure) {
        if (in != null) {
            try {
                in.close();
            } catch (IOException e) {
                failure.addSuppressed(e);
            }
        }
    }
}
