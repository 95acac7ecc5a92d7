package dev.save4j.bench.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.loop.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ScorersTest {
    private static final String PAIRS = """
            {"prompt": "p1", "chosen": "long answer", "rejected": "b"}
            {"prompt": "p2", "chosen": "a", "rejected": "long answer"}
            {"prompt": "p3", "chosen": "same", "rejected": "size"}
            """;

    @TempDir
    private Path folder;

    /** Scores by length, counts what it is asked, and cannot take a text. */
    private static class Fake implements Scorer {
        private final List<String> asked = new ArrayList<>();
        private final String refused;

        Fake(String refused) {
            this.refused = refused;
        }

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public Optional<String> identity() {
            return Optional.of("fake " + refused);
        }

        @Override
        public Map<String, String> facts() {
            return Map.of();
        }

        @Override
        public List<Score> score(List<ScoreRequest> requests) {
            List<Score> scores = new ArrayList<>();
            for (ScoreRequest request : requests) {
                if (request.response().equals(refused)) {
                    scores.add(Score.missing("cannot read '" + refused + "'"));
                    continue;
                }
                asked.add(request.response());
                scores.add(new Score(
                        request.response().length(), request.response().length() > 4, ""));
            }
            return scores;
        }

        @Override
        public void close() {
            // Holds nothing.
        }
    }

    private RewardResults run(Scorer... scorers) throws IOException {
        return run(RewardBenchmark.Options.all(17), scorers);
    }

    private RewardResults run(RewardBenchmark.Options options, Scorer... scorers) throws IOException {
        return run(Files.writeString(folder.resolve("pairs.jsonl"), PAIRS), options, scorers);
    }

    private RewardResults run(Path file, RewardBenchmark.Options options, Scorer... scorers) {
        try (ScoreCache cache = new ScoreCache(folder.resolve("scores.duckdb"))) {
            return new RewardBenchmark(List.of(new PreferencePairs(file)), folder, cache, options)
                    .run(List.of(scorers), Progress.SILENT);
        }
    }

    @Test
    void baselinesAreMeasuredAndTiesCounted() throws IOException {
        RewardResults results = run(Baseline.length(), Baseline.constant());
        RewardResults.Entry length = results.entry("length", "pairs");
        assertThat(length.headline()).isEqualTo(new Metric("overall", 1 / 3.0, 3, 3));
        assertThat(length.ties()).isEqualTo(1);
        assertThat(length.interval().exists()).isFalse();
        assertThat(results.notes())
                .contains(
                        "pairs: the official number has no interval, because its smallest part has 3 of the 10 prompts that one takes.");
        assertThat(results.entry("constant", "pairs").headline().value()).isZero();
        assertThat(results.entry("constant", "pairs").ties()).isEqualTo(3);
    }

    @Test
    void randomDependsOnTheRequestAndTheSeedAlone() {
        ScoreRequest one = new ScoreRequest(Item.asked("p"), "one");
        ScoreRequest two = new ScoreRequest(Item.asked("p"), "two");
        List<Score> together = Baseline.random(1).score(List.of(one, two));
        assertThat(Baseline.random(1).score(List.of(two)).get(0)).isEqualTo(together.get(1));
        assertThat(Baseline.random(2).score(List.of(two)).get(0)).isNotEqualTo(together.get(1));
        assertThat(together).allSatisfy(score -> assertThat(score.value()).isBetween(0.0, 1.0));
    }

    @Test
    void whatWasScoredBeforeIsNotAskedAgain() throws IOException {
        Fake first = new Fake("nothing");
        RewardResults results = run(first);
        Fake second = new Fake("nothing");
        assertThat(run(second).entry("fake", "pairs")).isEqualTo(results.entry("fake", "pairs"));
        // Six different requests and the test of batches, then the test and four of what was kept.
        assertThat(first.asked).hasSize(6 + 2 * 6);
        assertThat(second.asked).hasSize(2 * 6 + 4);
    }

    @Test
    void aRequestThatCannotBeScoredIsReportedAndWrong() throws IOException {
        RewardResults.Entry entry = run(new Fake("b")).entry("fake", "pairs");
        assertThat(entry.unscored()).isEqualTo(1);
        assertThat(entry.problems()).containsExactly("1: cannot read 'b'");
        assertThat(entry.headline().value()).isZero();
        assertThat(entry.cut()).isEqualTo(2);
        assertThat(run(new Fake("b")).notes())
                .anySatisfy(note -> assertThat(note).contains("2 items were too long"))
                .anySatisfy(note -> assertThat(note).contains("count as wrong, such as 1: cannot read 'b'"));
    }

    @Test
    void scoresThatDependOnTheirBatchAreRefusedBeforeAnythingIsScored() throws IOException {
        Fake leaky = new Fake("x") {
            @Override
            public List<Score> score(List<ScoreRequest> requests) {
                return super.score(requests).stream()
                        .map(score -> Score.of(score.value() + 0.25 * (requests.size() - 1)))
                        .toList();
            }
        };
        assertThatThrownBy(() -> run(leaky))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.ENGINE))
                .hasMessageStartingWith(
                        "fake gives a score of 11.0 alone and of 12.25 in a batch of 6 to 'long answer'; allowed is a"
                                + " difference of 1.0E-5.");
        RewardResults allowed = run(new RewardBenchmark.Options(Integer.MAX_VALUE, 17, 10), leaky);
        // Relative to the score of one character.
        assertThat(allowed.scorers().get(0).batchDifference()).isEqualTo(1.25);
        assertThat(allowed.notes()).anySatisfy(note -> assertThat(note).contains("a score differs by 1.25 when"));
    }

    @Test
    void aScorerThatHasChangedSinceIsNotMixedWithItsKeptScores() throws IOException {
        run(new Fake("x"));
        assertThatThrownBy(() -> run(new Fake("x") {
                    @Override
                    public List<Score> score(List<ScoreRequest> requests) {
                        return super.score(requests).stream()
                                .map(score -> Score.of(score.value() + 1))
                                .toList();
                    }
                }))
                .hasMessage("fake gives a score of 12.0 now, but 11.0 was kept for 'long answer': it has changed since."
                        + " Use another --out, or delete scores.duckdb");
    }

    /** The test of batches alone would ask about eight of a hundred answers. */
    @Test
    void whatWasKeptOfAPartIsComparedToo() throws IOException {
        StringBuilder many = new StringBuilder();
        for (int i = 0; i < 50; i++) {
            many.append("{\"prompt\": \"p\", \"chosen\": \"a%d\", \"rejected\": \"bb%d\"}\n".formatted(i, i));
        }
        Path few = Files.writeString(
                folder.resolve("few.jsonl"), "{\"prompt\": \"p\", \"chosen\": \"a29\", \"rejected\": \"bb29\"}\n");
        Path all = Files.writeString(folder.resolve("all.jsonl"), many);
        run(few, RewardBenchmark.Options.all(17), new Fake("x"));
        Fake other = new Fake("x") {
            @Override
            public List<Score> score(List<ScoreRequest> requests) {
                return super.score(requests).stream()
                        .map(score -> Score.of(-score.value()))
                        .toList();
            }
        };
        assertThatThrownBy(() -> run(all, RewardBenchmark.Options.all(17), other))
                .hasMessageStartingWith("fake gives a score of -3.0 now, but 3.0 was kept for 'a29': it has changed");
        assertThatThrownBy(() -> run(all, RewardBenchmark.Options.all(17), new Fake("x") {
                    @Override
                    public List<Score> score(List<ScoreRequest> requests) {
                        return requests.stream()
                                .map(request ->
                                        request.response().endsWith("29") ? Score.missing("too long") : Score.of(1))
                                .toList();
                    }
                }))
                .hasMessageStartingWith("fake gives no score now, but 3.0 was kept for 'a29'");
        assertThat(run(all, RewardBenchmark.Options.all(17), new Fake("x"))
                        .entry("fake", "all")
                        .unscored())
                .isZero();
    }

    @Test
    void infiniteScoresAreNoScores() {
        assertThat(Score.of(Double.NEGATIVE_INFINITY)).isEqualTo(Score.missing("the score is infinite"));
        Scored item = Golden.scored(
                "1", "1", "s", 1, Score.of(Double.POSITIVE_INFINITY).value(), 0);
        assertThat(new RewardBench().credit(item)).isZero();
        assertThat(item.complete()).isFalse();
    }

    @Test
    void aScorerThatCanScoreNothingEndsTheRun() {
        Fake silent = new Fake("x") {
            @Override
            public List<Score> score(List<ScoreRequest> requests) {
                return requests.stream()
                        .map(request -> Score.missing("too long"))
                        .toList();
            }
        };
        assertThatThrownBy(() -> run(silent))
                .hasMessage("fake has scored none of the first 6 answers; the first reason: too long");
    }

    @ParameterizedTest
    @MethodSource("failures")
    void aFailureOfTheScorerEndsTheRunAndIsNoWrongAnswer(SaveException failure) {
        int[] calls = new int[1];
        Fake failing = new Fake("x") {
            @Override
            public List<Score> score(List<ScoreRequest> requests) {
                calls[0]++;
                throw failure;
            }
        };
        assertThatThrownBy(() -> run(failing)).isSameAs(failure);
        assertThat(calls[0]).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void soDoesOneOfAScorerThatHasScoredBefore(SaveException failure) throws IOException {
        run(new Fake("x"));
        Fake failing = new Fake("x") {
            @Override
            public List<Score> score(List<ScoreRequest> requests) {
                // The two that are new, once the tests are over.
                if (requests.size() == 2) {
                    throw failure;
                }
                return super.score(requests);
            }
        };
        Path file = Files.writeString(folder.resolve("pairs.jsonl"), PAIRS + """
                {"prompt": "p4", "chosen": "new", "rejected": "b"}
                """);
        assertThatThrownBy(() -> run(file, RewardBenchmark.Options.all(17), failing))
                .isSameAs(failure);
        assertThat(failing.asked).contains("new");
    }

    static Stream<SaveException> failures() {
        return Stream.of(
                SaveException.user("wants a token"),
                SaveException.engine("is broken"),
                SaveException.resources("is gone"));
    }

    @Test
    void scoresComeFromAFile() throws IOException {
        Path file = Files.writeString(folder.resolve("scores.jsonl"), """
                {"prompt": "p1", "response": "long answer", "reward": 2.5}
                {"prompt": "p1", "response": "b", "reward": 2.25}
                {"prompt": "p2", "answer": "a", "score": 1}
                """);
        RewardResults.Entry entry = run(new ScoresFile("mine", file)).entry("mine", "pairs");
        assertThat(entry.headline().value()).isCloseTo(1 / 3.0, within(1e-12));
        assertThat(entry.unscored()).isEqualTo(2);
        assertThat(entry.problems().get(0)).contains("2: not in ");
    }

    @Test
    void aFileOfOtherScoresIsRefusedBeforeAnythingIsScored() throws IOException {
        Path file = Files.writeString(
                folder.resolve("scores.jsonl"), "{\"prompt\": \"p1\", \"response\": \"B\", \"reward\": 2.5}\n");
        Fake model = new Fake("x");
        assertThatThrownBy(() -> run(model, new ScoresFile("mine", file)))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage("mine has no score for any of the 6 answers of pairs; the first reason: not in " + file
                        + ", whose rows are found by exactly the prompt and the answer. Choose others with"
                        + " --benchmarks, or leave the scorer out");
        // The test of batches alone.
        assertThat(model.asked).hasSize(2 * 6);
    }

    @Test
    void rowsOfAPreferenceFileThatAreLeftOutAreCounted() throws IOException {
        Path file = Files.writeString(folder.resolve("broken.jsonl"), PAIRS + "{\"prompt\": \"p4\", \"chosen\n");
        assertThat(run(file, RewardBenchmark.Options.all(17), Baseline.length()).notes())
                .anySatisfy(note -> assertThat(note).contains("4 rows, 3 kept, 1 bad", "line 4"));
    }

    @Test
    void aFileOfScoresMustHaveThem() throws IOException {
        Path file = Files.writeString(folder.resolve("scores.jsonl"), "{\"prompt\": \"p\", \"response\": \"r\"}\n");
        assertThatThrownBy(() -> new ScoresFile("mine", file))
                .hasMessageContaining("line 1: expected the texts 'prompt' and 'response' and the number 'reward'");
    }

    @Test
    void aFileOfScoresMustNotContradictItself() throws IOException {
        Path file = Files.writeString(
                folder.resolve("scores.jsonl"),
                "{\"prompt\": \"p\", \"response\": \"r\", \"reward\": 1}\n{\"prompt\": \"p\", \"response\": \"r\", \"reward\": 2}\n");
        assertThatThrownBy(() -> new ScoresFile("mine", file))
                .hasMessageContaining(
                        "line 2: the score is 2.0, but a row before gave the same prompt and response 1.0");
    }

    @Test
    void resultsAreWrittenAsJsonCsvMarkdownAndScores() throws IOException {
        run(Baseline.length(), Baseline.constant()).write(folder);
        assertThat(folder.resolve("results.json"))
                .content()
                .contains("\"metrics\"")
                .doesNotContain("\"items\" : [");
        assertThat(Files.readAllLines(folder.resolve("results.csv")))
                .startsWith("scorer,benchmark,metric,value,items,low,high,ties,cut,unscored")
                .anySatisfy(line -> assertThat(line).startsWith("length,pairs,overall,0.3333333333333333,3,"));
        assertThat(folder.resolve("results.md")).content().contains("| length | 33.3 [–] |");
        assertThat(folder.resolve("report.html"))
                .content()
                .contains("<th scope=\"row\">length</th>", "<title>pairs, official number with interval</title>")
                .doesNotContain("<script", "NaN");
        assertThat(folder.resolve("plots/pairs-scores-length.png")).isNotEmptyFile();
        assertThat(folder.resolve("plots/pairs-scores-constant.png")).doesNotExist();
        assertThat(Files.readAllLines(folder.resolve("items.jsonl")))
                .hasSize(6)
                .allSatisfy(
                        line -> assertThat(line)
                                .matches(
                                        "\\{\"benchmark\":\"pairs\",\"scorer\":\"\\w+\",\"item\":\"\\d\",\"content\":\"[0-9a-f]{64}\",\"scores\":.*}"))
                .first()
                .asString()
                .endsWith("\"scores\":[11.0,1.0]}");
    }

    @Test
    void scorersOfSimilarNamesHavePlotsOfTheirOwn() throws IOException {
        Path scores = Files.writeString(folder.resolve("scores.jsonl"), """
                {"prompt": "p1", "response": "long answer", "reward": 2}
                {"prompt": "p1", "response": "b", "reward": 1}
                """);
        run(new ScoresFile("a/b", scores), new ScoresFile("a:b", scores), new ScoresFile("A b", scores))
                .write(folder);
        assertThat(folder.resolve("plots/pairs-scores-a_b.png")).isNotEmptyFile();
        assertThat(folder.resolve("plots/pairs-scores-a_b-2.png")).isNotEmptyFile();
        assertThat(folder.resolve("plots/pairs-scores-A_b-3.png")).isNotEmptyFile();
    }

    @Test
    void benchmarksAreTakenOnce() throws IOException {
        Path pairs = Files.createDirectories(folder.resolve("ppe"));
        Files.writeString(pairs.resolve("human-preference.jsonl"), "");
        assertThat(Benchmarks.named(List.of("all", "ppe-preference", "ppe-preference"), folder))
                .extracting(Benchmark::name)
                .containsExactly("ppe-preference");
        assertThatThrownBy(() -> Benchmarks.named(List.of("all", "rmb"), folder))
                .hasMessageContaining("has no files of RMB");
    }

    @Test
    void intervalsKeepGroupsTogetherAndAreReproducible() {
        List<Scored> items = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            items.add(Golden.scored("r" + i, "g" + i / 2, "s", 1, i / 2 % 2, 0.5));
        }
        RewardBench benchmark = new RewardBench();
        Interval interval = Bootstrap.intervals(benchmark, items, 1).get(0);
        assertThat(Bootstrap.intervals(benchmark, items, 1).get(0)).isEqualTo(interval);
        // 50 groups of two: the standard error is 0.5 / sqrt(50), not 0.5 / sqrt(100).
        assertThat(interval.high() - interval.low()).isCloseTo(2 * 1.96 * 0.5 / Math.sqrt(50), within(0.04));
        assertThat(interval.holds(0.5)).isTrue();
    }

    /** Each of 40 subsets has one prompt: drawn from alone, none of them would ever vary. */
    @Test
    void promptsAreDrawnWithinWhatTheOfficialNumberAverages() {
        List<Scored> items = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            items.add(Golden.scored(
                    "r" + i,
                    "g" + i,
                    "BoN_set/" + (i < 20 ? "Harmlessness" : "Helpfulness") + "/S" + i,
                    1,
                    i % 2,
                    0.5));
        }
        Interval interval = Bootstrap.intervals(new Rmb(), items, 1).get(0);
        // The mean of two parts of 20 prompts each, half of them right: the standard error is 0.5 / sqrt(40).
        assertThat(interval.high() - interval.low()).isCloseTo(2 * 1.96 * 0.5 / Math.sqrt(40), within(0.05));
    }

    @Test
    void aPartOfFewPromptsHasNoInterval() {
        List<Scored> items = new ArrayList<>();
        for (int i = 0; i < 29; i++) {
            // 20 prompts of one part; nine prompts of the other, one of them with two items.
            items.add(Golden.scored("r" + i, "g" + i, i < 20 ? "natural" : "adver-manual", 1, i % 2, 0.5));
        }
        items.add(Golden.scored("again", "g28", "adver-manual", 1, 1, 0.5));
        List<Interval> intervals = Bootstrap.intervals(new LlmBar(), items, 1);
        assertThat(new LlmBar().metrics(items))
                .extracting(Metric::name, Metric::items, Metric::prompts)
                .containsExactly(tuple("overall", 30, 9), tuple("adver-manual", 10, 9), tuple("natural", 20, 20));
        assertThat(intervals).extracting(Interval::exists).containsExactly(false, false, true);
    }

    @Test
    void pairsAboutOnePromptBelongTogether() {
        Item one = Item.pair("1", "s", Item.asked("p"), "a", "b");
        assertThat(Item.pair("2", "s", Item.asked("p"), "c", "d").group()).isEqualTo(one.group());
        assertThat(Item.pair("3", "s", Item.asked("q"), "a", "b").group()).isNotEqualTo(one.group());
    }
}
