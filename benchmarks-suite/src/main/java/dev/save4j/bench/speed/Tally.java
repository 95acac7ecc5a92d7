package dev.save4j.bench.speed;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.LongSupplier;

/**
 * Counts the work of steps, and what the thread that does it takes from the Java heap. The first step is for warming up and does not count; of the others
 * the one that takes least does, because the virtual machine goes on making what it keeps for a while.
 */
final class Tally {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private int steps = -1;
    private long work;
    private long least = Long.MAX_VALUE;

    /** Does a step, which returns how much work it was. */
    void count(LongSupplier step) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        long amount = step.getAsLong();
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        steps++;
        if (steps > 0) {
            work += amount;
            least = Math.min(least, allocated);
        }
    }

    /** Work of a step. */
    double perStep() {
        return (double) work / steps;
    }

    /** Bytes of the Java heap that a step takes at least. */
    double allocatedPerStep() {
        return least;
    }
}
