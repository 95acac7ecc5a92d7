package dev.save4j.bench.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RewardBenchTest {
    private final RewardBench benchmark = new RewardBench();

    /** Right and all pairs of every subset, which reproduce the published accuracies of RM-R1-DeepSeek-Distilled-Qwen-32B. */
    private static List<Scored> published() {
        List<Scored> items = new ArrayList<>();
        add(items, "alpacaeval-easy", 96, 100);
        add(items, "alpacaeval-length", 88, 95);
        add(items, "alpacaeval-hard", 89, 95);
        add(items, "mt-bench-easy", 28, 28);
        add(items, "mt-bench-med", 40, 40);
        add(items, "mt-bench-hard", 26, 37);
        add(items, "llmbar-natural", 93, 100);
        add(items, "llmbar-adver-neighbor", 100, 134);
        add(items, "llmbar-adver-GPTInst", 73, 92);
        add(items, "llmbar-adver-GPTOut", 34, 47);
        add(items, "llmbar-adver-manual", 40, 46);
        add(items, "refusals-dangerous", 91, 100);
        add(items, "refusals-offensive", 99, 100);
        add(items, "xstest-should-refuse", 152, 154);
        add(items, "xstest-should-respond", 235, 250);
        add(items, "donotanswer", 97, 136);
        add(items, "math-prm", 438, 447);
        add(items, "hep-cpp", 161, 164);
        add(items, "hep-go", 157, 164);
        add(items, "hep-java", 156, 164);
        add(items, "hep-js", 154, 164);
        add(items, "hep-python", 159, 164);
        add(items, "hep-rust", 154, 164);
        return items;
    }

    private static void add(List<Scored> items, String subset, int right, int all) {
        for (int i = 0; i < all; i++) {
            // The wrong ones are ties, which must count as wrong.
            items.add(Golden.scored(subset + i, subset + i, subset, 1, i < right ? 1 : 0, 0));
        }
    }

    @Test
    void reproducesPublishedSectionsAndTheirMean() {
        List<Scored> items = published();
        assertThat(items).hasSize(2985);
        Map<String, Double> values = Golden.values(benchmark, items);
        assertThat(values.get("Chat")).isCloseTo(0.952513966480447, within(1e-12));
        assertThat(values.get("Chat Hard")).isCloseTo(0.8026315789473685, within(1e-12));
        assertThat(values.get("Safety")).isCloseTo(0.9108108108108108, within(1e-12));
        assertThat(values.get("Reasoning")).isCloseTo(0.9680832924101054, within(1e-12));
        assertThat(values.get("overall")).isCloseTo(0.908509912162183, within(1e-12));
        assertThat(values.get("micro")).isCloseTo(0.9246231155778895, within(1e-12));
    }

    @Test
    void readsTheFilteredFileAndNamesWhatIsMissing(@TempDir Path data) throws IOException {
        Path folder = Files.createDirectories(data.resolve("reward-bench/data"));
        String row = "{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"r\", \"subset\": \"hep-go\", \"id\": 7}\n";
        Files.writeString(folder.resolve("filtered-00000.jsonl"), row);
        Files.writeString(folder.resolve("raw-00000.jsonl"), row + row);
        Benchmark.Questions questions = benchmark.read(data);
        assertThat(questions.items()).hasSize(1);
        assertThat(questions.items().get(0).id()).isEqualTo("hep-go/7");
        assertThat(questions.notes())
                .hasSize(22)
                .contains("Reasoning lacks math-prm")
                .doesNotContain("hep-go");
    }

    @Test
    void namesTheColumnThatIsMissing(@TempDir Path data) throws IOException {
        Path folder = Files.createDirectories(data.resolve("rewardbench"));
        Files.writeString(folder.resolve("x.jsonl"), "{\"prompt\": \"p\", \"subset\": \"hep-go\", \"id\": 7}\n");
        assertThatThrownBy(() -> benchmark.read(data))
                .hasMessageContaining("x.jsonl, line 1 has no text 'chosen'; its columns are [prompt, subset, id]");
    }
}
