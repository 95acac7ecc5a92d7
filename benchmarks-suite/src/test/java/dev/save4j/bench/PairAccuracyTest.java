package dev.save4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.save4j.data.DataOptions;
import dev.save4j.data.Preferences;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PairAccuracyTest {
    @Test
    void countsTiesAsWrong() {
        PairAccuracy accuracy =
                PairAccuracy.of("x", List.of(new double[] {1, 0}, new double[] {0, 0}, new double[] {0, 1}));
        assertThat(accuracy).isEqualTo(new PairAccuracy("x", 1, 1, 3));
    }

    @Test
    void givesTheIntervalOfWilson() {
        // Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81/263, 15/148, 0/20, 1/29.
        PairAccuracy.Interval interval = new PairAccuracy("x", 81, 0, 263).interval();
        assertThat(interval.low()).isCloseTo(0.2553, within(5e-5));
        assertThat(interval.high()).isCloseTo(0.3662, within(5e-5));
        assertThat(new PairAccuracy("x", 15, 0, 148).interval().high()).isCloseTo(0.1605, within(5e-5));
        assertThat(new PairAccuracy("x", 0, 0, 20).interval().low()).isZero();
        assertThat(new PairAccuracy("x", 0, 0, 20).interval().high()).isCloseTo(0.1611, within(5e-5));
        assertThat(new PairAccuracy("x", 1, 0, 29).interval().low()).isCloseTo(0.0061, within(5e-5));
    }

    @Test
    void refusesToMeasureNothing() {
        assertThatThrownBy(() -> PairAccuracy.of("x", List.of())).hasMessageContaining("no pairs to measure x on");
    }

    @ParameterizedTest
    @CsvSource({"train_clean, 552, 1000", "eval_clean, 91, 200"})
    void lengthBaselineOnUltraFeedback(String split, int correct, int pairs) {
        Path file = Path.of(System.getProperty("save4j.shared", "../shared"))
                .resolve("data/preferences/ultrafeedback-binarized-sample/" + split + ".jsonl.gz");
        assumeTrue(Files.exists(file), "no " + file);
        PairAccuracy length = PairAccuracy.ofLength(
                Preferences.readAll(file, DataOptions.defaults()).rows());
        assertThat(length.correct()).isEqualTo(correct);
        assertThat(length.pairs()).isEqualTo(pairs);
    }
}
