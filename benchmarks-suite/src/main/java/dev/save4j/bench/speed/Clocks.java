package dev.save4j.bench.speed;

import com.sun.management.OperatingSystemMXBean;
import dev.save4j.SaveException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What the system tells of this process and of the machine. Linux only where it says so. */
final class Clocks {
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private Clocks() {}

    /** Seconds of processor time of all threads of this process so far, counted in hundredths. */
    static double processor() {
        return SYSTEM.getProcessCpuTime() / 1e9;
    }

    /** Seconds since the virtual machine was started. */
    static double sinceStart() {
        return (System.currentTimeMillis()
                        - ManagementFactory.getRuntimeMXBean().getStartTime())
                / 1e3;
    }

    /** The largest resident memory of this process so far in bytes; Linux only, elsewhere 0. */
    static long peakMemory() {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(status)) {
            return lines.filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .findFirst()
                    .orElse(0);
        } catch (IOException failed) {
            throw SaveException.resources("cannot read '" + status + "': " + failed, failed);
        }
    }

    /** The share of the machine's processors that is busy now, by everything that runs, from 0 to 1. */
    static double busy() {
        double load = SYSTEM.getCpuLoad();
        return Double.isNaN(load) || load < 0 ? 0 : load;
    }
}
