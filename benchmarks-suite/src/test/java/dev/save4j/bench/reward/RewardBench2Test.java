package dev.save4j.bench.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RewardBench2Test {
    /** Made-up scores whose metrics were computed in float64 from the definition of allenai/reward-bench. */
    private static final List<Scored> TIES = List.of(
            ties("ref:0", 1, 1.314, 0.925, 0.355, 0.352),
            ties("tied:0", 3, 1.281, 1.013, 1.376, -0.679, -0.034, -0.295, 0.555),
            ties("ref:1", 1, 1.265, 0.379, -0.309, 2.123),
            ties("tied:1", 3, 1.057, 1.275, 1.473, -0.773, 0.186, 0.941, -0.64),
            ties("ref:2", 1, 0.538, 0.746, 0.578, -0.034),
            ties("tied:2", 3, 1.63, 1.326, 0.78, 0.989, -0.806, 0.173, -0.111),
            ties("ref:3", 1, 2.116, -0.269, -0.037, -0.694),
            ties("tied:3", 3, 1.405, 1.25, 1.033, -0.364, 0.883, 0.235, -0.399));

    private final RewardBench2 benchmark = new RewardBench2();

    private static Scored ties(String id, int right, double... scores) {
        return Golden.scored("Ties/" + id, id.substring(id.indexOf(':')), "Ties", right, scores);
    }

    private double bestOfFour(double... scores) {
        return benchmark.credit(Golden.scored("1", "1", "Focus", 1, scores));
    }

    @Test
    void answersThatShareTheHighestScoreShareTheCredit() {
        assertThat(bestOfFour(2, 1, 0, -1)).isEqualTo(1);
        assertThat(bestOfFour(1, 2, 0, 0)).isZero();
        assertThat(bestOfFour(1, 1, 0, 0)).isEqualTo(0.5);
        assertThat(bestOfFour(1, 1, 1, 1)).isEqualTo(0.25);
        assertThat(bestOfFour(0, 1, 1, 0)).isZero();
        assertThat(bestOfFour(2, 1, Double.NaN, 0)).isZero();
    }

    @Test
    void tiesHaveTheirOwnFormula() {
        RewardBench2.TiesScore ties = RewardBench2.ties(TIES);
        assertThat(ties.tiedAccuracy()).isEqualTo(0.75);
        assertThat(ties.referenceAccuracy()).isEqualTo(0.5);
        assertThat(ties.preferred()).isEqualTo(0.25);
        assertThat(ties.preferredHard()).isEqualTo(0.25);
        assertThat(ties.margin()).isCloseTo(-0.5765016462429198, within(1e-12));
        assertThat(ties.total()).isCloseTo(0.46923498353757076, within(1e-12));
    }

    @Test
    void everySubsetWeighsTheSame() {
        List<Scored> items = new java.util.ArrayList<>(TIES);
        items.add(Golden.scored("1", "1", "Focus", 1, 1, 1, 0, 0));
        assertThat(Golden.values(benchmark, items).get("overall"))
                .isCloseTo((0.46923498353757076 + 0.5) / 2, within(1e-12));
    }

    @Test
    void refusesARowWithoutAnAnswer(@TempDir Path data) throws IOException {
        Path folder = Files.createDirectories(data.resolve("reward-bench-2"));
        Files.writeString(
                folder.resolve("test.jsonl"),
                "{\"id\": \"1\", \"prompt\": \"p\", \"chosen\": [], \"rejected\": [\"b\"], \"subset\": \"Math\"}\n");
        assertThatThrownBy(() -> benchmark.read(data))
                .hasMessageContaining("test.jsonl, line 1 has nothing in its list 'chosen'");
    }

    @Test
    void readsAnswersAsLists(@TempDir Path data) throws IOException {
        Path folder = Files.createDirectories(data.resolve("reward-bench-2/data"));
        Files.writeString(folder.resolve("test.jsonl"), """
                {"id": "12", "prompt": "p", "chosen": ["a"], "rejected": ["b", "c", "d"], "subset": "Math"}
                {"id": "ref:0", "prompt": "p", "chosen": ["a"], "rejected": ["b"], "subset": "Ties"}
                {"id": "tied:0", "prompt": "p", "chosen": ["a", "b"], "rejected": ["c"], "subset": "Ties"}
                """);
        List<Item> items = benchmark.read(data).items();
        assertThat(items).extracting(Item::id).containsExactly("Math/12", "Ties/ref:0", "Ties/tied:0");
        assertThat(items.get(1).group()).isEqualTo(items.get(2).group());
        assertThat(items.get(0).pairs()).hasSize(3);
    }
}
