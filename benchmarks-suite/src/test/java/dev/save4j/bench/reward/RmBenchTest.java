package dev.save4j.bench.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RmBenchTest {
    /** Made-up scores whose metrics were computed in float64 from the definition of THU-KEG/RM-Bench. */
    private static final List<Scored> ROWS = List.of(
            row("chat", "chat/0", 0.301, 1.716, 0.304, 0.301, -0.259, 0.999),
            row("chat", "chat/1", 0.211, 0.298, 0.049, 0.472, -1.379, -0.373),
            row("chat", "chat/2", -0.014, 1.266, -0.278, 1.461, 1.708, -0.798),
            row("chat", "chat/3", -0.744, 0.621, 1.827, -0.348, -0.963, 0.185),
            row("chat", "chat/4", -0.04, 0.039, 1.636, -0.091, -1.215, -0.356),
            row("code", "code/0", 1.834, 0.589, -0.873, 1.166, -0.469, -1.031),
            row("code", "code/1", -1.227, 2.422, -1.305, 1.801, 0.592, 0.867),
            row("code", "code/2", -0.076, -0.162, 1.705, 0.816, -0.739, -1.13),
            row("code", "code/3", 0.666, 1.209, 0.229, 0.173, 0.345, -0.434),
            row("code", "code/4", -0.147, -1.529, 1.419, 0.726, -0.099, 1.32),
            row("math", "math/0", -1.748, 2.419, 2.691, 1.139, -0.256, -2.27),
            row("math", "math/1", 1.12, 2.022, 1.433, -0.014, 0.019, -1.268),
            row("math", "math/2", 0.097, 0.616, 1.918, -1.075, -0.192, 0.359),
            row("math", "math/3", -0.22, 0.396, -0.56, 0.593, 0.292, -0.721),
            row("math", "math/4", 1.857, 0.886, 0.635, 2.589, -0.017, 0.094),
            row("safety-refuse", "safety-refuse/0", 0.358, -1.456, -0.198, 0.306, 0.431, -1.488),
            row("safety-refuse", "safety-refuse/1", 0.074, -0.111, -0.225, 0.14, -1.155, -0.17),
            row("safety-refuse", "safety-refuse/2", 1.33, 1.261, -1.384, -1.655, -0.112, -1.155),
            row("safety-refuse", "safety-refuse/3", 0.752, 0.009, 0.499, 0.255, 1.505, 1.161),
            row("safety-refuse", "safety-refuse/4", 0.091, 0.609, 0.016, -0.432, 0.306, 1.137),
            row("safety-response", "safety-response/0", 0.352, 1.733, -1.086, -1.908, -0.416, -0.174),
            row("safety-response", "safety-response/1", 0.819, 0.784, -0.751, 0.963, 0.925, -0.054),
            row("safety-response", "safety-response/2", 0.444, 1.455, 2.133, 0.981, 0.038, -0.305),
            row("safety-response", "safety-response/3", -1.054, 1.222, -1.591, 0.778, -0.026, -1.262),
            row("safety-response", "safety-response/4", -0.087, 0.48, -3.548, 0.737, 1.02, 0.015));

    private final RmBench benchmark = new RmBench();

    private static Scored row(String domain, String id, double... scores) {
        return Golden.scored(id, id, domain, 3, scores);
    }

    @Test
    void averagesTheMatrixByDifficultyAndTheDomainsEqually() {
        Map<String, Double> values = Golden.values(benchmark, ROWS);
        assertThat(values.get("chat")).isCloseTo(0.6888888888888888, within(1e-12));
        assertThat(values.get("math")).isCloseTo(0.7555555555555555, within(1e-12));
        assertThat(values.get("code")).isCloseTo(0.6, within(1e-12));
        assertThat(values.get("safety")).isCloseTo(0.48888888888888893, within(1e-12));
        assertThat(values.get("hard")).isCloseTo(0.725, within(1e-12));
        assertThat(values.get("normal")).isCloseTo(0.625, within(1e-12));
        assertThat(values.get("easy")).isCloseTo(0.55, within(1e-12));
        assertThat(values.get("overall")).isCloseTo(0.6333333333333333, within(1e-12));
        assertThat(values.get("safety, hard")).isCloseTo(0.6333333333333334, within(1e-12));
    }

    @Test
    void reproducesAPublishedTotalFromItsDomains() {
        assertThat(Averages.mean(List.of(
                        new Metric("chat", 0.7416020671834626, 129, 129),
                        new Metric("math", 0.9180844360428481, 529, 529),
                        new Metric("code", 0.7412280701754387, 228, 228),
                        new Metric("safety", 0.9543965734441925, 441, 441))))
                .isCloseTo(0.8388277867114855, within(1e-12));
    }

    @Test
    void aTieAndAnAnswerWithoutAScoreAreWrong() {
        assertThat(benchmark.credit(row("chat", "tie", 1, 1, 1, 1, 1, 1))).isZero();
        assertThat(benchmark.credit(row("chat", "none", Double.NaN, 1, 1, 0, 0, 0)))
                .isCloseTo(6 / 9.0, within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({
        "chat, 1, 0.025840, 0.284238, 0.811370",
        "chat, -1, 0.974160, 0.643411, 0.188630",
        "code, 1, 0.254386, 0.519006, 0.774854",
        "code, -1, 0.745614, 0.480994, 0.225146",
        "safety-refuse, 1, 0.023474, 0.158451, 0.889671",
        "safety-refuse, -1, 0.975352, 0.840376, 0.110329",
        "safety-response, 1, 0.237792, 0.777070, 0.987261",
        "safety-response, -1, 0.762208, 0.218684, 0.012739",
        "safety, 1, 0.099773, 0.378685, 0.924414",
        "safety, -1, 0.899471, 0.619048, 0.075586"
    })
    void lengthOnTheRealFiles(String part, int sign, double hard, double normal, double easy) {
        List<Scored> items = Golden.byLength(
                benchmark.read(Golden.shared("benchmarks")).items().stream()
                        .filter(item -> item.subset().startsWith(part))
                        .toList(),
                sign);
        Map<String, Double> values = Golden.values(benchmark, items);
        assertThat(values.get("hard")).isCloseTo(hard, within(1e-6));
        assertThat(values.get("normal")).isCloseTo(normal, within(1e-6));
        assertThat(values.get("easy")).isCloseTo(easy, within(1e-6));
    }

    @Test
    void saysWhichDomainsAreMissing() {
        Benchmark.Questions questions = benchmark.read(Golden.shared("benchmarks"));
        assertThat(questions.items()).hasSize(129 + 228 + 284 + 157);
        assertThat(questions.notes()).containsExactly("the domain math is missing");
    }

    @Test
    void refusesARowWithoutThreeStyles(@TempDir Path data) throws IOException {
        Path folder = Files.createDirectory(data.resolve("RM-Bench"));
        Files.writeString(folder.resolve("chat_filtered.json"), """
                [{"id": 1, "prompt": "p", "chosen": ["a", "b"], "rejected": ["c", "d", "e"]}]
                """);
        assertThatThrownBy(() -> benchmark.read(data))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining(
                        "chat_filtered.json, item 1 has 2 chosen and 3 rejected answers, expected 3 styles");
    }

    @Test
    void refusesAFileWhoseNameIsNoDomain(@TempDir Path data) throws IOException {
        Path folder = Files.createDirectory(data.resolve("rm-bench"));
        Files.writeString(folder.resolve("other.json"), "[{\"id\": 1}]");
        assertThatThrownBy(() -> benchmark.read(data)).hasMessageContaining("have no domain, and neither has its name");
    }
}
