package dev.save4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplingTest {
    @ParameterizedTest
    @ValueSource(
            doubles = {-1, -0.1, 1e-40, Double.MIN_VALUE, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY
            })
    void refusesATemperatureThatLogitsCannotBeDividedBy(double temperature) {
        assertThatThrownBy(() -> new Sampling(temperature, 0, 1, 4, Set.of()))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        refused -> assertThat(refused.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage(
                        "the temperature of sampling must be 0, or finite and at least 1.0E-30, but is " + temperature);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1e-30, 0.7, 1, 1e6})
    void takesTheOthers(double temperature) {
        assertThat(new Sampling(temperature, 0, 1, 4, Set.of()).temperature()).isEqualTo(temperature);
        assertThat((float) (1 / Sampling.LEAST_TEMPERATURE)).isFinite();
    }
}
