package dev.save4j.objectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BradleyTerryTest {
    private static final double[] CHOSEN = {1.2, -0.3, 4.0, 0.0};
    private static final double[] REJECTED = {0.2, 0.5, -1.0, 0.0};
    private static final double[] MARGIN = {0.0, 0.5, 1.0, 2.0};
    private static final Array REWARD = Array.vector(1.2, -0.3, 4.0, 0.0, 0.2, 0.5, -1.0, 0.0);

    @Test
    void tiesAreNotCountedAsCorrect() {
        Map<String, Array> outputs = GraphCalculator.run(
                new BradleyTerry(0).graph(),
                Feeds.with(new BradleyTerry(0).feed(new double[4]).whole(), "reward", REWARD));
        assertThat(outputs.get("accuracy").item()).isEqualTo(0.5);
        assertThat(outputs.get("margin_mean").item()).isCloseTo((1.0 - 0.8 + 5.0) / 4, within(1e-12));
        assertThat(outputs.get("mean_reward").item()).isCloseTo(4.6 / 8, within(1e-12));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.01, 1.5})
    void agreesWithTheFormula(double centre) {
        double[] weight = {1, 0, 2.5, 0.5};
        BradleyTerry objective = new BradleyTerry(centre);
        double loss = GraphCalculator.run(
                        objective.graph(),
                        Feeds.with(objective.feed(MARGIN, weight).whole(), "reward", REWARD))
                .get("loss")
                .item();
        assertThat(loss).isCloseTo(Reference.bradleyTerry(CHOSEN, REJECTED, MARGIN, weight, centre), within(1e-7));
    }

    @Test
    void aBatchWithoutWeightHasNoLoss() {
        BradleyTerry objective = new BradleyTerry(0.01);
        Map<String, Array> outputs = GraphCalculator.run(
                objective.graph(),
                Feeds.with(objective.feed(MARGIN, new double[4]).whole(), "reward", REWARD));
        assertThat(outputs.values())
                .allSatisfy(output -> assertThat(output.item()).isZero());
    }

    @Test
    void extremeRewardsGiveFiniteLosses() {
        BradleyTerry objective = new BradleyTerry(0);
        double loss = GraphCalculator.run(
                        objective.graph(),
                        Feeds.with(objective.feed(new double[1]).whole(), "reward", Array.vector(-3000, 3000)))
                .get("loss")
                .item();
        assertThat(loss).isEqualTo(6000);
    }

    @Test
    void weightsAndCentringMustNotBeNegative() {
        assertThatThrownBy(() -> new BradleyTerry(-1))
                .isInstanceOf(SaveException.class)
                .hasMessage("the weight of the centring term must be 0 or more, but is -1.0");
        assertThatThrownBy(() -> new BradleyTerry(0).feed(new double[1], new double[] {-2}))
                .hasMessage("the weight of a row must be 0 or more and finite, but is -2.0");
    }
}
