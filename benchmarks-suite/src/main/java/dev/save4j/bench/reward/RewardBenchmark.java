package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import dev.save4j.loop.Progress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Asks scorers about the items of benchmarks and computes the metrics. What was scored before is taken from the cache. */
public final class RewardBenchmark {
    /** Requests per call of a scorer, after which the scores are kept. */
    private static final int CHUNK = 256;

    /** Rounding alone. */
    public static final double BATCH_TOLERANCE = 1e-5;

    private static final int BATCH_TEST = 8;

    /** Kept scores of each benchmark that are computed once more. */
    private static final int KEPT_TEST = 4;

    private static final int FIRST_PROBLEMS = 3;

    private final Path data;
    private final List<Loaded> benchmarks = new ArrayList<>();
    private final ScoreCache cache;
    private final Options options;

    /**
     * How to measure.
     *
     * @param limit items of each benchmark at most, evenly over the file, for trying
     * @param seed of the intervals
     * @param batchTolerance by how much a score, of size 1 or relative to larger ones, may depend on what else is in its batch
     */
    public record Options(int limit, long seed, double batchTolerance) {
        public Options {
            if (limit < 1) {
                throw SaveException.user("at least 1 item of each benchmark is needed, not " + limit);
            }
            if (!(batchTolerance >= 0)) {
                throw SaveException.user("the tolerance of batches must be at least 0, but is " + batchTolerance);
            }
        }

        /** All items. */
        public static Options all(long seed) {
            return new Options(Integer.MAX_VALUE, seed, BATCH_TOLERANCE);
        }
    }

    private record Loaded(Benchmark benchmark, Benchmark.Questions questions) {}

    /** Reads the benchmarks. */
    public RewardBenchmark(List<Benchmark> chosen, Path data, ScoreCache cache, Options options) {
        this.data = data;
        this.cache = cache;
        this.options = options;
        for (Benchmark benchmark : chosen) {
            Benchmark.Questions read = benchmark.read(data);
            if (read.items().isEmpty()) {
                throw SaveException.user("the files of " + benchmark.title() + " in '" + data + "' hold no items");
            }
            benchmarks.add(new Loaded(benchmark, limited(read, options.limit())));
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

    /**
     * Measures scorers, one after the other, once all of them have passed the test of batches.
     *
     * @throws SaveException ENGINE when a score depends on its batch; USER when one is not that which was kept before, and when a benchmark has none
     */
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
        for (Scorer scorer : scorers) {
            double difference =
                    scorer.identity().isPresent() ? batchDifference(scorer, List.copyOf(requests.values())) : 0;
            refuseChanged(scorer, keys, requests);
            List<String> notes = new ArrayList<>(scorer.notes());
            if (difference > BATCH_TOLERANCE) {
                notes.add("a score differs by " + difference + " when it is computed alone instead of in a batch");
            }
            parts.add(new RewardResults.ScorerPart(
                    scorer.name(), !(scorer instanceof Baseline), scorer.facts(), difference, notes));
        }
        List<RewardResults.Entry> entries = new ArrayList<>();
        Map<String, Map<String, Score>> scores = new HashMap<>();
        // What costs nothing goes first: where it has no scores, nothing else need be computed.
        for (boolean costs : new boolean[] {false, true}) {
            for (Scorer scorer : scorers) {
                if (scorer.identity().isPresent() == costs) {
                    Map<String, Score> own = scores(scorer, requests, progress);
                    refuseBenchmarksWithoutScores(scorer, keys, own);
                    scores.put(scorer.name(), own);
                }
            }
        }
        for (Scorer scorer : scorers) {
            for (int b = 0; b < benchmarks.size(); b++) {
                entries.add(entry(
                        scorer, benchmarks.get(b), keys.get(b), Objects.requireNonNull(scores.get(scorer.name()))));
            }
        }
        return new RewardResults(
                data.toAbsolutePath().normalize().toString(),
                options.seed(),
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
                    checked(scorer, chunk.stream().map(Map.Entry::getValue).toList());
            if (scores.isEmpty() && identity.isPresent()) {
                refuseNoScoreAtAll(scorer, answers);
            }
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

    private static void refuseNoScoreAtAll(Scorer scorer, List<Score> answers) {
        if (answers.stream().noneMatch(answer -> answer.problem().isEmpty())) {
            throw SaveException.user(scorer.name() + " has scored none of the first " + answers.size()
                    + " answers; the first reason: " + answers.get(0).problem());
        }
    }

    /** A number for a benchmark of which nothing is scored would look like one of a bad scorer. */
    private void refuseBenchmarksWithoutScores(
            Scorer scorer, List<List<List<String>>> keys, Map<String, Score> scores) {
        for (int b = 0; b < benchmarks.size(); b++) {
            List<Score> own = keys.get(b).stream()
                    .flatMap(List::stream)
                    .distinct()
                    .map(key -> Objects.requireNonNull(scores.get(key)))
                    .toList();
            if (own.stream().noneMatch(score -> score.problem().isEmpty())) {
                throw SaveException.user(scorer.name() + " has no score for any of the " + own.size() + " answers of "
                        + benchmarks.get(b).benchmark().title() + "; the first reason: "
                        + own.get(0).problem() + ". Choose others with --benchmarks, or leave the scorer out");
            }
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

    /**
     * The largest difference, relative to scores above 1, between scores that are computed together and alone. Before anything is scored, because hours of
     * scores that depend on their company are worth nothing.
     */
    private double batchDifference(Scorer scorer, List<ScoreRequest> requests) {
        List<ScoreRequest> few = new ArrayList<>();
        List<Score> alone = new ArrayList<>();
        int count = Math.min(BATCH_TEST, requests.size());
        for (int i = 0; i < count; i++) {
            ScoreRequest request = requests.get((int) ((long) i * requests.size() / count));
            Score score = checked(scorer, List.of(request)).get(0);
            if (score.problem().isEmpty()) {
                few.add(request);
                alone.add(score);
            }
        }
        List<Score> together = few.isEmpty() ? List.of() : checked(scorer, few);
        double largest = 0;
        for (int i = 0; i < few.size(); i++) {
            double score = alone.get(i).value();
            double inBatch = together.get(i).value();
            double difference = difference(score, inBatch);
            if (!(difference <= options.batchTolerance())) {
                throw SaveException.engine(scorer.name() + " gives a score of " + score + " alone and of " + inBatch
                        + " in a batch of " + few.size() + " to '" + shortened(few.get(i))
                        + "'; allowed is a difference of "
                        + options.batchTolerance() + ". Padding reaches the score, or the engine rounds by the size of"
                        + " the batch: mend that, or allow it with --batch-tolerance, which the report will tell");
            }
            largest = Math.max(largest, difference);
        }
        return largest;
    }

    /**
     * Whether kept scores are those that the scorer gives now, by a few of each benchmark: another model behind the same address has the same identity. Of
     * each benchmark, because those kept for one may be older than those for another.
     */
    private void refuseChanged(Scorer scorer, List<List<List<String>>> keys, Map<String, ScoreRequest> requests) {
        Map<String, Score> kept = scorer.identity().map(cache::of).orElseGet(Map::of);
        Set<String> few = new LinkedHashSet<>();
        for (List<List<String>> ofItems : keys) {
            List<String> known = ofItems.stream()
                    .flatMap(List::stream)
                    .filter(kept::containsKey)
                    .distinct()
                    .toList();
            int count = Math.min(KEPT_TEST, known.size());
            for (int i = 0; i < count; i++) {
                few.add(known.get((int) ((long) i * known.size() / count)));
            }
        }
        List<ScoreRequest> asked = few.stream()
                .map(key -> Objects.requireNonNull(requests.get(key)))
                .toList();
        List<Score> now = asked.isEmpty() ? List.of() : checked(scorer, asked);
        for (int i = 0; i < asked.size(); i++) {
            double before = Objects.requireNonNull(kept.get(asked.get(i).key())).value();
            if (!(difference(now.get(i).value(), before) <= options.batchTolerance())) {
                throw SaveException.user(scorer.name() + " gives "
                        + (now.get(i).problem().isEmpty()
                                ? "a score of " + now.get(i).value()
                                : "no score")
                        + " now, but " + before + " was kept for '" + shortened(asked.get(i))
                        + "': it has changed since. Use another --out, or delete scores.duckdb");
            }
        }
    }

    private static double difference(double one, double other) {
        return Math.abs(one - other) / Math.max(1, Math.abs(one));
    }

    private static String shortened(ScoreRequest request) {
        String text = request.response().strip().replaceAll("\\s+", " ");
        return text.codePointCount(0, text.length()) <= 60
                ? text
                : text.substring(0, text.offsetByCodePoints(0, 60)) + " …";
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
                    .map(key -> Objects.requireNonNull(scores.get(key)))
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
        return new RewardResults.Entry(
                scorer.name(),
                loaded.benchmark().name(),
                loaded.benchmark().metrics(items),
                Bootstrap.intervals(loaded.benchmark(), items, options.seed()),
                ties,
                cut,
                unscored,
                problems,
                items);
    }
}
