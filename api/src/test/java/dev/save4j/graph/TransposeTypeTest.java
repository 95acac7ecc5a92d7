package dev.save4j.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.tensor.ElementType;
import org.junit.jupiter.api.Test;

class TransposeTypeTest {
    @Test
    void reversesTheAxesWhenNoOrderIsGiven() {
        GraphBuilder builder = new GraphBuilder("transpose");
        Value input = builder.input("x", ElementType.FLOAT, 2, 3, 5);
        assertThat(builder.op("Transpose", input).type().shape())
                .containsExactly(Dimension.of(5), Dimension.of(3), Dimension.of(2));
    }
}
