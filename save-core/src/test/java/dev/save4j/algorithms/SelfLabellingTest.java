package dev.save4j.algorithms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.algorithms.AnswerFilter.Rule;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SelfLabellingTest {
    private static final double NAN = Double.NaN;

    @Test
    void dropsAmbiguousAnswersInsideTheThreshold() {
        double[] advantage = {2, 0.4, -0.4, -2, NAN, 0};
        Labels labels = new AnswerFilter(Rule.FIXED, 0.4).label(advantage, Groups.of(6));
        assertThat(labels.label()).containsExactly(1, 0, 0, -1, 0, 0);
        assertThat(labels.keptFraction()).isEqualTo(0.4);
        assertThat(labels.positiveFraction()).isEqualTo(0.5);
        assertThat(labels.unscorable()).isEqualTo(1);
    }

    @Test
    void theStandardRuleFollowsTheSpreadOfTheBatch() {
        double[] advantage = {1, -1, 3, -3};
        double deviation = Math.sqrt(20 / 3.0);
        Labels labels = AnswerFilter.DEFAULT.label(advantage, Groups.of(2, 2));
        assertThat(labels.threshold()).hasValue(0.5 * deviation);
        assertThat(labels.label()).containsExactly(0, 0, 1, -1);
        assertThat(labels.advantageDeviation()).isCloseTo(deviation, within(1e-12));
        double[] scaled = Arrays.stream(advantage).map(a -> a * 1000).toArray();
        assertThat(AnswerFilter.DEFAULT.label(scaled, Groups.of(2, 2)).label()).containsExactly(0, 0, 1, -1);
    }

    @Test
    void theQuantileRuleKeepsBothEndsOfEachGroup() {
        AnswerFilter quarter = new AnswerFilter(Rule.QUANTILE, 0.25);
        double[] advantage = {5, 1, 2, 9, -1, -7, -2, -3, 1, 2, 3, NAN};
        assertThat(quarter.label(advantage, Groups.of(4, 4, 4)).label())
                .containsExactly(0, -1, 0, 1, 1, -1, 0, 0, -1, 0, 1, 0);
        assertThat(new AnswerFilter(Rule.QUANTILE, 0.5)
                        .label(advantage, Groups.of(4, 4, 4))
                        .label())
                .containsExactly(1, -1, -1, 1, 1, -1, 1, -1, -1, 0, 1, 0);
    }

    @Test
    void tiesAcrossTheBoundaryAreDroppedInWhateverOrderTheyCome() {
        AnswerFilter half = new AnswerFilter(Rule.QUANTILE, 0.25);
        assertThat(half.label(new double[] {3, 3, 1, 0}, Groups.of(4)).label()).containsExactly(0, 0, 0, -1);
        assertThat(half.label(new double[] {0, 3, 1, 3}, Groups.of(4)).label()).containsExactly(-1, 0, 0, 0);
        assertThat(half.label(new double[] {2, 2, 2, 2}, Groups.of(4)).label()).containsExactly(0, 0, 0, 0);
        assertThat(half.label(new double[] {2}, Groups.of(1)).label()).containsExactly(0);
    }

    @Test
    void theHistogramHasTheSameBinsEveryTime() {
        int[] histogram = new AnswerFilter(Rule.FIXED, 0)
                .label(new double[] {-100, -4, -3.6, 0, 0.49, 0.5, 3.99, 4, NAN}, Groups.of(9))
                .histogram();
        int[] expected = new int[18];
        expected[0] = 1;
        expected[1] = 2;
        expected[9] = 2;
        expected[10] = 1;
        expected[16] = 1;
        expected[17] = 1;
        assertThat(histogram).containsExactly(expected);
    }

    @Test
    void nothingToLabelGivesZerosAndNotNaN() {
        Labels labels = AnswerFilter.DEFAULT.label(new double[] {NAN, NAN}, Groups.of(2));
        assertThat(labels.label()).containsExactly(0, 0);
        assertThat(labels.keptFraction()).isZero();
        assertThat(labels.positiveFraction()).isZero();
        assertThat(AnswerFilter.DEFAULT.label(new double[] {2, 2}, Groups.of(2)).threshold())
                .hasValue(0);
    }

    @Test
    void filtersOutsideTheirRangeAreRefused() {
        assertThatThrownBy(() -> new AnswerFilter(Rule.QUANTILE, 0.6))
                .hasMessage("the share kept at each end of a group must lie in (0, 0.5], but is 0.6");
        assertThatThrownBy(() -> new AnswerFilter(Rule.STD, -1))
                .hasMessage("the threshold of the answer filter must be 0 or more, but is -1.0");
    }

    @Test
    void anchorsOfEveryKind() {
        double[] reward = {1, 3, NAN, 10};
        double[] value = {5, 7};
        Groups groups = Groups.of(3, 1);
        assertThat(new Anchor(Anchor.Kind.VALUE, 0, 1).of(reward, value, groups))
                .containsExactly(5, 5, 5, 7);
        assertThat(new Anchor(Anchor.Kind.GROUP_MEAN, 0, 1).of(reward, value, groups))
                .containsExactly(2, 2, 2, 10);
        assertThat(new Anchor(Anchor.Kind.LEAVE_ONE_OUT, 0, 1).of(reward, value, groups))
                .containsExactly(3, 1, 2, NAN);
        assertThat(new Anchor(Anchor.Kind.BLEND, 0.25, 1).of(reward, value, groups))
                .containsExactly(2.75, 2.75, 2.75, 9.25);
        assertThat(Anchor.DEFAULT.advantage(reward, value, groups)).containsExactly(-4, -2, NAN, 3);
    }

    @Test
    void promptsWhoseValueLagsBehindLoseTheirLabels() {
        double[] reward = {0, 2, 0, 2, 5, 5, NAN, NAN};
        double[] value = {2.4, 2.5, 5.01, 0};
        Groups groups = Groups.uniform(4, 2);
        boolean[] trusted = Anchor.DEFAULT.trusted(reward, value, groups);
        assertThat(trusted).containsExactly(true, false, false, false);
        Labels labels = new AnswerFilter(Rule.FIXED, 0)
                .label(new double[] {1, -1, 1, -1, 1, 1, 1, 1}, groups)
                .only(trusted, groups);
        assertThat(labels.label()).containsExactly(1, -1, 0, 0, 0, 0, 0, 0);
        assertThat(new Anchor(Anchor.Kind.GROUP_MEAN, 0, 1).trusted(reward, value, groups))
                .containsExactly(true, true, true, false);
        assertThat(new Anchor(Anchor.Kind.VALUE, 0, Double.POSITIVE_INFINITY).trusted(reward, value, groups))
                .containsExactly(true, true, true, false);
        assertThat(new Anchor(Anchor.Kind.BLEND, 0.5, 2).trusted(reward, value, groups))
                .containsExactly(true, true, false, false);
    }

    @Test
    void anchorsOutsideTheirRangeAreRefused() {
        assertThatThrownBy(() -> new Anchor(Anchor.Kind.BLEND, 1.5, 1))
                .hasMessage("the weight of the value in a blended anchor must lie in [0, 1], but is 1.5");
        assertThatThrownBy(() -> new Anchor(Anchor.Kind.VALUE, 0.5, 0))
                .hasMessage("the trust in the value must be above 0 standard deviations, but is 0.0");
        assertThatThrownBy(() -> Anchor.DEFAULT.of(new double[3], new double[1], Groups.of(2)))
                .hasMessage("3 rewards for 2 answers to 1 prompts");
        assertThatThrownBy(() -> Anchor.DEFAULT.of(new double[2], new double[2], Groups.of(2)))
                .hasMessage("2 values for 1 prompts");
    }

    @Test
    void valuesAreFittedToTheMeanOfTheAnswersOrOfTheOthers() {
        double[] reward = {1, 2, 6, 4, NAN};
        Groups groups = Groups.of(3, 2);
        assertThat(ValueTarget.MEAN.of(reward, groups)).containsExactly(3, 3, 3, 4, 4);
        assertThat(ValueTarget.LEAVE_ONE_OUT.of(reward, groups)).containsExactly(4, 3.5, 1.5, NAN, 4);
    }

    @Test
    void theFitOfTheValueIsItsLagAndTheVarianceItExplains() {
        double[] reward = {1, 3, 5, 7, NAN, NAN};
        Groups groups = Groups.uniform(3, 2);
        ValueFit fit = ValueFit.of(reward, new double[] {1, 5, 100}, groups);
        assertThat(fit.lag()).isEqualTo(1);
        assertThat(fit.explainedVariance()).hasValue(1);
        assertThat(fit.prompts()).isEqualTo(2);
        assertThat(ValueFit.of(reward, new double[] {4, 4, 0}, groups).explainedVariance())
                .hasValue(0);
        assertThat(ValueFit.of(reward, new double[] {6, 2, 0}, groups).explainedVariance())
                .hasValue(-3);
        assertThat(ValueFit.of(new double[] {1, 1}, new double[] {0}, Groups.of(2))
                        .explainedVariance())
                .isEmpty();
    }
}
