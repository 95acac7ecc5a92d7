package dev.save4j.objectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.objectives.ContrastObjective.Variant;
import dev.save4j.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ContrastObjectiveTest {
    private static final int GROUP = 4;
    private static final double[] REWARD = new double[24];
    private static final double[] ANCHOR = new double[24];
    private static final int[] LABEL = new int[24];

    static {
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < REWARD.length; i++) {
            REWARD[i] = random.nextDouble(-3, 3);
            ANCHOR[i] = (float) random.nextDouble(-1, 1);
            LABEL[i] = random.nextInt(3) - 1;
        }
        // One group with positives only, one with negatives only, one without any label.
        Arrays.fill(LABEL, 4, 8, 1);
        Arrays.fill(LABEL, 12, 16, -1);
        Arrays.fill(LABEL, 20, 24, 0);
    }

    private static ContrastObjective objective(Variant variant, double penalty) {
        return new ContrastObjective(variant, GROUP, 0.7, 1.25, penalty);
    }

    private static double reference(Variant variant) {
        return switch (variant) {
            case ANCHORED_LOGISTIC -> Reference.anchoredLogistic(REWARD, ANCHOR, LABEL, 0.7);
            case GROUP_CONTRASTIVE -> Reference.groupContrastive(REWARD, ANCHOR, LABEL, 0.7, GROUP);
            case PAIRWISE -> Reference.pairwise(REWARD, LABEL, GROUP);
            case HINGE -> Reference.hinge(REWARD, ANCHOR, LABEL, 1.25);
        };
    }

    private static Map<String, Array> run(ContrastObjective objective, double[] reward, double[] anchor, int[] label) {
        return GraphCalculator.run(
                objective.graph(), Feeds.with(objective.feed(anchor, label).whole(), "reward", Array.vector(reward)));
    }

    @ParameterizedTest
    @EnumSource
    void agreesWithTheFormula(Variant variant) {
        Map<String, Array> outputs = run(objective(variant, 0), REWARD, ANCHOR, LABEL);
        assertThat(outputs.get("loss").item()).isCloseTo(reference(variant), within(1e-6));
    }

    @ParameterizedTest
    @EnumSource
    void theScorePenaltyIsTheMeanSquareOfAllRewards(Variant variant) {
        double square = Arrays.stream(REWARD).map(r -> r * r).average().orElseThrow();
        assertThat(run(objective(variant, 0.3), REWARD, ANCHOR, LABEL)
                        .get("loss")
                        .item())
                .isCloseTo(reference(variant) + 0.3 * square, within(1e-6));
    }

    @ParameterizedTest
    @EnumSource
    void microBatchesAddUpToTheBatch(Variant variant) {
        ContrastObjective objective = objective(variant, 0.1);
        Feed feed = objective.feed(ANCHOR, LABEL);
        Map<String, Array> whole =
                GraphCalculator.run(objective.graph(), Feeds.with(feed.whole(), "reward", Array.vector(REWARD)));
        int from = 0;
        double[] sums = new double[whole.size()];
        for (Map<String, Tensor> part : feed.microBatches(10)) {
            int rows = part.get("positive").size();
            assertThat(rows).isEqualTo(8);
            double[] reward = Arrays.copyOfRange(REWARD, from, from + rows);
            int i = 0;
            for (Array output : GraphCalculator.run(objective.graph(), Feeds.with(part, "reward", Array.vector(reward)))
                    .values()) {
                sums[i++] += output.item();
            }
            from += rows;
        }
        int i = 0;
        for (Array output : whole.values()) {
            assertThat(sums[i++]).isCloseTo(output.item(), within(1e-9));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSideWithoutAnswersHasLossZero(Variant variant) {
        for (int[] label : new int[][] {new int[8], {1, 1, 1, 1, 1, 0, 1, 1}, {-1, -1, 0, 0, -1, -1, -1, -1}}) {
            double[] reward = Arrays.copyOf(REWARD, 8);
            double[] anchor = Arrays.copyOf(ANCHOR, 8);
            Map<String, Array> outputs = run(objective(variant, 0), reward, anchor, label);
            double expected = switch (variant) {
                case ANCHORED_LOGISTIC -> Reference.anchoredLogistic(reward, anchor, label, 0.7);
                case HINGE -> Reference.hinge(reward, anchor, label, 1.25);
                case GROUP_CONTRASTIVE, PAIRWISE -> 0;
            };
            assertThat(outputs.get("loss").item()).isCloseTo(expected, within(1e-6));
            boolean none = Arrays.stream(label).allMatch(value -> value == 0);
            assertThat(none && outputs.get("loss").item() != 0).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void pushesPositivesUpAndNegativesDownAndLeavesTheRestAlone(Variant variant) {
        ContrastObjective objective = objective(variant, 0);
        double[] reward = {0.2, -0.1, 0.3, 0.0};
        int[] label = {1, -1, 0, 1};
        Array gradient = GraphCalculator.gradient(
                objective.graph(),
                Feeds.with(objective.feed(new double[4], label).whole(), "reward", Array.vector(reward)),
                "reward");
        assertThat(gradient.data()[0]).isNegative();
        assertThat(gradient.data()[1]).isPositive();
        assertThat(gradient.data()[2]).isZero();
        assertThat(gradient.data()[3]).isNegative();
    }

    @Test
    void theHingeStopsOnceItsMarginIsMet() {
        assertThat(run(objective(Variant.HINGE, 0), new double[] {2, -2, 9, 1.25}, new double[4], new int[] {1, -1, 0, 1
                        })
                        .get("loss")
                        .item())
                .isZero();
    }

    @Test
    void farAwayRewardsDoNotOverflow() {
        ContrastObjective objective = new ContrastObjective(Variant.GROUP_CONTRASTIVE, 4, 0.001, 1, 0);
        double loss = run(objective, new double[] {-9, 9, 5, 5}, new double[4], new int[] {1, -1, 0, 0})
                .get("loss")
                .item();
        assertThat(loss).isCloseTo(18_000, within(0.01));
    }

    @Test
    void meanRewardsOfBothSidesAreMetrics() {
        Map<String, Array> outputs =
                run(objective(Variant.PAIRWISE, 0), new double[] {1, 2, 4, 8}, new double[4], new int[] {1, -1, 1, 0});
        assertThat(outputs.get("positive_reward").item()).isCloseTo(2.5, within(1e-7));
        assertThat(outputs.get("negative_reward").item()).isCloseTo(2, within(1e-7));
    }

    @Test
    void anchorsAreNeededOnlyWhereThereIsALabel() {
        ContrastObjective objective = objective(Variant.ANCHORED_LOGISTIC, 0);
        double[] anchor = {0, Double.NaN, 0, 0};
        assertThat(run(objective, new double[4], anchor, new int[] {1, 0, -1, 0})
                        .get("loss")
                        .item())
                .isCloseTo(2 * Math.log(2), within(1e-7));
        assertThatThrownBy(() -> objective.feed(anchor, new int[] {1, 1, -1, 0}))
                .isInstanceOf(SaveException.class)
                .hasMessage("row 1 has label 1 but its anchor is NaN");
    }

    @Test
    void microBatchesMustNotCutThroughGroups() {
        Feed feed = objective(Variant.PAIRWISE, 0).feed(new double[8], new int[8]);
        assertThatThrownBy(() -> feed.slice(2, 8))
                .hasMessage("rows 2 to 8 cannot be cut from a batch of 8 rows in which 4 belong together");
        assertThatThrownBy(() -> objective(Variant.PAIRWISE, 0).feed(new double[6], new int[6]))
                .hasMessage("6 anchors and 6 labels do not make groups of 4 answers");
    }
}
