package dev.save4j.wiring;

import com.sun.management.OperatingSystemMXBean;
import dev.save4j.SaveException;
import dev.save4j.engine.Device;
import dev.save4j.loop.LoopEngines;
import dev.save4j.loop.TrainingData;
import dev.save4j.report.Table;
import dev.save4j.run.Experiment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What an experiment takes of the machine's memory at most, estimated from the sizes of its models and batches before weights are loaded. Preparation and
 * modes follow one another; modes that run in parallel each have their own models. What rollouts and scoring take of a GPU is not estimated.
 *
 * @param lines in the order of the models
 * @param parallel modes at the same time
 * @param machine bytes of memory that the machine, or the container, has
 * @param device of rollouts and scoring
 */
public record MemoryEstimate(List<Line> lines, int parallel, long machine, Device.Kind device) {
    /** When a part is there. */
    public enum Phase {
        ALWAYS("once"),
        PREPARATION("preparation"),
        MODE("each mode");

        private final String text;

        Phase(String text) {
            this.text = text;
        }
    }

    /**
     * Something that takes memory.
     *
     * @param advice how it takes less
     */
    public record Line(Phase phase, String model, String part, String engine, long bytes, String advice) {}

    public MemoryEstimate {
        lines = List.copyOf(lines);
    }

    static MemoryEstimate of(Experiment experiment, LoopEngines engines, TrainingData data) {
        OperatingSystemMXBean machine = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return new MemoryEstimate(
                new MemoryParts(experiment, engines, data).lines(),
                modesAtOnce(experiment),
                machine.getTotalMemorySize(),
                experiment.engines().device());
    }

    private static int modesAtOnce(Experiment experiment) {
        return Math.min(experiment.parallel(), experiment.modes().size());
    }

    /** Bytes at the peak. */
    public long total() {
        return sum(Phase.ALWAYS) + Math.max(sum(Phase.PREPARATION), parallel * sum(Phase.MODE));
    }

    private long sum(Phase phase) {
        return lines.stream()
                .filter(line -> line.phase() == phase)
                .mapToLong(Line::bytes)
                .sum();
    }

    /** A RESOURCES error with advice when the machine has less. */
    public void requireFit() {
        if (total() > machine) {
            Line largest = lines.stream()
                    .reduce((one, other) -> one.bytes() >= other.bytes() ? one : other)
                    .orElseThrow();
            throw SaveException.resources("the run would take about " + mebibytes(total())
                    + " MiB of memory, but this machine has "
                    + mebibytes(machine) + " MiB. The largest part is " + mebibytes(largest.bytes()) + " MiB for "
                    + largest.model() + ", " + largest.part() + ". "
                    + (parallel > 1 ? "Run one mode after the other with parallel: 1. " : "") + largest.advice()
                    + " 'save4j run FILE --dry-run' shows every part.");
        }
    }

    /** A row for each part, the sum and what the machine has. */
    public Table table() {
        List<List<String>> rows = new ArrayList<>();
        for (Line line : lines) {
            rows.add(List.of(line.model(), line.part(), line.engine(), line.phase().text, mebibytes(line.bytes())));
        }
        rows.add(List.of(
                "sum",
                parallel > 1 ? "at the peak, with " + parallel + " modes at once" : "at the peak",
                "",
                "",
                mebibytes(total())));
        rows.add(List.of("machine", "", "", "", mebibytes(machine)));
        if (device != Device.Kind.CPU) {
            rows.add(List.of(device.name().toLowerCase(Locale.ROOT), "memory of the GPU is not estimated", "", "", ""));
        }
        return new Table(List.of("model", "what", "engine", "when", "MiB"), rows);
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%d", (bytes + (1 << 20) - 1) >> 20);
    }
}
