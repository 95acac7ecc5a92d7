package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import dev.save4j.loop.Progress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Asks scorers about the items of benchmarks and computes the metrics. What was scored before is taken from the cache. */
public final class RewardBenchmark {
    /** Requests per call of a scorer, after which the scores are kept. */
    private static final int CHUNK = 256;

    /** By how much scores may depend on what else is in the batch, for scores of size 1. */
    static final double BATCH_TOLERANCE = 1e-5;

    private static final int BATCH_TEST = 8;
    private static final int FIRST_PROBLEMS = 3;

    private final Path data;
    private final List<Loaded> benchmarks = new ArrayList<>();
    private final ScoreCache cache;
    private final long seed;

    private record Loaded(Benchmark benchmark, Benchmark.Questions questions) {}

    /**
     * Reads the benchmarks.
     *
     * @param limit items of each benchmark at most, evenly over the file, for trying
     * @param seed of the intervals
     */
    public RewardBenchmark(List<Benchmark> chosen, Path data, ScoreCache cache, int limit, long seed) {
        this.data = data;
        this.cache = cache;
        this.seed = seed;
        for (Benchmark benchmark : chosen) {
            Benchmark.Questions read = benchmark.read(data);
            if (read.items().isEmpty()) {
                throw SaveException.user("the files of " + benchmark.title() + " in '" + data + "' hold no items");
            }
            benchmarks.add(new Loaded(benchmark, limited(read, limit)));
        }
    }

    private static Benchmark.Questions limited(Benchmark.Questions all, int limit) {
        int count = all.items().size();
        if (count <= limit) {
            return all;
        }
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < limit; i++) {
            items.add(all.items().get((int) ((long) i * count / limit)));
        }
        List<String> notes = new ArrayList<>(all.notes());
        notes.add("only " + limit + " of " + count + " items, as asked; not comparable with published numbers");
        return new Benchmark.Questions(items, notes);
    }

    /** Measures scorers, one after the other. */
    public RewardResults run(List<Scorer> scorers, Progress progress) {
        Map<String, ScoreRequest> requests = new LinkedHashMap<>();
        List<List<List<String>>> keys = new ArrayList<>();
        for (Loaded loaded : benchmarks) {
            List<List<String>> ofItems = new ArrayList<>();
            for (Item item : loaded.questions().items()) {
                List<String> ofItem = new ArrayList<>();
                for (Item.Candidate answer : item.answers()) {
                    ScoreRequest request = new ScoreRequest(item.prompt(), answer.text());
                    String key = request.key();
                    requests.putIfAbsent(key, request);
                    ofItem.add(key);
                }
                ofItems.add(ofItem);
            }
            keys.add(ofItems);
        }
        List<RewardResults.ScorerPart> parts = new ArrayList<>();
        List<RewardResults.Entry> entries = new ArrayList<>();
        for (Scorer scorer : scorers) {
            Map<String, Score> scores = scores(scorer, requests, progress);
            List<String> notes = new ArrayList<>();
            double difference = scorer.identity().isPresent() ? batchDifference(scorer, requests, scores) : 0;
            if (difference > BATCH_TOLERANCE) {
                notes.add("a score differs by " + difference + " when it is computed alone instead of in a batch");
            }
            parts.add(new RewardResults.ScorerPart(scorer.name(), scorer.facts(), difference, notes));
            for (int b = 0; b < benchmarks.size(); b++) {
                entries.add(entry(scorer, benchmarks.get(b), keys.get(b), scores));
            }
        }
        return new RewardResults(
                data.toString(),
                seed,
                benchmarks.stream()
                        .map(loaded -> new RewardResults.BenchmarkPart(
                                loaded.benchmark().name(),
                                loaded.benchmark().title(),
                                loaded.benchmark().file().map(Path::toString).orElse(""),
                                loaded.benchmark().rule(),
                                loaded.questions().items().size(),
                                loaded.questions().notes()))
                        .toList(),
                parts,
                entries);
    }

    private Map<String, Score> scores(Scorer scorer, Map<String, ScoreRequest> requests, Progress progress) {
        Optional<String> identity = scorer.identity();
        Map<String, Score> scores = new HashMap<>(identity.map(cache::of).orElseGet(Map::of));
        List<Map.Entry<String, ScoreRequest>> missing = requests.entrySet().stream()
                .filter(request -> !scores.containsKey(request.getKey()))
                .toList();
        int kept = requests.size() - missing.size();
        String note = kept > 0 ? kept + " scores from before" : "scoring";
        for (int from = 0; from < missing.size(); from += CHUNK) {
            List<Map.Entry<String, ScoreRequest>> chunk = missing.subList(from, Math.min(from + CHUNK, missing.size()));
            List<Score> answers =
                    answers(scorer, chunk.stream().map(Map.Entry::getValue).toList(), !scores.isEmpty());
            Map<String, Score> fresh = new LinkedHashMap<>();
            for (int i = 0; i < chunk.size(); i++) {
                fresh.put(chunk.get(i).getKey(), answers.get(i));
            }
            identity.ifPresent(known -> cache.add(known, fresh));
            scores.putAll(fresh);
            progress.advance(scorer.name(), from + chunk.size(), missing.size(), note);
        }
        return scores;
    }

    /**
     * One request that a scorer refuses must not lose the others; when it refuses all, something else is wrong.
     *
     * @param proven whether it has scored something before
     */
    private static List<Score> answers(Scorer scorer, List<ScoreRequest> requests, boolean proven) {
        try {
            return checked(scorer, requests);
        } catch (SaveException refused) {
            List<Score> scores = new ArrayList<>();
            int failures = 0;
            for (ScoreRequest request : requests) {
                try {
                    scores.addAll(checked(scorer, List.of(request)));
                } catch (SaveException alone) {
                    scores.add(Score.missing(alone.getMessage()));
                    failures++;
                }
            }
            if (failures == requests.size() && !proven) {
                throw refused;
            }
            return scores;
        }
    }

    private static List<Score> checked(Scorer scorer, List<ScoreRequest> requests) {
        List<Score> scores = scorer.score(requests);
        if (scores.size() != requests.size()) {
            throw SaveException.internal("the scorer " + scorer.name() + " gave " + scores.size() + " scores for "
                    + requests.size() + " requests");
        }
        return scores;
    }

    /** The largest difference, relative to scores above 1, between scores that are computed together and alone. */
    private static double batchDifference(
            Scorer scorer, Map<String, ScoreRequest> requests, Map<String, Score> scores) {
        List<ScoreRequest> few = requests.entrySet().stream()
                .filter(request -> Optional.ofNullable(scores.get(request.getKey()))
                        .filter(score -> score.problem().isEmpty())
                        .isPresent())
                .limit(BATCH_TEST)
                .map(Map.Entry::getValue)
                .toList();
        List<Score> together = checked(scorer, few);
        double largest = 0;
        for (int i = 0; i < few.size(); i++) {
            double alone = checked(scorer, List.of(few.get(i))).get(0).value();
            double difference = Math.abs(alone - together.get(i).value()) / Math.max(1, Math.abs(alone));
            largest = Math.max(largest, Double.isNaN(difference) ? 0 : difference);
        }
        return largest;
    }

    private RewardResults.Entry entry(
            Scorer scorer, Loaded loaded, List<List<String>> keys, Map<String, Score> scores) {
        List<Scored> items = new ArrayList<>();
        int cut = 0;
        int unscored = 0;
        int ties = 0;
        List<String> problems = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            Item item = loaded.questions().items().get(i);
            List<Score> ofItem = keys.get(i).stream()
                    .map(key -> scores.getOrDefault(key, Score.missing("was not scored")))
                    .toList();
            Scored scored =
                    new Scored(item, ofItem.stream().mapToDouble(Score::value).toArray());
            items.add(scored);
            cut += ofItem.stream().anyMatch(Score::cut) ? 1 : 0;
            ties += scored.tied() ? 1 : 0;
            if (!scored.complete()) {
                unscored++;
                if (problems.size() < FIRST_PROBLEMS) {
                    ofItem.stream()
                            .filter(score -> !score.problem().isEmpty())
                            .findFirst()
                            .ifPresent(score -> problems.add(item.id() + ": " + score.problem()));
                }
            }
        }
        Bootstrap.Interval interval = Bootstrap.interval(loaded.benchmark(), items, seed);
        return new RewardResults.Entry(
                scorer.name(),
                loaded.benchmark().name(),
                loaded.benchmark().metrics(items),
                interval.low(),
                interval.high(),
                ties,
                cut,
                unscored,
                problems,
                items);
    }
}
