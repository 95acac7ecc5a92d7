package dev.save4j.bench.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class ComparisonTest {
    private final RewardBench benchmark = new RewardBench();

    private static List<Scored> items(int right, int all) {
        List<Scored> items = new ArrayList<>();
        for (int i = 0; i < all; i++) {
            items.add(Golden.scored("" + i, "" + i, "s", 1, i < right ? 1 : 0, 0.5));
        }
        return items;
    }

    /** Two-sided binomial probabilities at one half, computed in exact fractions: 2 * sum of C(n, i) / 2^n. */
    @ParameterizedTest
    @CsvSource({"0, 0, 1", "5, 5, 1", "0, 5, 0.0625", "1, 9, 0.021484375", "2, 10, 0.03857421875", "8, 2, 0.109375"})
    void theTestIsExact(int gained, int lost, double p) {
        assertThat(Comparison.exact(gained, lost)).isCloseTo(p, within(1e-12));
    }

    @Test
    void theTestHoldsForManyPrompts() {
        assertThat(Comparison.exact(2500, 2500)).isCloseTo(1, within(1e-9));
        assertThat(Comparison.exact(5000, 0)).isZero();
    }

    @Test
    void aDifferenceIsClaimedOnlyWhenTheIntervalExcludesZero() {
        Comparison large = Comparison.of(benchmark, "a", items(50, 100), "b", items(80, 100), 1);
        assertThat(large.difference()).isCloseTo(0.3, within(1e-12));
        assertThat(large.gained()).isEqualTo(30);
        assertThat(large.lost()).isZero();
        assertThat(large.low()).isPositive();
        assertThat(large.verdict()).startsWith("On RewardBench, b is better than a (+30.0 points, 95 % interval [+2");
        assertThat(large.flips())
                .hasSize(30)
                .allSatisfy(flip -> assertThat(flip.change()).isEqualTo(1));
        Comparison small = Comparison.of(benchmark, "a", items(50, 100), "b", items(51, 100), 1);
        assertThat(small.verdict())
                .startsWith("On RewardBench, these 100 items do not tell b and a apart (+1.0 points");
        assertThat(Comparison.of(benchmark, "a", items(9, 10), "b", items(9, 10), 1)
                        .verdict())
                .isEqualTo("On RewardBench, b and a earn the same on all 10 items.");
        assertThat(Comparison.of(benchmark, "a", items(80, 100), "b", items(50, 100), 1)
                        .verdict())
                .contains("b is worse than a");
    }

    /** All 9 prompts are gained, which the test calls significant. */
    @Test
    void tooFewPromptsGiveNoVerdict() {
        Comparison comparison = Comparison.of(benchmark, "a", items(0, 9), "b", items(9, 9), 1);
        assertThat(comparison.low()).isNaN();
        assertThat(comparison.p()).isLessThan(0.01);
        assertThat(comparison.verdict())
                .isEqualTo(
                        "On RewardBench, these items are too few to tell b and a apart: the smallest part has 9 of the"
                                + " 10 prompts that an interval takes (+100.0 points, 9 prompts gained and 0 lost, McNemar p = 0.0039).");
        assertThat(Comparison.summary(List.of(comparison)))
                .startsWith(
                        "b against a: better on none; worse on none; not told apart on none; too few prompts on RewardBench.")
                .endsWith("leaves a difference on none.");
    }

    /** Each of 20 prompts has three items; the second scorer earns more on two of them and less on the third. */
    @Test
    void theTestCountsPrompts() {
        List<Scored> first = new ArrayList<>();
        List<Scored> second = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            boolean lost = i % 3 == 2;
            first.add(Golden.scored("" + i, "" + i / 3, "s", 1, lost ? 1 : 0, 0.5));
            second.add(Golden.scored("" + i, "" + i / 3, "s", 1, lost ? 0 : 1, 0.5));
        }
        Comparison comparison = Comparison.of(benchmark, "a", first, "b", second, 1);
        assertThat(comparison.gained()).isEqualTo(20);
        assertThat(comparison.lost()).isZero();
        assertThat(comparison.flips()).hasSize(60);
        assertThat(comparison.verdict()).contains("20 prompts gained and 0 lost, sign test p = 1.9e-06");
    }

    @Test
    void subsetsHavePairedIntervals() {
        List<Scored> first = items(50, 100);
        Comparison.Part part = Comparison.of(benchmark, "a", first, "b", items(80, 100), 1)
                .parts()
                .get(0);
        // Of 100 prompts 30 are gained: the standard error is sqrt(0.3 * 0.7 / 100).
        assertThat(part.high() - part.low()).isCloseTo(2 * 1.96 * Math.sqrt(0.3 * 0.7 / 100), within(0.03));
        assertThat(part.low()).isLessThan(0.3);
        assertThat(part.high()).isGreaterThan(0.3);
    }

    /** The margins of Ties are part of the official number, but change nobody's credit. */
    @Test
    void equalCreditsAreNotEqualNumbers() {
        List<Scored> first = new ArrayList<>();
        List<Scored> second = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            first.add(Golden.scored("Ties/ref:" + i, "Ties/" + i, "Ties", 1, 2, 1));
            first.add(Golden.scored("Ties/tied:" + i, "Ties/" + i, "Ties", 2, 3, 2, 1.5));
            second.add(Golden.scored("Ties/ref:" + i, "Ties/" + i, "Ties", 1, 2, 1));
            second.add(Golden.scored("Ties/tied:" + i, "Ties/" + i, "Ties", 2, 3, 2.9, 1.5));
        }
        Comparison comparison = Comparison.of(new RewardBench2(), "a", first, "b", second, 1);
        assertThat(comparison.flips()).isEmpty();
        assertThat(comparison.difference()).isGreaterThan(0.3);
        assertThat(comparison.verdict()).startsWith("On RewardBench 2, b is better than a (+");
    }

    @Test
    void differentItemsAreNotCompared() {
        assertThatThrownBy(() -> Comparison.of(benchmark, "a", items(1, 2), "b", items(1, 3), 1))
                .hasMessageContaining("2 items against 3");
    }

    @Test
    void storedScoresOfTwoModelsAreComparedPairByPair() {
        JudgeBench judge = JudgeBench.gpt();
        List<Item> items = judge.read(Golden.shared("benchmarks")).items();
        Comparison comparison = Comparison.of(
                judge,
                "internlm2-7b",
                stored(items, "internlm_internlm2-7b-reward"),
                "Skywork-8B",
                stored(items, "Skywork_Skywork-Reward-Llama-3.1-8B"),
                17);
        assertThat(comparison.difference()).isCloseTo((218 - 208) / 350.0, within(1e-12));
        assertThat(comparison.gained() - comparison.lost()).isEqualTo(10);
        assertThat(comparison.low()).isNegative();
        assertThat(comparison.verdict()).contains("do not tell Skywork-8B and internlm2-7b apart (+2.9 points");
        assertThat(comparison.parts()).extracting(Comparison.Part::name).contains("mmlu-pro", "livecodebench");
    }

    private static List<Scored> stored(List<Item> items, String model) {
        Path file = Golden.shared("golden/judgebench/outputs/" + model + ".jsonl.gz");
        List<Scored> scored = new ArrayList<>();
        List<BenchmarkRow> rows = BenchmarkRow.of(file);
        for (int i = 0; i < items.size(); i++) {
            JsonNode scores =
                    rows.get(i).list("judgments").get(0).path("judgment").path("scores");
            scored.add(new Scored(
                    items.get(i),
                    new double[] {scores.get(0).asDouble(), scores.get(1).asDouble()}));
        }
        return scored;
    }

    @Test
    void showsAPreferenceForLengthAndMarkdown() {
        Item item = Item.pair("1", "s", Item.asked("q"), "short", "- a long\n- **styled** answer");
        Bias fooled = Bias.of(List.of(new Scored(item, new double[] {0, 1})));
        assertThat(fooled).isEqualTo(new Bias(1, 1, 0, 1, 1, 0));
        Bias fair = Bias.of(List.of(new Scored(item, new double[] {1, 0})));
        assertThat(fair).isEqualTo(new Bias(1, 0, 0, 1, 0, 0));
        assertThat(fair.describe()).startsWith("the longer answer scores higher in 0.0 % of 1 comparisons");
        Item alike = Item.pair("1", "s", Item.asked("q"), "one", "two");
        assertThat(Bias.of(List.of(new Scored(alike, new double[] {1, 0}))).describe())
                .isEqualTo("no comparison of answers that differ in length; none of answers that differ in markdown");
    }
}
