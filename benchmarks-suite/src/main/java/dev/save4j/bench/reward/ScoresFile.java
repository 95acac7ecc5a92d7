package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import dev.save4j.data.RawRows;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Scores that were made elsewhere: a file whose rows have {@code prompt}, one of {@code response}, {@code answer}, {@code completion}, and one of {@code
 * reward}, {@code score}, as {@code save4j reward score} writes. A row is for the request with exactly its prompt and answer, where a prompt of several turns
 * is written as lines of {@code role: content}. Requests that are not in the file have no score.
 */
public final class ScoresFile implements Scorer {
    private final String name;
    private final Path file;
    private final Map<String, Double> scores = new HashMap<>();

    /** Reads the file; a USER error naming the row that has no such columns, or that gives a request another score than a row before it. */
    public ScoresFile(String name, Path file) {
        this.name = name;
        this.file = file;
        for (RawRows.RawRow row : RawRows.read(file, "file of scores", Set.of())) {
            JsonNode prompt = row.value().path("prompt");
            JsonNode response = first(row.value(), "response", "answer", "completion");
            JsonNode score = first(row.value(), "reward", "score");
            if (!prompt.isString() || !response.isString() || !score.isNumber()) {
                throw SaveException.user(file + ", " + row.where()
                        + ": expected the texts 'prompt' and 'response' and the number 'reward', found the columns "
                        + row.value().propertyNames());
            }
            Double before = scores.put(key(prompt.stringValue(), response.stringValue()), score.doubleValue());
            if (before != null && before != score.doubleValue()) {
                throw SaveException.user(file + ", " + row.where() + ": the score is " + score.doubleValue()
                        + ", but a row before gave the same prompt and response " + before);
            }
        }
    }

    private static JsonNode first(JsonNode row, String... names) {
        return Stream.of(names)
                .map(row::path)
                .filter(value -> !value.isMissingNode())
                .findFirst()
                .orElse(row.path(names[0]));
    }

    private static String key(String prompt, String response) {
        return new ScoreRequest(Item.asked(prompt), response).key();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Optional<String> identity() {
        return Optional.empty();
    }

    @Override
    public Map<String, String> facts() {
        return Map.of("file", file.toString(), "scores", String.valueOf(scores.size()));
    }

    @Override
    public List<Score> score(List<ScoreRequest> requests) {
        return requests.stream()
                .map(request -> Optional.ofNullable(scores.get(key(request.promptText(), request.response())))
                        .map(Score::of)
                        .orElseGet(() -> Score.missing(
                                "not in " + file + ", whose rows are found by exactly the prompt and the answer")))
                .toList();
    }

    @Override
    public void close() {
        // Holds nothing open.
    }
}
