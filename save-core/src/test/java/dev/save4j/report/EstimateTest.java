package dev.save4j.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class EstimateTest {
    @Test
    void errorsOfADifferenceAddInSquares() {
        Estimate difference = Estimate.of(0.7, 0.03).minus(Estimate.of(0.6, 0.04));
        assertThat(difference.value()).isCloseTo(0.1, within(1e-12));
        assertThat(difference.error().orElseThrow()).isCloseTo(0.05, within(1e-12));
    }

    @Test
    void separableBeyond196StandardErrorsOnly() {
        assertThat(Estimate.of(0.0197, 0.01).separable()).isTrue();
        assertThat(Estimate.of(-0.0197, 0.01).separable()).isTrue();
        assertThat(Estimate.of(0.0195, 0.01).separable()).isFalse();
    }

    @Test
    void neverSeparableWithoutAnError() {
        Estimate bare = new Estimate(5, OptionalDouble.empty());
        assertThat(bare.separable()).isFalse();
        assertThat(Estimate.of(5, 0)).isEqualTo(bare);
        assertThat(Estimate.of(5, Double.NaN)).isEqualTo(bare);
        assertThat(Estimate.of(9, 0.1).minus(bare).separable()).isFalse();
    }

    @Test
    void isWrittenWithItsError() {
        assertThat(Estimate.of(0.6123, 0.0123)).hasToString("0.612 ± 0.012");
        assertThat(Estimate.of(0.05, 0.01).signed()).isEqualTo("+0.050 ± 0.010");
        assertThat(new Estimate(-1, OptionalDouble.empty()).signed()).isEqualTo("-1.000");
    }
}
