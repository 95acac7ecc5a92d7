package dev.save4j.data;

import java.io.EOFException;
import java.io.IOException;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The JSON mappers of this package. */
final class Json {
    /** For files that people write: RFC 8259, no duplicate keys, nothing after the value. */
    static final JsonMapper STRICT = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** For rows that DuckDB renders as JSON, where a double column may hold NaN. */
    static final JsonMapper RENDERED = JsonMapper.builder(JsonFactory.builder()
                    .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                    .build())
            .build();

    private Json() {}

    /** What is wrong, with the column where it is known, without Jackson's source dump. */
    static String reason(JacksonException failure) {
        int column = failure.getLocation() == null ? -1 : failure.getLocation().getColumnNr();
        String message = failure.getOriginalMessage().lines().findFirst().orElse("unreadable");
        return "not valid JSON" + (column > 0 ? " at column " + column : "") + ": " + message;
    }

    /** The input failure behind a Jackson failure, or null when the JSON itself is wrong. */
    static @Nullable IOException inputFailure(JacksonException failure) {
        if (failure instanceof JacksonIOException && failure.getCause() instanceof IOException cause) {
            return cause;
        }
        return null;
    }

    static boolean isDamagedGzip(IOException failure) {
        return failure instanceof EOFException || failure instanceof ZipException;
    }
}
