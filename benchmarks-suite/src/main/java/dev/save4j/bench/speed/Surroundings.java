package dev.save4j.bench.speed;

import java.util.Locale;

/**
 * Where and how numbers were measured.
 *
 * @param machine processor, cores, system and Java
 * @param threads native threads of an engine
 * @param clock whose best time counts, {@code processor} or {@code wall}
 * @param peakGigaflops of products of matrices, on as many threads
 * @param peakGigabytes of memory read and written in a second
 * @param busyBefore the share of the processors that other work took before anything was measured
 */
public record Surroundings(
        String machine, int threads, String clock, double peakGigaflops, double peakGigabytes, double busyBefore) {
    /** Above this share of the processors, other work disturbs what is measured. */
    private static final double IDLE = 0.1;

    /** In sentences. */
    String explanation() {
        return String.format(
                        Locale.ROOT,
                        "%s; %d native thread%s. Peaks of this machine: %.1f GFLOP/s in products of square matrices by ONNX Runtime, which an engine with"
                                + " kernels of its own may exceed, and %.1f GB/s in copies. Best by %s time, median by wall time; every engine ran in a process of its own, in turns.",
                        machine,
                        threads,
                        threads == 1 ? "" : "s",
                        peakGigaflops,
                        peakGigabytes,
                        clock)
                + (busyBefore > IDLE
                        ? String.format(
                                Locale.ROOT,
                                " The machine was not idle: other work took %.0f %% of it before.",
                                100 * busyBefore)
                        : "");
    }
}
