package dev.save4j.bench.save;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.report.Estimate;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SeedMeanTest {
    private static Estimate estimate(double value, double error) {
        return new Estimate(value, OptionalDouble.of(error));
    }

    @Test
    void theIntervalIsStudentsOverTheSeeds() {
        SeedMean mean = SeedMean.of(List.of(estimate(0.1, 0.001), estimate(0.2, 0.001), estimate(0.3, 0.001)))
                .orElseThrow();
        assertThat(mean.mean()).isCloseTo(0.2, within(1e-12));
        // t.test(c(.1, .2, .3)) in R: [-0.0484, 0.4484]
        assertThat(mean.half().orElseThrow()).isCloseTo(0.24841, within(5e-5));
        assertThat(mean.above()).isFalse();
        assertThat(mean).hasToString("0.200 [-0.048, 0.448]");
    }

    @Test
    void seedsThatAgreeByChanceDoNotMakeThePromptsExact() {
        SeedMean mean =
                SeedMean.of(List.of(estimate(0.1, 0.03), estimate(0.1, 0.04))).orElseThrow();
        assertThat(mean.promptError().orElseThrow()).isCloseTo(0.025, within(1e-12));
        assertThat(mean.half().orElseThrow()).isCloseTo(12.706 * 0.025, within(1e-9));
    }

    @Test
    void aMeasurementWithoutAnErrorDoesNotMakeTheOthersExact() {
        SeedMean mean = SeedMean.of(List.of(estimate(0.02, 0.03), estimate(0.02, 0), estimate(0.02, 0.03)))
                .orElseThrow();
        assertThat(mean.promptError().orElseThrow()).isCloseTo(0.03 / Math.sqrt(3), within(1e-12));
        assertThat(mean.above()).isFalse();
    }

    @Test
    void oneSeedDecidesNothing() {
        SeedMean mean = SeedMean.of(List.of(estimate(0.5, 0.01))).orElseThrow();
        assertThat(mean.half().orElseThrow()).isCloseTo(0.0196, within(1e-9));
        assertThat(mean.above()).isFalse();
        assertThat(mean.below()).isFalse();
        assertThat(SeedMean.of(List.of())).isEmpty();
    }

    @Test
    void manySeedsComeNearTheNormalQuantile() {
        List<Estimate> many =
                IntStream.range(0, 61).mapToObj(i -> estimate(i % 2, 1e-6)).toList();
        // 2.000 for 60 degrees of freedom; the mean of 31 zeros and 30 ones has the error 0.06454.
        assertThat(SeedMean.of(many).orElseThrow().half().orElseThrow()).isCloseTo(2.000 * 0.06454, within(2e-4));
    }
}
