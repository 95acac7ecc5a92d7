package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogitPartsTest {
    @ParameterizedTest
    @CsvSource({"189, 512", "32000, 512", "50257, 333", "151936, 110", "1000000, 64"})
    void positionsGrowFewerWithTheVocabulary(int vocabulary, int positions) {
        assertThat(new LogitParts(vocabulary).positions()).isEqualTo(positions);
    }

    @Test
    void logitsOfARunTakeAtMost256Megabytes() {
        for (int vocabulary : new int[] {189, 2048, 32_000, 151_936, 1_000_000}) {
            LogitParts parts = new LogitParts(vocabulary);
            for (int length : new int[] {16, 200, 512, 4096}) {
                long each = 4L * vocabulary * Math.min(length, parts.positions());
                assertThat(parts.rows(length) * each)
                        .as("%d tokens of %d", length, vocabulary)
                        .isLessThanOrEqualTo(256L << 20);
                assertThat((parts.rows(length) + 1) * each).isGreaterThan(256L << 20);
            }
        }
        assertThat(new LogitParts(1 << 30).rows(4096)).isOne();
    }

    @Test
    void smallVocabulariesLeaveFullBatchesOf64() {
        for (int length = 1; length <= 512; length++) {
            assertThat(new LogitParts(2048).rows(length)).isGreaterThanOrEqualTo(64);
        }
    }
}
