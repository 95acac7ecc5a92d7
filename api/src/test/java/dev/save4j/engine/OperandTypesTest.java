package dev.save4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.tensor.ElementType;
import org.junit.jupiter.api.Test;

class OperandTypesTest {
    @Test
    void followTheSpecification() {
        assertThat(OperandTypes.of("And")).containsExactly(ElementType.BOOL);
        assertThat(OperandTypes.of("Erf"))
                .containsExactlyInAnyOrder(
                        ElementType.FLOAT, ElementType.DOUBLE, ElementType.FLOAT16, ElementType.BFLOAT16);
        assertThat(OperandTypes.of("Add")).hasSize(12).doesNotContain(ElementType.BOOL);
        assertThat(OperandTypes.of("Attention"))
                .hasSize(6)
                .contains(ElementType.BOOL, ElementType.INT64)
                .doesNotContain(ElementType.INT32);
        assertThat(OperandTypes.of("Gather")).hasSize(13);
    }
}
