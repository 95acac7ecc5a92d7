package dev.save4j.bench.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RmbTest {
    private final Rmb benchmark = new Rmb();

    @Test
    void theBestAnswerMustBeatEveryOther() {
        assertThat(benchmark.credit(Golden.scored("1", "1", "BoN_set/Harmlessness/S1", 1, 2, 1, 0)))
                .isEqualTo(1);
        assertThat(benchmark.credit(Golden.scored("1", "1", "BoN_set/Harmlessness/S1", 1, 2, 1, 2)))
                .isZero();
        assertThat(benchmark.credit(Golden.scored("1", "1", "BoN_set/Harmlessness/S1", 1, 2, 1, Double.NaN)))
                .isZero();
    }

    @Test
    void reproducesAPublishedMeanOfTheFourParts() {
        assertThat(Averages.mean(List.of(
                        new Metric("Pairwise Helpfulness", 0.7854375682924406, 10067, 10067),
                        new Metric("Pairwise Harmlessness", 0.7679784824462061, 7064, 7064),
                        new Metric("BoN Helpfulness", 1307 / 2109.0, 2109, 2109),
                        new Metric("BoN Harmlessness", 1036 / 1677.0, 1677, 1677))))
                .isCloseTo(0.6977277164892101, within(1e-12));
    }

    /** Published accuracies of RM-R1-DeepSeek-Distilled-Qwen-32B times the rows that are read are whole numbers. */
    @ParameterizedTest
    @CsvSource({
        "BoN_set/Harmlessness/S1, 0.7477477477477478, 83, 111",
        "BoN_set/Harmlessness/S11, 0.5720930232558139, 123, 215",
        "BoN_set/Helpfulness/Chat/Casual Conversation, 0.5915492957746479, 42, 71",
        "BoN_set/Helpfulness/Closed QA/OptionBased, 0.58, 58, 100",
        "Pairwise_set/Harmlessness/S5, 0.8306595365418895, 466, 561",
        "Pairwise_set/Helpfulness/Code/Quality and Optimization, 0.8515625, 327, 384"
    })
    void countsTheItemsOfACategory(String category, double published, int right, int items) {
        List<Scored> scored = Golden.byLength(benchmark);
        assertThat(scored.stream()
                        .filter(item -> item.item().subset().equals(category))
                        .count())
                .isEqualTo(items);
        assertThat(right / (double) items).isCloseTo(published, within(1e-12));
    }

    private static final String PAIR = """
            {"pair_uid": "1", "conversation_input": [{"role": "user", "content": "hi"}], "chosen": {"answer": "a"}, "reject": {"answer": "b"}, "category_path": "Pairwise_set/Harmlessness/S1"}
            """;
    private static final String BEST = """
            {"bon_uid": "1", "conversation_input": [{"role": "user", "content": "hi"}], "bon_best": {"answer": "a"}, "loser_list": [{"answer": "b"}], "category_path": "BoN_set/Helpfulness/Chat/x"}
            """;

    private Benchmark.Questions read(Path data, String rows) throws IOException {
        Path folder = Files.createDirectories(data.resolve("rmb"));
        Files.writeString(folder.resolve("rows.jsonl"), rows);
        return benchmark.read(data);
    }

    @Test
    void refusesRowsThatAreNotAsPublished(@TempDir Path data) throws IOException {
        assertThat(read(data, PAIR + BEST).items()).hasSize(2);
        assertRefused(data, PAIR.replace("\"content\"", "\"text\""), "a turn without the texts 'role' and 'content'");
        assertRefused(data, PAIR.replaceAll("\\[.*]", "[]"), "has no turn in 'conversation_input'");
        assertRefused(data, BEST.replace("[{\"answer\": \"b\"}]", "[]"), "has nobody in its 'loser_list'");
        assertRefused(
                data,
                PAIR.replace("Pairwise_set/Harmlessness/S1", "odd"),
                "has the category_path 'odd', expected Pairwise_set/Harmlessness/… or Pairwise_set/Helpfulness/…");
        assertRefused(data, BEST.replace("BoN_set", "Pairwise_set"), "expected BoN_set/Harmlessness/…");
    }

    private void assertRefused(Path data, String row, String why) {
        assertThatThrownBy(() -> read(data, row))
                .hasMessageContaining("rows.jsonl, line 1 ")
                .hasMessageContaining(why);
    }

    /** 7,232 pairs and 1,984 best-of-n questions are about 1,607 prompts; 955 of these have both. */
    @Test
    void pairsAndQuestionsAboutOnePromptBelongTogether() {
        List<Scored> items = Golden.byLength(benchmark);
        assertThat(items.stream().map(item -> item.item().group()).distinct()).hasSize(1607);
        assertThat(benchmark.metrics(items).subList(0, 5))
                .extracting(Metric::name, Metric::items)
                .containsExactly(
                        tuple("overall", 9216),
                        tuple("BoN Harmlessness", 872),
                        tuple("BoN Helpfulness", 1112),
                        tuple("Pairwise Harmlessness", 2812),
                        tuple("Pairwise Helpfulness", 4420));
    }

    @Test
    void lengthOnTheRealFiles() {
        List<Scored> items = Golden.byLength(benchmark);
        assertThat(Golden.right(benchmark, items, "BoN_set/Harmlessness")).isEqualTo(307);
        assertThat(Golden.count(items, "BoN_set/Harmlessness")).isEqualTo(872);
        assertThat(Golden.right(benchmark, items, "BoN_set/Helpfulness")).isEqualTo(557);
        assertThat(Golden.count(items, "BoN_set/Helpfulness")).isEqualTo(1112);
        assertThat(Golden.right(benchmark, items, "Pairwise_set/Harmlessness")).isEqualTo(1482);
        assertThat(Golden.count(items, "Pairwise_set/Harmlessness")).isEqualTo(2812);
        assertThat(Golden.right(benchmark, items, "Pairwise_set/Helpfulness")).isEqualTo(2863);
        assertThat(Golden.count(items, "Pairwise_set/Helpfulness")).isEqualTo(4420);
        Map<String, Double> values = Golden.values(benchmark, items);
        assertThat(values.get("overall"))
                .isCloseTo((307 / 872.0 + 557 / 1112.0 + 1482 / 2812.0 + 2863 / 4420.0) / 4, within(1e-12));
    }
}
