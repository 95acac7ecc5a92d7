package dev.save4j.cli;

import dev.save4j.loop.Progress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows progress on standard error: bars with the time left on a terminal, otherwise a line now and then. Safe for use by several threads.
 */
final class ProgressBars implements Progress, AutoCloseable {
    private static final Duration BETWEEN_LINES = Duration.ofSeconds(10);

    private final boolean terminal = System.console() != null;
    private final Map<String, ProgressBar> bars = new LinkedHashMap<>();
    private final Map<String, Task> tasks = new LinkedHashMap<>();

    private record Task(long began, long lastLine) {}

    @Override
    public synchronized void advance(String task, int done, int total, String note) {
        if (terminal) {
            ProgressBar bar = bars.computeIfAbsent(
                    task,
                    name -> new ProgressBarBuilder()
                            .setTaskName(name)
                            .setInitialMax(total)
                            .setStyle(ProgressBarStyle.ASCII)
                            .setUpdateIntervalMillis(200)
                            .build());
            bar.stepTo(done);
            bar.setExtraMessage(" " + note);
            if (done == total) {
                bar.close();
                bars.remove(task);
            }
            return;
        }
        long now = System.nanoTime();
        Task known = tasks.computeIfAbsent(task, name -> new Task(now, now));
        if (done == total || now - known.lastLine() >= BETWEEN_LINES.toNanos()) {
            tasks.put(task, new Task(known.began(), now));
            double seconds = (now - known.began()) / 1e9;
            String left = done == total ? "" : ", about %.0f s left".formatted(seconds / done * (total - done));
            System.err.printf(java.util.Locale.ROOT, "%s %d/%d: %s%s%n", task, done, total, note, left);
        }
    }

    @Override
    public synchronized void close() {
        bars.values().forEach(ProgressBar::close);
        bars.clear();
    }
}
