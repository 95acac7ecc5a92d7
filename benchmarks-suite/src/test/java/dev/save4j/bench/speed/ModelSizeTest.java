package dev.save4j.bench.speed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.models.Llama;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ModelSizeTest {
    @Test
    void sizesHaveAboutTheParametersOfTheirNames() {
        assertThat(parameters("0.26M")).isEqualTo(260_032);
        assertThat(parameters("120M")).isBetween(115_000_000L, 125_000_000L);
        assertThat(parameters("2M")).isBetween(1_800_000L, 2_200_000L);
        assertThat(parameters("14M")).isEqualTo(13_767_552);
        assertThat(parameters("15M")).isEqualTo(15_191_712);
        assertThat(parameters("60M")).isEqualTo(62_927_616);
    }

    private static long parameters(String name) {
        return new Llama(ModelSize.named(name).config())
                .parameters().values().stream()
                        .mapToLong(type -> LongStream.of(type.fixedShape()).reduce(1, (left, right) -> left * right))
                        .sum();
    }

    @Test
    void floatingPointOperationsAreCountedByHand() {
        ModelSize size = ModelSize.named("14M");
        // 6 layers of 4 x 384 x 384 and 3 x 384 x 1024, and the head of 384 x 4096.
        assertThat(size.productWeights()).isEqualTo(6 * (589_824 + 1_179_648) + 1_572_864);
        // 8 x 128 x 128 pairs of positions, 384 hidden units, 6 layers.
        assertThat(size.trainingFlop(new BatchShape(8, 128)))
                .isCloseTo(6.0 * 12_189_696 * 1024 + 12.0 * 131_072 * 384 * 6, within(1.0));
        assertThat(size.scoringFlop(new BatchShape(8, 128)))
                .isCloseTo(2.0 * (12_189_696 - 1_572_864) * 1024 + 4.0 * 131_072 * 384 * 6, within(1.0));
    }

    @Test
    void anUnknownSizeAndAMalformedShapeAreRefused() {
        assertThatThrownBy(() -> ModelSize.named("16M"))
                .isInstanceOf(SaveException.class)
                .hasMessage("there is no model size '16M'. Available: 0.26M, 2M, 14M, 15M, 60M, 120M.");
        assertThatThrownBy(() -> BatchShape.parse("8*128"))
                .isInstanceOf(SaveException.class)
                .hasMessage("'8*128' is no batch shape; write sequences x tokens, such as 8x128");
        assertThatThrownBy(() -> BatchShape.parse("1x5000")).hasMessageContaining("not 1x5000");
    }
}
