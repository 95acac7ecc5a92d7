package dev.save4j.bench.speed;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Counts the work of steps, and what the thread that does it takes from the Java heap. The first step is for warming up and does not count. */
final class Tally {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private int steps = -1;
    private long work;
    private long allocatedBefore;

    /** To be called behind every step. */
    void add(long amount) {
        steps++;
        if (steps == 0) {
            allocatedBefore = THREADS.getCurrentThreadAllocatedBytes();
        } else {
            work += amount;
        }
    }

    /** Work of a step. */
    double perStep() {
        return (double) work / steps;
    }

    /** Bytes of the Java heap for a step, to be asked before anything else is done. */
    double allocatedPerStep() {
        return (double) (THREADS.getCurrentThreadAllocatedBytes() - allocatedBefore) / steps;
    }
}
