package dev.save4j.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.run.ScoredPair;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeldOutTest {
    /** Of a model that gives the answer it prefers this probability. */
    private static ScoredPair sure(double probability, boolean right) {
        double margin = Math.log(probability / (1 - probability));
        return new ScoredPair(1, right ? margin : 0, right ? 0 : margin, 10, 20);
    }

    @Test
    void tiesCountAsWrong() {
        HeldOut pairs = new HeldOut(List.of(
                new ScoredPair(1, 2, 1, 30, 20), new ScoredPair(2, 1, 1, 20, 20), new ScoredPair(3, 0, 1, 30, 20)));
        assertThat(pairs.accuracy()).isEqualTo(new Proportion(1, 3));
        assertThat(pairs.lengthAccuracy()).isEqualTo(new Proportion(2, 3));
        assertThat(pairs.ties()).isEqualTo(1);
        assertThat(pairs.lengthTies()).isEqualTo(1);
        assertThat(pairs.margin()).isZero();
    }

    @Test
    void theGainOverLengthIsJudgedPairByPair() {
        HeldOut pairs = new HeldOut(List.of(
                new ScoredPair(1, 2, 1, 10, 20),
                new ScoredPair(2, 2, 1, 30, 20),
                new ScoredPair(3, 2, 1, 10, 20),
                new ScoredPair(4, 1, 2, 10, 20)));
        // Differences 1, 0, 1, 0: mean 1/2, deviation 1/2, error 1/4.
        assertThat(pairs.gain()).isEqualTo(Estimate.of(0.5, 0.25));
        assertThat(pairs.gain().separable()).isTrue();
        assertThat(new HeldOut(List.of(new ScoredPair(1, 2, 1, 30, 20))).gain().error())
                .isEmpty();
    }

    @Test
    void theLossIsThatOfBradleyAndTerry() {
        assertThat(new HeldOut(List.of(sure(0.8, true))).loss()).isCloseTo(-Math.log(0.8), within(1e-12));
        assertThat(new HeldOut(List.of(sure(0.8, false))).loss()).isCloseTo(-Math.log(0.2), within(1e-12));
        assertThat(new HeldOut(List.of(new ScoredPair(1, 0, 1000, 1, 1))).loss())
                .isCloseTo(1000, within(1e-9));
    }

    @Test
    void aModelThatIsRightAsOftenAsItClaimsIsCalibrated() {
        List<ScoredPair> pairs = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            pairs.add(sure(0.72, i < 72));
            pairs.add(sure(0.92, i < 92));
        }
        HeldOut heldOut = new HeldOut(pairs);
        assertThat(heldOut.calibrationError()).isCloseTo(0, within(1e-9));
        assertThat(heldOut.calibration())
                .hasSize(2)
                .satisfiesExactly(
                        bin -> {
                            assertThat(bin.low()).isCloseTo(0.7, within(1e-12));
                            assertThat(bin.high()).isCloseTo(0.75, within(1e-12));
                            assertThat(bin.confidence()).isCloseTo(0.72, within(1e-9));
                            assertThat(bin.correct()).isEqualTo(new Proportion(72, 100));
                        },
                        bin -> assertThat(bin.correct()).isEqualTo(new Proportion(92, 100)));
    }

    @Test
    void aModelThatIsTooSureIsNot() {
        HeldOut heldOut = new HeldOut(List.of(sure(0.99, true), sure(0.99, false)));
        assertThat(heldOut.calibrationError()).isCloseTo(0.49, within(1e-9));
    }

    @Test
    void certaintyBelongsToTheLastBin() {
        assertThat(new HeldOut(List.of(new ScoredPair(1, 1e6, 0, 1, 1))).calibration())
                .singleElement()
                .satisfies(bin -> assertThat(bin.high()).isEqualTo(1));
    }
}
