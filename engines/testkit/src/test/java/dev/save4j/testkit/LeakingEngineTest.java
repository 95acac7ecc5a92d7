package dev.save4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The soak notices leaks, and only leaks. */
class LeakingEngineTest {
    private static ByteBuffer written(int bytes) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes);
        while (buffer.hasRemaining()) {
            buffer.putLong(1);
        }
        return buffer;
    }

    @Test
    void noticesMemoryKeptInEveryStep() {
        Assumptions.assumeTrue(Memory.resident().isPresent());
        // Enough in all to use up first what other tests of the process have freed but the allocator still holds.
        List<ByteBuffer> kept = new ArrayList<>();
        assertThatThrownBy(() -> LeakSoak.requireFlat(() -> kept.add(written(1 << 19))))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("growth of resident memory in bytes over 120 steps");
        assertThat(kept).isNotEmpty();
    }

    @Test
    void forgivesMemoryThatIsGivenBackAndGrowthThatEnds() {
        Assumptions.assumeTrue(Memory.resident().isPresent());
        List<ByteBuffer> cache = new ArrayList<>();
        LeakSoak.requireFlat(() -> {
            assertThat(written(1 << 16).limit()).isPositive();
            if (cache.size() < 200) {
                cache.add(written(1 << 17));
            }
        });
    }
}
