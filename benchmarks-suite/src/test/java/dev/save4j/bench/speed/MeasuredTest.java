package dev.save4j.bench.speed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MeasuredTest {
    private static final Case CASE = new Case("onnxruntime", ModelSize.named("14M"), "8");

    private static Measured measured(String clock) {
        Surroundings surroundings = new Surroundings("here", 1, clock, 100, Map.of("14M", 30.0), 0, 0);
        return new Measured(
                CASE,
                List.of(
                        new Reading(
                                "e 1",
                                Map.of("step", new Chunks(List.of(3.0, 5.0), List.of(2.0, 2.5))),
                                Map.of("loss", 1.0)),
                        new Reading(
                                "e 1",
                                Map.of("step", new Chunks(List.of(4.0, 9.0), List.of(3.5, 3.0))),
                                Map.of("loss", 2.0))),
                surroundings);
    }

    @Test
    void theClockThatCountsGivesTheBestTimeAndTheWallTheMedian() {
        assertThat(measured(Surroundings.PROCESSOR).best("step")).isEqualTo(2);
        assertThat(measured(Surroundings.WALL).best("step")).isEqualTo(3);
        assertThat(measured(Surroundings.PROCESSOR).bestWall("step")).isEqualTo(3);
        assertThat(measured(Surroundings.PROCESSOR).typical("step")).isEqualTo(4.5);
    }

    @Test
    void numbersAreTakenOverAllReadings() {
        Measured measured = measured(Surroundings.WALL);
        assertThat(measured.least("loss")).isEqualTo(1);
        assertThat(measured.most("loss")).isEqualTo(2);
        assertThat(measured.mean("loss")).isEqualTo(1.5);
    }

    @Test
    void whatWasNotMeasuredIsADash() {
        Measured measured = measured(Surroundings.WALL);
        assertThat(measured.best("other")).isNaN();
        assertThat(measured.typical("other")).isNaN();
        assertThat(measured.mean("other")).isNaN();
        assertThat(Column.of("x", "x", "%.1f", own -> 0).cell(measured.best("other")))
                .isEqualTo("–");
        assertThat(Column.share("x", "x", own -> 0).cell(0.256)).isEqualTo("26 %");
    }

    @Test
    void aStepThatTakesLongIsMeasuredAtOnceAndAShortOneInChunks() {
        List<Integer> steps = new ArrayList<>();
        Chunks once = Chunks.measure(() -> steps.add(1), 1e-9, 1e-12);
        assertThat(steps).hasSize(2);
        assertThat(once.wall()).hasSize(1);

        steps.clear();
        Chunks many = Chunks.measure(() -> steps.add(1), 0.02, 0.002);
        assertThat(many.wall()).isNotEmpty();
        assertThat(steps).hasSizeGreaterThan(10);
    }

    @Test
    void aStepThatTakesNoTimeIsMeasuredNevertheless() {
        assertThat(Chunks.measure(() -> {}, 1e-3, 10).wall())
                .isNotEmpty()
                .allSatisfy(seconds -> assertThat(seconds).isNotNegative());
    }

    @Test
    void theFirstStepIsNotCounted() {
        Tally tally = new Tally();
        tally.count(() -> 1000);
        tally.count(() -> 3);
        tally.count(() -> 5);
        assertThat(tally.perStep()).isEqualTo(4);
    }

    @Test
    void theStepThatAllocatesLeastTellsWhatASteadyOneTakes() {
        Tally tally = new Tally();
        List<byte[]> kept = new ArrayList<>(4);
        for (int bytes : new int[] {0, 4_000_000, 100_000, 2_000_000}) {
            tally.count(() -> {
                kept.add(new byte[bytes]);
                return 1;
            });
        }
        assertThat(tally.allocatedPerStep()).isBetween(100_000.0, 110_000.0);
        assertThat(kept).hasSize(4);
    }
}
