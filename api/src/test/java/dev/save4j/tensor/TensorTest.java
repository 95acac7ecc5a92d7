package dev.save4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TensorTest {
    @Test
    void everySizeIsAllocatedWholeAndAligned() {
        // Held, so that the addresses differ and every misalignment of the allocator is met.
        List<Tensor> held = new ArrayList<>();
        for (int size = 0; size < 200; size++) {
            Tensor tensor = Tensor.allocate(ElementType.INT8, size);
            held.add(tensor);
            assertThat(tensor.size()).isEqualTo(size);
            assertThat(tensor.bytes().alignmentOffset(0, Tensor.ALIGNMENT)).isZero();
        }
    }
}
