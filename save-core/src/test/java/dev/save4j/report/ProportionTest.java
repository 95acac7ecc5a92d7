package dev.save4j.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ProportionTest {
    /** Newcombe, Statistics in Medicine 17 (1998), table I, method 3. */
    @Test
    void hasTheIntervalOfWilson() {
        Proportion some = new Proportion(81, 263);
        assertThat(some.low()).isCloseTo(0.2553, within(5e-5));
        assertThat(some.high()).isCloseTo(0.3662, within(5e-5));
        Proportion none = new Proportion(0, 20);
        assertThat(none.low()).isZero();
        assertThat(none.high()).isCloseTo(0.1611, within(5e-5));
        assertThat(new Proportion(20, 20).low()).isCloseTo(1 - none.high(), within(1e-12));
        assertThat(new Proportion(20, 20).high()).isEqualTo(1);
    }

    @Test
    void showsItsInterval() {
        assertThat(new Proportion(106, 200)).hasToString("0.530 [0.461, 0.598]");
    }

    @Test
    void refusesMoreSuccessesThanTrials() {
        assertThatThrownBy(() -> new Proportion(3, 2)).hasMessage("3 successes in 2 trials");
        assertThatThrownBy(() -> new Proportion(0, 0)).hasMessage("0 successes in 0 trials");
    }
}
