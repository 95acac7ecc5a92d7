package dev.save4j.bench.speed;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Seconds that a step of some work takes, measured over chunks of several steps because processor time is told in hundredths of a second.
 *
 * @param wall seconds of a step by the clock on the wall, one number for each chunk
 * @param processor seconds of processor time of a step
 */
record Chunks(List<Double> wall, List<Double> processor) {
    /** Steps of a chunk, of those that take no time. */
    private static final int MOST = 10_000_000;

    Chunks {
        wall = List.copyOf(wall);
        processor = List.copyOf(processor);
    }

    /**
     * Runs a step once to warm up, then in chunks. The step that tells how many make a chunk counts as one when it is long enough.
     *
     * @param seconds how long to go on, at least
     * @param chunk how long one chunk is, about
     */
    static Chunks measure(Runnable step, double seconds, double chunk) {
        step.run();
        List<Double> wall = new ArrayList<>();
        List<Double> processor = new ArrayList<>();
        int steps = 1;
        long began = System.nanoTime();
        while (wall.isEmpty() || (System.nanoTime() - began) / 1e9 < seconds) {
            double before = Clocks.processor();
            long start = System.nanoTime();
            for (int i = 0; i < steps; i++) {
                step.run();
            }
            double took = (System.nanoTime() - start) / 1e9;
            if (took < chunk / 2 && steps < MOST && wall.isEmpty()) {
                steps = (int) Math.min(MOST, Math.ceil(steps * Math.max(2, chunk / took)));
                continue;
            }
            wall.add(took / steps);
            processor.add((Clocks.processor() - before) / steps);
        }
        return new Chunks(wall, processor);
    }

    double bestWall() {
        return Collections.min(wall);
    }

    double bestProcessor() {
        return Collections.min(processor);
    }
}
