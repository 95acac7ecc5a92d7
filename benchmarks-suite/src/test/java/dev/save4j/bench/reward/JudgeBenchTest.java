package dev.save4j.bench.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class JudgeBenchTest {
    private static final String[] SOURCES = {"mmlu-pro", "livebench-reasoning", "livebench-math", "livecodebench"};

    @ParameterizedTest
    @CsvSource({
        "Skywork_Skywork-Reward-Llama-3.1-8B, 91, 63, 43, 21, 62.54",
        "internlm_internlm2-7b-reward, 87, 60, 40, 21, 59.79"
    })
    void reproducesTheNumbersOfModelsFromTheirStoredScores(
            String model, int knowledge, int reasoning, int math, int code, double macro) {
        Path stored = Golden.shared("golden/judgebench/outputs/" + model + ".jsonl.gz");
        JudgeBench benchmark = JudgeBench.gpt();
        List<Item> items = benchmark.read(Golden.shared("benchmarks")).items();
        List<BenchmarkRow> rows = BenchmarkRow.of(stored);
        List<Scored> scored = new ArrayList<>();
        int both = 0;
        for (int i = 0; i < items.size(); i++) {
            assertThat(rows.get(i).text("pair_id")).isEqualTo(items.get(i).id());
            double[] original = scores(rows.get(i), 0);
            scored.add(new Scored(items.get(i), original));
            both += JudgeBench.rightInBothOrders(
                            items.get(i).answers().get(0).right(), original, scores(rows.get(i), 1))
                    ? 1
                    : 0;
        }
        assertThat(SOURCES)
                .extracting(source -> Golden.right(benchmark, scored, source))
                .containsExactly((long) knowledge, (long) reasoning, (long) math, (long) code);
        assertThat(both).isEqualTo(knowledge + reasoning + math + code);
        Map<String, Double> values = Golden.values(benchmark, scored);
        assertThat(values.get("overall")).isEqualTo(both / 350.0);
        assertThat(values.get("both orders")).isEqualTo(both / 350.0);
        assertThat(100 * values.get("macro")).isCloseTo(macro, within(0.005));
    }

    private static double[] scores(BenchmarkRow row, int game) {
        JsonNode scores = row.list("judgments").get(game).path("judgment").path("scores");
        return new double[] {scores.get(0).asDouble(), scores.get(1).asDouble()};
    }

    @Test
    void aTieDecidesForTheSecondAnswerAndIsNeverRightInBothOrders() {
        assertThat(JudgeBench.right(true, 1, 1)).isFalse();
        assertThat(JudgeBench.right(false, 1, 1)).isTrue();
        double[] tie = {1, 1};
        assertThat(JudgeBench.rightInBothOrders(true, tie, tie)).isFalse();
        assertThat(JudgeBench.rightInBothOrders(false, tie, tie)).isFalse();
    }

    @Test
    void anAnswerWithoutAScoreIsWrong() {
        Item item = new Item(
                "1",
                "1",
                "mmlu-pro",
                Item.asked("q"),
                List.of(new Item.Candidate("a", false), new Item.Candidate("b", true)),
                List.of(new Item.Pair(1, 0)));
        assertThat(JudgeBench.gpt().credit(new Scored(item, new double[] {Double.NaN, 1})))
                .isZero();
        assertThat(JudgeBench.gpt().credit(new Scored(item, new double[] {1, 1})))
                .isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"gpt, 68, 41, 29, 23, 161, 350", "claude, 69, 22, 14, 15, 120, 270"})
    void lengthOnTheRealFiles(
            String responses, int knowledge, int reasoning, int math, int code, int overall, int pairs) {
        JudgeBench benchmark = responses.equals("gpt") ? JudgeBench.gpt() : JudgeBench.claude();
        List<Scored> items = Golden.byLength(benchmark);
        assertThat(items).hasSize(pairs);
        assertThat(SOURCES)
                .extracting(source -> Golden.right(benchmark, items, source))
                .containsExactly((long) knowledge, (long) reasoning, (long) math, (long) code);
        assertThat(benchmark.headline(items)).isEqualTo(overall / (double) pairs);
    }
}
