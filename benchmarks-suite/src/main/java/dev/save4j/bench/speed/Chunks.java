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
    Chunks {
        wall = List.copyOf(wall);
        processor = List.copyOf(processor);
    }

    /**
     * Runs a step twice to warm up, then in chunks.
     *
     * @param seconds how long to go on, at least
     * @param chunk how long one chunk is, at least
     */
    static Chunks measure(Runnable step, double seconds, double chunk) {
        step.run();
        long warm = System.nanoTime();
        step.run();
        int steps = (int) Math.max(1, Math.ceil(chunk / ((System.nanoTime() - warm) / 1e9)));
        List<Double> wall = new ArrayList<>();
        List<Double> processor = new ArrayList<>();
        long began = System.nanoTime();
        do {
            double before = Clocks.processor();
            long start = System.nanoTime();
            for (int i = 0; i < steps; i++) {
                step.run();
            }
            wall.add((System.nanoTime() - start) / 1e9 / steps);
            processor.add((Clocks.processor() - before) / steps);
        } while ((System.nanoTime() - began) / 1e9 < seconds);
        return new Chunks(wall, processor);
    }

    double bestWall() {
        return Collections.min(wall);
    }

    double bestProcessor() {
        return Collections.min(processor);
    }

    double medianWall() {
        List<Double> sorted = wall.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /** Those of several measurements of the same. */
    static Chunks together(List<Chunks> parts) {
        return new Chunks(
                parts.stream().flatMap(part -> part.wall.stream()).toList(),
                parts.stream().flatMap(part -> part.processor.stream()).toList());
    }
}
