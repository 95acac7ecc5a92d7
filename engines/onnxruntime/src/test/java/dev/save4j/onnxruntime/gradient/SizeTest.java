package dev.save4j.onnxruntime.gradient;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SizeTest {
    private static final Size BATCH = Size.named("batch");
    private static final Size SEQUENCE = Size.named("sequence");

    @Test
    void productsDoNotDependOnTheOrder() {
        assertThat(BATCH.times(SEQUENCE).times(Size.of(2)))
                .isEqualTo(Size.of(2).times(SEQUENCE).times(BATCH));
        assertThat(BATCH.times(SEQUENCE).times(Size.of(6)).dividedBy(BATCH.times(Size.of(3))))
                .contains(SEQUENCE.times(Size.of(2)));
        assertThat(BATCH.times(Size.of(0))).isEqualTo(Size.of(0));
    }

    @Test
    void whatMayLeaveARemainderIsNotDivided() {
        assertThat(BATCH.dividedBy(Size.of(2))).isEmpty();
        assertThat(BATCH.dividedBy(SEQUENCE)).isEmpty();
        assertThat(Size.of(7).dividedBy(Size.of(2))).isEmpty();
        assertThat(Size.of(7).dividedBy(Size.of(0))).isEmpty();
    }

    @Test
    void sumsOfTheSameNumbersAreTheSame() {
        assertThat(BATCH.plus(SEQUENCE)).isEqualTo(SEQUENCE.plus(BATCH));
        assertThat(BATCH.plus(BATCH)).isEqualTo(BATCH.times(Size.of(2)));
        assertThat(BATCH.plus(Size.of(0))).isEqualTo(BATCH);
    }

    @Test
    void onlyACertainSizeIsKept() {
        assertThat(Size.of(3).keepsSizeIn(BATCH)).isTrue();
        assertThat(Size.ONE.keepsSizeIn(BATCH)).isFalse();
        assertThat(BATCH.keepsSizeIn(BATCH)).isTrue();
        assertThat(BATCH.keepsSizeIn(SEQUENCE)).isFalse();
        assertThat(BATCH.keepsSizeIn(Size.of(3))).isFalse();
        assertThat(Size.smaller(16, SEQUENCE).keepsSizeIn(SEQUENCE)).isTrue();
        assertThat(Size.smaller(16, SEQUENCE).keepsSizeIn(BATCH)).isFalse();
        assertThat(Size.smaller(1, SEQUENCE).keepsSizeIn(SEQUENCE)).isFalse();
    }

    @Test
    void broadcastSizesAreNamedWhenTheyAreNotKnown() {
        assertThat(Size.broadcast(BATCH, Size.ONE)).isEqualTo(BATCH);
        assertThat(Size.broadcast(BATCH, Size.of(3))).isEqualTo(Size.of(3));
        assertThat(Size.broadcast(BATCH, SEQUENCE)).isEqualTo(Size.broadcast(SEQUENCE, BATCH));
        assertThat(Size.broadcast(Size.smaller(16, SEQUENCE), SEQUENCE)).isEqualTo(SEQUENCE);
    }
}
