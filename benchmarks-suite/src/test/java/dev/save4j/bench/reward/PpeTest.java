package dev.save4j.bench.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PpeTest {
    private static final String CORRECTNESS = """
            {"question_id": 1, "model_name": "m", "prompt": "p", "response_1": "a", "response_2": "b", "response_3": "c", "scores": [true, false, true], "sampled_conflict_pairs": [[0, 1], [1, 2]]}
            {"question_id": 2, "model_name": "m", "prompt": "p", "response_1": "a", "response_2": "b", "response_3": "c", "scores": [true, true, true], "sampled_conflict_pairs": []}
            """;

    @Test
    void leavesOutVotesForATieAndSaysSo(@TempDir Path data) throws IOException {
        Path folder = Files.createDirectories(data.resolve("PPE-Human-Preference-V1"));
        Files.writeString(folder.resolve("test.jsonl"), """
                {"question_id": "q1", "prompt": "p", "response_1": "long answer", "response_2": "b", "winner": "model_b", "language": "English"}
                {"question_id": "q2", "prompt": "p", "response_1": "a", "response_2": "b", "winner": "tie", "language": "English"}
                {"question_id": "q3", "prompt": "p", "response_1": "long answer", "response_2": "b", "winner": "model_a", "language": "German"}
                """);
        PpePreference benchmark = new PpePreference();
        Benchmark.Questions questions = benchmark.read(data);
        assertThat(questions.notes()).containsExactly("1 votes for a tie left out");
        Map<String, Double> values = Golden.values(benchmark, Golden.byLength(questions.items(), 1));
        assertThat(values)
                .containsEntry("overall", 0.5)
                .containsEntry("English", 0.0)
                .containsEntry("German", 1.0);
    }

    @Test
    void countsConflictPairs(@TempDir Path data) throws IOException {
        Files.createDirectories(data.resolve("PPE-GPQA-Best-of-K/data"));
        Files.writeString(data.resolve("PPE-GPQA-Best-of-K/data/train.jsonl"), CORRECTNESS);
        Files.createDirectories(data.resolve("PPE-MMLU-Pro-Best-of-K"));
        Files.writeString(data.resolve("PPE-MMLU-Pro-Best-of-K/train.jsonl"), CORRECTNESS);
        PpeCorrectness benchmark = new PpeCorrectness();
        Benchmark.Questions questions = benchmark.read(data);
        assertThat(questions.items())
                .extracting(Item::id)
                .containsExactly("GPQA/m/1", "GPQA/m/2", "MMLU-Pro/m/1", "MMLU-Pro/m/2");
        assertThat(questions.notes())
                .contains(
                        "2 prompts without a conflict pair count for the best of k alone", "the set IFEval is missing");
        List<Scored> scored = List.of(
                new Scored(questions.items().get(0), new double[] {2, 3, 0}),
                new Scored(questions.items().get(1), new double[] {2, 1, 0}),
                new Scored(questions.items().get(2), new double[] {2, 1, 3}),
                new Scored(questions.items().get(3), new double[] {2, 1, 0}));
        Map<String, Double> values = Golden.values(benchmark, scored);
        assertThat(values.get("GPQA")).isZero();
        assertThat(values.get("MMLU-Pro")).isEqualTo(1);
        assertThat(values.get("overall")).isEqualTo(0.5);
        assertThat(values.get("GPQA, AUC")).isZero();
        assertThat(values.get("AUC")).isEqualTo(0.5);
        // The best of the three is wrong for one prompt; for the other all are right.
        assertThat(values.get("GPQA, best of 3")).isEqualTo(0.5);
        assertThat(Comparison.of(benchmark, "a", scored, "b", scored, 1).verdict())
                .isEqualTo("On PPE correctness, b and a earn the same on all 2 items.");
        List<Scored> withoutConflict = List.of(scored.get(1));
        assertThat(benchmark.metrics(withoutConflict))
                .extracting(Metric::name)
                .containsExactly("overall", "AUC", "GPQA, best of 3");
        assertThat(benchmark.headline(withoutConflict)).isNaN();
    }

    @Test
    void foldersAboveTheDataSayNothing(@TempDir Path folder) throws IOException {
        Path correctness = Files.createDirectories(folder.resolve("dp-preferences/ppe"));
        Files.writeString(correctness.resolve("gpqa.jsonl"), CORRECTNESS);
        assertThat(new PpePreference().isIn(folder.resolve("dp-preferences"))).isFalse();
        assertThat(new PpeCorrectness().isIn(folder.resolve("dp-preferences"))).isTrue();
        Path preference = Files.createDirectories(folder.resolve("my-math-data/ppe"));
        Files.writeString(preference.resolve("human-preference.jsonl"), "");
        assertThat(new PpePreference().isIn(folder.resolve("my-math-data"))).isTrue();
        assertThat(new PpeCorrectness().isIn(folder.resolve("my-math-data"))).isFalse();
        // The folder of data may be that of the benchmark itself, and then its name counts.
        Path own = Files.createDirectories(folder.resolve("PPE-Human-Preference-V1"));
        Files.writeString(own.resolve("test.jsonl"), "");
        assertThat(new PpePreference().isIn(own)).isTrue();
        Path gpqa = Files.createDirectories(folder.resolve("PPE-GPQA-Best-of-K"));
        Files.writeString(gpqa.resolve("train.jsonl"), CORRECTNESS);
        assertThat(new PpeCorrectness().read(gpqa).items())
                .extracting(Item::subset)
                .containsOnly("GPQA");
    }

    @Test
    void refusesAConflictPairOfTwoRightAnswers(@TempDir Path data) throws IOException {
        Files.createDirectories(data.resolve("PPE-GPQA-Best-of-K"));
        Files.writeString(
                data.resolve("PPE-GPQA-Best-of-K/train.jsonl"), CORRECTNESS.replace("[[0, 1], [1, 2]]", "[[0, 2]]"));
        assertThatThrownBy(() -> new PpeCorrectness().read(data))
                .hasMessageContaining("has the conflict pair [0,2] of answers that are both right");
    }

    @Test
    void bestOfKIsTheExpectationOverAllChoices() {
        // Of the three pairs of answers {right 3, wrong 2, wrong 1} two hold the right one, which then wins.
        assertThat(BestOfK.curve(List.of(Golden.scored("1", "1", "x", 1, 3, 2, 1))))
                .containsExactly(new double[] {1 / 3.0, 2 / 3.0, 1}, within(1e-12));
        // All score the same, so any k choose at random.
        assertThat(BestOfK.curve(List.of(Golden.scored("1", "1", "x", 1, 1, 1, 1))))
                .containsExactly(new double[] {1 / 3.0, 1 / 3.0, 1 / 3.0}, within(1e-12));
        // An answer without a score is chosen last.
        assertThat(BestOfK.curve(List.of(Golden.scored("1", "1", "x", 1, Double.NaN, 1))))
                .containsExactly(new double[] {0.5, 0}, within(1e-12));
    }
}
