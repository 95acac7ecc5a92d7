package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class CrewTest {
    private static final Duration WORK = Duration.ofMillis(400);

    private static void sleep() {
        try {
            Thread.sleep(WORK.toMillis());
        } catch (InterruptedException unexpected) {
            throw new IllegalStateException(unexpected);
        }
    }

    @Test
    void anInterruptedCallerWaitsForTheOthersWithoutWork() throws OrtException {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        try (Crew crew = new Crew(2)) {
            crew.run(member -> {}, 2);
            Thread.currentThread().interrupt();
            long before = threads.getCurrentThreadCpuTime();
            long since = System.nanoTime();
            crew.run(
                    member -> {
                        if (member == 1) {
                            sleep();
                        }
                    },
                    2);
            long waited = System.nanoTime() - since;
            long worked = threads.getCurrentThreadCpuTime() - before;
            assertThat(Thread.interrupted()).isTrue();
            assertThat(waited).isGreaterThanOrEqualTo(WORK.toNanos());
            assertThat(worked).isLessThan(WORK.toNanos() / 4);
        }
    }
}
