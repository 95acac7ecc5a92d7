package dev.save4j.data;

import dev.save4j.SaveException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;

/** One JSON array whose items are the rows, held in memory one at a time. Broken syntax ends the file: nothing after it can be trusted. */
final class JsonArrayReader implements RowReader {
    private final Path path;
    private final InputStream in;
    private final JsonParser parser;
    private long number;
    private boolean finished;

    JsonArrayReader(Path path, InputStream in) {
        this.path = path;
        this.in = in;
        try {
            this.parser = Json.STRICT.createParser(in);
            parser.nextToken();
        } catch (JacksonException e) {
            throw failure(e);
        }
    }

    @Override
    public DataFormat format() {
        return DataFormat.JSON_ARRAY;
    }

    @Override
    public Optional<Row> next() {
        if (finished) {
            return Optional.empty();
        }
        try {
            JsonToken token = parser.nextToken();
            if (token == JsonToken.END_ARRAY) {
                finished = true;
                if (parser.nextToken() != null) {
                    throw SaveException.user(path + " goes on after its JSON array, at " + place()
                            + "; expected one array of rows and nothing else");
                }
                return Optional.empty();
            }
            if (token == null) {
                throw SaveException.user(
                        path + " ends inside its JSON array, after item " + number + "; get the file again");
            }
            JsonNode value = parser.readValueAsTree();
            number++;
            return Optional.of(new Row.Parsed(number, value));
        } catch (JacksonException e) {
            throw failure(e);
        }
    }

    private String place() {
        return "line " + parser.currentLocation().getLineNr() + ", column "
                + parser.currentLocation().getColumnNr();
    }

    private SaveException failure(JacksonException e) {
        IOException input = Json.inputFailure(e);
        if (input != null) {
            return DataFile.failure(path, input);
        }
        return SaveException.user(
                path + " is not a readable JSON array: item " + (number + 1) + ", line "
                        + e.getLocation().getLineNr() + ", " + Json.reason(e),
                e);
    }

    @Override
    public void close() {
        try {
            parser.close();
            in.close();
        } catch (IOException e) {
            throw DataFile.failure(path, e);
        }
    }
}
