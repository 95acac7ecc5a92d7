package dev.save4j.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class LengthBatchesTest {
    @Test
    void rowsOfAboutTheSameLengthRunTogether() {
        LengthBatches batches = new LengthBatches(new int[] {9, 2, 8, 3, 1}, 2);
        assertThat(batches.batches()).containsExactly(List.of(4, 1), List.of(3, 2), List.of(0));
        assertThat(batches.tokens()).isEqualTo(23);
        assertThat(batches.padding()).isEqualTo(1 + 5);
    }

    @Test
    void longRowsShareABatchWithFewerOthers() {
        int[] lengths = new int[9];
        Arrays.fill(lengths, 512);
        assertThat(new LengthBatches(lengths, 8).batches())
                .extracting(List::size)
                .containsExactly(8, 1);
        Arrays.fill(lengths, 1024);
        assertThat(new LengthBatches(lengths, 8).batches())
                .extracting(List::size)
                .containsExactly(4, 4, 1);
        Arrays.fill(lengths, 10_000);
        assertThat(new LengthBatches(lengths, 8).batches())
                .as("a row that is too long for a batch is one")
                .extracting(List::size)
                .containsOnly(1)
                .hasSize(9);
    }

    @Test
    void rowsMayDependOnTheLength() {
        assertThat(new LengthBatches(new int[] {4, 1, 1, 4, 1, 4}, length -> length > 2 ? 2 : 3).batches())
                .containsExactly(List.of(1, 2, 4), List.of(0, 3), List.of(5));
    }

    @Test
    void withoutRowsThereIsNothingToRun() {
        LengthBatches batches = new LengthBatches(new int[0], 4);
        assertThat(batches.batches()).isEmpty();
        assertThat(batches.padding()).isZero();
    }
}
