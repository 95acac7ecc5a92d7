package dev.save4j.bench.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LlmBarTest {
    private final LlmBar benchmark = new LlmBar();

    /** A tie is wrong for a reward model; deciding ties for the second output makes it 122 of LLMEval2. */
    @ParameterizedTest
    @CsvSource({
        "natural, 56, 100",
        "adver-GPTInst, 12, 92",
        "adver-GPTOut, 21, 47",
        "adver-manual, 8, 46",
        "processed-FairEval, 39, 66",
        "processed-LLMEval2, 121, 200"
    })
    void lengthOnTheRealFiles(String part, int right, int pairs) {
        List<Scored> items = Golden.byLength(benchmark);
        assertThat(Golden.right(benchmark, items, part)).isEqualTo(right);
        assertThat(Golden.count(items, part)).isEqualTo(pairs);
    }

    @Test
    void averagesNaturalAndAdversarialPartsEqually() {
        assertThat(Golden.values(benchmark, Golden.byLength(benchmark)).get("overall"))
                .isCloseTo((56 / 100.0 + 12 / 92.0 + 21 / 47.0 + 8 / 46.0) / 4, within(1e-12));
        assertThat(benchmark.read(Golden.shared("benchmarks")).notes())
                .containsExactly("the part adver-neighbor is missing", "the part processed-MT-Bench is missing");
    }
}
