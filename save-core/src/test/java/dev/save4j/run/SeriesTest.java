package dev.save4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SeriesTest {
    private static Series of(double... values) {
        return new Series(IntStream.range(0, values.length)
                .mapToObj(i -> new Series.Point(i + 1, values[i]))
                .toList());
    }

    @Test
    void smoothsWithTheMeanOfThoseAround() {
        assertThat(of(1, 2, 6, 4, 10).smoothed(3).values()).containsExactly(1.5, 3, 4, 20 / 3.0, 7);
        assertThat(of(1, 2, 6).smoothed(1)).isEqualTo(of(1, 2, 6));
    }

    @Test
    void knowsItsEndsAndSteps() {
        Series series = of(3, 5);
        assertThat(series.first()).contains(new Series.Point(1, 3));
        assertThat(series.last()).contains(new Series.Point(2, 5));
        assertThat(series.at(2)).contains(5.0);
        assertThat(series.at(3)).isEmpty();
        assertThat(of().last()).isEmpty();
    }

    @Test
    void leavesOutWhatIsNotFinite() {
        assertThat(of(1, Double.NaN, Double.POSITIVE_INFINITY, 2).finite().steps())
                .containsExactly(1, 4);
    }

    @Test
    void stepsAscend() {
        assertThatThrownBy(() -> new Series(List.of(new Series.Point(2, 0), new Series.Point(2, 0))))
                .isInstanceOf(SaveException.class)
                .hasMessage("step 2 comes after step 2 in a series");
    }
}
