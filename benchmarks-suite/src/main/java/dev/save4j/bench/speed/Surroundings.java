package dev.save4j.bench.speed;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Where and how numbers were measured.
 *
 * @param machine processor, cores, system and Java
 * @param threads native threads of an engine
 * @param clock whose best time counts, {@code processor} or {@code wall}
 * @param peakGigaflops of products of matrices, on as many threads
 * @param readGigabytes by size of model: how much memory is read in a second when as much as its weights is read again and again, on as many threads
 * @param busyBefore the share of the processors that other work took before anything was measured
 * @param busyAfter and behind
 */
public record Surroundings(
        String machine,
        int threads,
        String clock,
        double peakGigaflops,
        Map<String, Double> readGigabytes,
        double busyBefore,
        double busyAfter) {
    static final String PROCESSOR = "processor";
    static final String WALL = "wall";

    /** Above this share of the processors, other work disturbs what is measured. */
    private static final double IDLE = 0.1;

    public Surroundings {
        readGigabytes = Collections.unmodifiableMap(new LinkedHashMap<>(readGigabytes));
    }

    /** Bytes in a second. */
    double readBandwidth(ModelSize size) {
        return 1e9 * readGigabytes.getOrDefault(size.name(), Double.NaN);
    }

    boolean countsProcessor() {
        return clock.equals(PROCESSOR);
    }

    /** The share of the peak that products of matrices with so many floating-point operations in so many seconds reach. */
    double fractionOfPeak(double flop, double seconds) {
        return flop / seconds / 1e9 / peakGigaflops;
    }

    /** In sentences. */
    String explanation() {
        return String.format(
                        Locale.ROOT,
                        "%s; %d native thread%s. Peaks of this machine: %.1f GFLOP/s in products of square matrices by ONNX Runtime, which an engine with"
                                + " kernels of its own may exceed, and in reading as much memory as the weights take %s. Best by %s time, median by wall time; every engine"
                                + " ran in a process of its own, in turns. '×' is how many times as fast the first engine of the same model and shape is.",
                        machine,
                        threads,
                        threads == 1 ? "" : "s",
                        peakGigaflops,
                        readGigabytes.entrySet().stream()
                                .map(size ->
                                        String.format(Locale.ROOT, "%.1f GB/s (%s)", size.getValue(), size.getKey()))
                                .collect(Collectors.joining(", ")),
                        clock)
                + (Math.max(busyBefore, busyAfter) > IDLE
                        ? String.format(
                                Locale.ROOT,
                                " The machine was not idle: other work took %.0f %% of it before and %.0f %% behind.",
                                100 * busyBefore,
                                100 * busyAfter)
                        : "");
    }
}
