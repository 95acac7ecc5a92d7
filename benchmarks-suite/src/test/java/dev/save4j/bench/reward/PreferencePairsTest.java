package dev.save4j.bench.reward;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreferencePairsTest {
    @ParameterizedTest
    @CsvSource({
        "ultrafeedback-binarized-sample/train_clean.jsonl.gz, train_clean, 552, 1000",
        "ultrafeedback-binarized-sample/eval_clean.jsonl.gz, eval_clean, 91, 200",
        "ultrafeedback-binarized-sample/label_flip_20.jsonl.gz, label_flip_20, 552, 1000"
    })
    void lengthOnTheRealFiles(String file, String name, int right, int pairs) {
        PreferencePairs benchmark =
                new PreferencePairs(Golden.shared("preferences").resolve(file));
        assertThat(benchmark.name()).isEqualTo(name);
        List<Scored> items = Golden.byLength(benchmark);
        assertThat(items).hasSize(pairs);
        assertThat(Golden.right(benchmark, items, "all")).isEqualTo(right);
    }

    /** 1025 of all 2312 transcripts; five pairs share no prompt, four of them with the longer transcript chosen, and are left out. */
    @Test
    void transcriptsThatShareNoPromptAreLeftOutAndReported() {
        PreferencePairs benchmark =
                new PreferencePairs(Golden.shared("preferences/hh-rlhf/harmless-base-test.jsonl.gz"));
        List<Scored> items = Golden.byLength(benchmark);
        assertThat(items).hasSize(2307);
        assertThat(Golden.right(benchmark, items, "all")).isEqualTo(1021);
        assertThat(benchmark.read(Golden.shared("benchmarks")).notes())
                .anySatisfy(note -> assertThat(note).contains("share no prompt"));
    }
}
