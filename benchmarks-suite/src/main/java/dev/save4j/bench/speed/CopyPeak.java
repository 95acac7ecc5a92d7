package dev.save4j.bench.speed;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** The bandwidth of the machine's memory: copies of 256 MiB for each thread, which no cache holds. A program to run by itself. */
final class CopyPeak {
    private static final int BYTES = 256 << 20;
    private static final int REPEATS = 8;

    private CopyPeak() {}

    /** @param gigabytes read and written in a second, by the best copy */
    record Result(double gigabytes) {}

    public static void main(String[] arguments) throws InterruptedException {
        int threads = Integer.parseInt(arguments[0]);
        List<ByteBuffer> from = new ArrayList<>();
        List<ByteBuffer> to = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
            from.add(ByteBuffer.allocateDirect(BYTES));
            to.add(ByteBuffer.allocateDirect(BYTES));
        }
        List<Double> seconds = new ArrayList<>();
        for (int repeat = 0; repeat < REPEATS; repeat++) {
            List<Thread> workers = IntStream.range(0, threads)
                    .mapToObj(i -> new Thread(
                            () -> to.get(i).duplicate().put(from.get(i).duplicate())))
                    .toList();
            long began = System.nanoTime();
            workers.forEach(Thread::start);
            for (Thread worker : workers) {
                worker.join();
            }
            seconds.add((System.nanoTime() - began) / 1e9);
        }
        Probe.report(new Result(2.0 * threads * BYTES / Collections.min(seconds) / 1e9));
    }
}
