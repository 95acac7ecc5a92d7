package dev.save4j.algorithms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.algorithms.Gate.Verdict;
import dev.save4j.algorithms.LearningRate.Schedule;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GuardsTest {
    /** The first {@code right} of {@code pairs} pairs are correct, shifted by {@code shift}. */
    private static boolean[] correct(int pairs, int right, int shift) {
        boolean[] correct = new boolean[pairs];
        for (int i = 0; i < right; i++) {
            correct[(i + shift) % pairs] = true;
        }
        return correct;
    }

    @Test
    void theFirstCheckSetsTheMark() {
        Gate.Decision decision = new Gate(0.02).decide(Optional.empty(), correct(1000, 800, 0));
        assertThat(decision.verdict()).isEqualTo(Verdict.BEST);
        assertThat(decision.best().accuracy()).isEqualTo(0.8);
        assertThat(decision.best().standardError()).isCloseTo(Math.sqrt(0.16 / 1000), within(1e-12));
        assertThat(decision.summary()).isEqualTo("held-out accuracy 0.8000 ± 0.0126 on 1000 pairs is the first mark");
    }

    @Test
    void rollsBackWhenTheFallExceedsToleranceAndError() {
        Gate gate = new Gate(0.02);
        Optional<Gate.Best> best = Optional.of(new Gate.Best(correct(1000, 800, 0)));
        Gate.Decision decision = gate.decide(best, correct(1000, 770, 0));
        assertThat(decision.verdict()).isEqualTo(Verdict.ROLLBACK);
        assertThat(decision.fall()).isCloseTo(0.03, within(1e-12));
        assertThat(decision.best()).isEqualTo(best.get());
        assertThat(decision.summary())
                .isEqualTo("held-out accuracy 0.7700 ± 0.0133 on 1000 pairs is below the best 0.8000 by 0.0300 ± 0.0054"
                        + " (30 lost, 0 won): rolled back");
        assertThat(gate.decide(best, correct(1000, 785, 0)).verdict()).isEqualTo(Verdict.KEEP);
    }

    @Test
    void aFallWithinItsErrorIsNoise() {
        // The same fall of 0.03, but 370 pairs have changed sides instead of 30.
        Optional<Gate.Best> best = Optional.of(new Gate.Best(correct(1000, 800, 0)));
        Gate.Decision noisy = new Gate(0.02, 2).decide(best, correct(1000, 770, 200));
        assertThat(noisy.standardError()).isCloseTo(Math.sqrt((370 - 0.9) / 999 / 1000), within(1e-12));
        assertThat(noisy.verdict()).isEqualTo(Verdict.KEEP);
        assertThat(noisy.best().accuracy()).isEqualTo(0.8);
        assertThat(new Gate(0.02, 1).decide(best, correct(1000, 770, 200)).verdict())
                .isEqualTo(Verdict.ROLLBACK);
    }

    @Test
    void aRiseMovesTheMark() {
        Optional<Gate.Best> best = Optional.of(new Gate.Best(correct(100, 80, 0)));
        Gate.Decision decision = new Gate(0.02).decide(best, correct(100, 85, 0));
        assertThat(decision.verdict()).isEqualTo(Verdict.BEST);
        assertThat(decision.best().accuracy()).isEqualTo(0.85);
        assertThat(decision.summary())
                .contains("on 100 pairs (few; about 1000 are needed)")
                .endsWith("new mark");
    }

    @Test
    void theGateNeedsTheSamePairsEachTime() {
        assertThatThrownBy(() -> new Gate(0.02).decide(Optional.of(new Gate.Best(new boolean[3])), new boolean[4]))
                .hasMessage(
                        "the gate was set on 3 held-out pairs but is now given 4; a run must be resumed with the same"
                                + " data.held_out and save.gate.pairs");
        assertThatThrownBy(() -> new Gate(0.02).decide(Optional.empty(), new boolean[0]))
                .hasMessage("the gate needs held-out pairs; set data.held_out or save.gate.every to 0");
        assertThatThrownBy(() -> new Gate(-0.1)).hasMessageContaining("a tolerated fall in [0, 1)");
    }

    @Test
    void theAlarmTellsWhichBandIsLeft() {
        ScaleAlarm alarm = new ScaleAlarm(2, 1.5);
        ScoreScale start = ScoreScale.of(new double[] {-1, 0, 1, Double.NaN});
        assertThat(start).isEqualTo(new ScoreScale(0, 1));
        assertThat(alarm.check(start, new ScoreScale(1.5, 2))).isEmpty();
        assertThat(alarm.check(start, new ScoreScale(1.6, 2.5)))
                .hasSize(2)
                .anyMatch(text ->
                        text.startsWith("the spread of the rewards has grown from 1.000 to 2.500, more than 2 times"))
                .anyMatch(text -> text.startsWith(
                        "the mean of the rewards has moved from 0.000 to 1.600, more than 1.5 spreads"));
        assertThat(alarm.check(start, new ScoreScale(0, 0.4)))
                .singleElement()
                .asString()
                .startsWith("the spread of the rewards has fallen from 1.000 to 0.400");
        assertThatThrownBy(() -> new ScaleAlarm(1, 1))
                .hasMessage("the scale alarm needs a spread factor above 1 and a shift above 0, but has 1.0 and 1.0");
    }

    @Test
    void theRateRisesAndFallsAlongItsSchedule() {
        LearningRate linear = new LearningRate(Schedule.LINEAR, 1, 3, 7);
        double[] expected = {0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0, 0};
        for (int step = 0; step < expected.length; step++) {
            assertThat(linear.at(step)).isCloseTo(expected[step], within(1e-12));
        }
        LearningRate cosine = new LearningRate(Schedule.COSINE, 2, 0, 4);
        assertThat(cosine.at(0)).isEqualTo(2);
        assertThat(cosine.at(1)).isCloseTo(1 + Math.sqrt(0.5), within(1e-12));
        assertThat(cosine.at(2)).isCloseTo(1, within(1e-12));
        assertThat(cosine.at(4)).isCloseTo(0, within(1e-12));
        assertThat(new LearningRate(Schedule.CONSTANT, 3, 1, 1).at(0)).isEqualTo(1.5);
        assertThat(LearningRate.constant(3).at(1_000_000)).isEqualTo(3);
    }

    @Test
    void aRateThatFallsNeedsStepsAfterTheRise() {
        assertThatThrownBy(() -> new LearningRate(Schedule.LINEAR, 1, 5, 5))
                .hasMessage("a learning rate that falls needs fewer steps of warm-up than steps, but has 5 of 5");
        assertThatThrownBy(() -> LearningRate.constant(-1))
                .hasMessage("the learning rate must be 0 or more, but is -1.0");
    }
}
