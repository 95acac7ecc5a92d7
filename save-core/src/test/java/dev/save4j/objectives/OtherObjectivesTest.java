package dev.save4j.objectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.objectives.ContrastObjective.Variant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OtherObjectivesTest {
    @Test
    void rowsWithoutATargetTakeNoPartInTheValueLoss() {
        ValueRegression objective = new ValueRegression();
        Map<String, Array> inputs = Feeds.with(
                objective.feed(new double[] {1, Double.NaN, -2}, 1).whole(), "value", Array.vector(0.5, 100, 1));
        assertThat(GraphCalculator.run(objective.graph(), inputs).get("loss").item())
                .isCloseTo((0.25 + 9) / 2, within(1e-7));
        assertThat(GraphCalculator.gradient(objective.graph(), inputs, "value").data())
                .containsExactly(new double[] {-0.5, 0, 3}, within(1e-6));
    }

    @Test
    void fineTuningAveragesOverTheTokensThatCount() {
        LanguageModelling objective = new LanguageModelling();
        Array logProb =
                Array.of(new double[] {Double.NEGATIVE_INFINITY, -1, -2, -0.5, -3, Double.NEGATIVE_INFINITY}, 2, 3);
        Map<String, Array> inputs =
                Feeds.with(objective.feed(3, new int[] {1, 0}, new int[] {3, 2}).whole(), "log_prob", logProb);
        assertThat(GraphCalculator.run(objective.graph(), inputs).get("loss").item())
                .isCloseTo(6.5 / 4, within(1e-7));
    }

    @Test
    void theSumOfObjectivesSharesItsInputsAndReportsItsTerms() {
        ContrastObjective contrast = new ContrastObjective(Variant.HINGE, 2, 1, 1, 0);
        ValueRegression value = new ValueRegression();
        Objective sum = new WeightedSum(
                "save",
                List.of(new WeightedSum.Term("contrast", contrast, 1), new WeightedSum.Term("value", value, 0.5)));
        Map<String, Array> inputs =
                Feeds.with(contrast.feed(new double[2], new int[] {1, -1}).whole(), "reward", Array.vector(0.5, 0.25));
        inputs.putAll(Feeds.with(value.feed(new double[] {1, 1}, 2).whole(), "value", Array.vector(3, 3)));
        Map<String, Array> outputs = GraphCalculator.run(sum.graph(), inputs);
        assertThat(outputs.keySet())
                .containsExactly("loss", "contrast_loss", "positive_reward", "negative_reward", "value_loss");
        assertThat(outputs.get("contrast_loss").item()).isCloseTo(1.75, within(1e-9));
        assertThat(outputs.get("value_loss").item()).isCloseTo(4, within(1e-9));
        assertThat(outputs.get("loss").item()).isCloseTo(3.75, within(1e-9));
    }

    @Test
    void twoTermsMustNotGiveTheSameMetric() {
        BradleyTerry preference = new BradleyTerry(0);
        assertThatThrownBy(() -> new WeightedSum(
                                "twice",
                                List.of(
                                        new WeightedSum.Term("a", preference, 1),
                                        new WeightedSum.Term("b", preference, 1)))
                        .graph())
                .hasMessage("objective 'twice': two terms give the metric accuracy");
    }

    @Test
    void aFeedNeedsTensorsOfOneLength() {
        assertThatThrownBy(() -> new Feed(
                        Map.of("a", Feed.vector(new double[2]), "b", Feed.vector(new double[3])), new HashMap<>(), 1))
                .hasMessageContaining("a feed needs tensors of the same number of rows");
    }
}
