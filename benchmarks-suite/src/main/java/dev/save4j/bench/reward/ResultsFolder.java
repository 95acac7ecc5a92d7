package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import dev.save4j.data.RawRows;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A folder that {@link RewardResults#write} has filled, read back together with the benchmarks that it is about. Immutable. */
public final class ResultsFolder {
    private final Path folder;
    private final List<String> scorers = new ArrayList<>();
    private final Map<String, Benchmark> benchmarks = new LinkedHashMap<>();
    private final Map<String, Map<String, Item>> items = new HashMap<>();
    private final Map<String, Map<String, Kept>> scores = new HashMap<>();

    /**
     * What is kept of an item.
     *
     * @param content its {@link Item#contentKey}
     */
    private record Kept(String content, double[] scores) {}

    /**
     * Reads a folder.
     *
     * @param data where the benchmarks lie now; where they lay then by default
     * @throws SaveException USER when it is no such folder, or the benchmarks are not where they were
     */
    public ResultsFolder(Path folder, Optional<Path> data) {
        this.folder = folder;
        Path file = folder.resolve("results.json");
        if (!Files.isRegularFile(file)) {
            throw SaveException.user(
                    "'" + folder + "' has no results.json; expected a folder that 'save4j bench reward --out' filled");
        }
        JsonNode results;
        try {
            results = JsonMapper.shared().readTree(file.toFile());
        } catch (JacksonException damaged) {
            throw SaveException.user(file + " is damaged: " + damaged.getOriginalMessage(), damaged);
        }
        Path place = data.orElse(Path.of(results.path("data").asString("")));
        results.path("scorers")
                .forEach(scorer -> scorers.add(scorer.path("name").asString("")));
        for (JsonNode part : results.path("benchmarks")) {
            String source = part.path("file").asString("");
            Benchmark benchmark = source.isEmpty()
                    ? Benchmarks.named(List.of(part.path("name").asString("")), place)
                            .get(0)
                    : new PreferencePairs(part.path("name").asString(""), Path.of(source));
            benchmarks.put(benchmark.name(), benchmark);
            Map<String, Item> byId = new LinkedHashMap<>();
            benchmark.read(place).items().forEach(item -> byId.put(item.id(), item));
            items.put(benchmark.name(), byId);
        }
        for (RawRows.RawRow row : RawRows.read(folder.resolve("items.jsonl"), "file of scores", Set.of())) {
            JsonNode value = row.value();
            double[] ofItem = new double[value.path("scores").size()];
            for (int i = 0; i < ofItem.length; i++) {
                ofItem[i] = value.path("scores").get(i).asDouble(Double.NaN);
            }
            scores.computeIfAbsent(
                            key(
                                    value.path("benchmark").asString(""),
                                    value.path("scorer").asString("")),
                            key -> new LinkedHashMap<>())
                    .put(
                            value.path("item").asString(""),
                            new Kept(value.path("content").asString(""), ofItem));
        }
    }

    private static String key(String benchmark, String scorer) {
        return benchmark + "\n" + scorer;
    }

    public List<String> scorers() {
        return List.copyOf(scorers);
    }

    public List<Benchmark> benchmarks() {
        return List.copyOf(benchmarks.values());
    }

    /** The scores of a scorer by the items' ids; a USER error naming what there is when the scorer is not there. */
    private Map<String, Kept> scores(Benchmark benchmark, String scorer) {
        return Optional.ofNullable(scores.get(key(benchmark.name(), scorer)))
                .orElseThrow(() -> SaveException.user("'" + folder + "' has no scores of '" + scorer + "' on "
                        + benchmark.title() + "; it has " + String.join(", ", scorers)));
    }

    /**
     * Compares scorers on a benchmark, over the items that both have scored.
     *
     * @param other where the second scorer is, possibly this folder
     * @return empty when they share no item
     * @throws SaveException USER when an item is not what it was for the other, or not what it was when it was scored
     */
    public Optional<Pairing> pair(Benchmark benchmark, String first, ResultsFolder other, String second) {
        Map<String, Kept> before = scores(benchmark, first);
        Map<String, Kept> after = other.scores(benchmark, second);
        List<Scored> firsts = new ArrayList<>();
        List<Scored> seconds = new ArrayList<>();
        Optional.ofNullable(items.get(benchmark.name())).orElse(Map.of()).forEach((id, item) -> {
            Optional<Kept> one = Optional.ofNullable(before.get(id));
            Optional<Kept> two = Optional.ofNullable(after.get(id));
            if (one.isPresent() && two.isPresent()) {
                refuseOtherContent(benchmark, item, one.get(), other, two.get());
                firsts.add(new Scored(item, one.get().scores()));
                seconds.add(new Scored(item, two.get().scores()));
            }
        });
        return firsts.isEmpty() ? Optional.empty() : Optional.of(new Pairing(firsts, seconds));
    }

    private void refuseOtherContent(Benchmark benchmark, Item item, Kept one, ResultsFolder other, Kept two) {
        String what = "item " + item.id() + " of " + benchmark.title();
        if (one.content().isEmpty() || two.content().isEmpty()) {
            throw SaveException.user("'" + (one.content().isEmpty() ? this : other).folder
                    + "' does not tell what " + what + " said, so that it may have changed; run 'save4j bench reward'"
                    + " again, which takes the scores that are kept");
        }
        if (!one.content().equals(two.content())) {
            throw SaveException.user(what + " in '" + folder + "' is not the one in '" + other.folder
                    + "': they were measured on different files; measure both on the same");
        }
        if (!one.content().equals(item.contentKey())) {
            throw SaveException.user(what + " has changed since it was scored in '" + folder
                    + "'; bring its file back, or run 'save4j bench reward' again");
        }
        if (one.scores().length != item.answers().size() || two.scores().length != one.scores().length) {
            throw SaveException.user(what + " has " + item.answers().size() + " answers, but " + one.scores().length
                    + " scores in '" + folder + "' and " + two.scores().length + " in '" + other.folder
                    + "'; run 'save4j bench reward' again");
        }
    }

    /** The same items in the same order, scored by two. */
    public record Pairing(List<Scored> first, List<Scored> second) {
        public Pairing {
            first = List.copyOf(first);
            second = List.copyOf(second);
        }
    }
}
