package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * How fast the machine reads as much memory as the weights of a model take, again and again: from a cache what one holds, else from memory. Two equal
 * arrays for each thread are compared. They lie on the heap, for which the virtual machine is told to use big pages where the system has them: with
 * small ones the translation of addresses slows reading by a third. A program to run by itself.
 */
final class ReadPeak {
    /** Bytes that a step reads at least, so that starting it takes no time in comparison. */
    private static final long STEP = 64 << 20;

    /** At most. */
    private static final double SECONDS = 1;

    private ReadPeak() {}

    /** Gigabytes in a second, by the clock of the plan. */
    static double measure(Plan plan, ModelSize size) {
        long bytes = Float.BYTES * size.productWeights();
        long heap = 64 + 2 * (bytes >> 20);
        List<String> options = List.of(
                "-XX:+IgnoreUnrecognizedVMOptions",
                "-XX:+UseParallelGC",
                "-XX:+UseTransparentHugePages",
                "-Xms" + 2 * heap + "m",
                "-Xmx" + 2 * heap + "m");
        return Probe.java(ReadPeak.class, plan, options, Long.toString(bytes))
                .numbers()
                .getOrDefault(plan.clock(), 0.0);
    }

    public static void main(String[] arguments) {
        int threads = Assignment.threads(arguments);
        long bytes = Long.parseLong(arguments[2]);
        int longs = (int) Math.max(1, bytes / threads / 2 / Long.BYTES);
        long read = 2L * longs * Long.BYTES * threads;
        int sweeps = (int) Math.max(1, STEP / read);
        List<Runnable> readers = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            readers.add(reader(longs, sweeps));
        }
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            Chunks chunks = Chunks.measure(
                    () -> together(pool, readers), Math.min(SECONDS, Assignment.seconds(arguments)), 0.25);
            double gigabytes = (double) read * sweeps / 1e9;
            Probe.report(new Reading(
                    "reading memory",
                    Map.of(),
                    Map.of(
                            Surroundings.WALL,
                            gigabytes / chunks.bestWall(),
                            Surroundings.PROCESSOR,
                            gigabytes / chunks.bestProcessor() * threads)));
        } finally {
            pool.shutdown();
        }
    }

    private static Runnable reader(int longs, int sweeps) {
        long[] left = new long[longs];
        long[] right = new long[longs];
        Arrays.fill(left, 1);
        Arrays.fill(right, 1);
        return () -> {
            for (int i = 0; i < sweeps; i++) {
                if (Arrays.mismatch(left, right) >= 0) {
                    throw SaveException.internal("equal arrays differ");
                }
            }
        };
    }

    private static void together(ExecutorService pool, List<Runnable> readers) {
        List<Future<?>> running = new ArrayList<>();
        readers.forEach(reader -> running.add(pool.submit(reader)));
        try {
            for (Future<?> one : running) {
                one.get();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw SaveException.resources("interrupted while memory was read", interrupted);
        } catch (ExecutionException failed) {
            throw SaveException.internal("memory could not be read", failed);
        }
    }
}
