package dev.save4j.loop;

/** Seconds between one call and the next. */
final class StopWatch {
    private long last = System.nanoTime();

    /** Since the last call, or since this began. */
    double seconds() {
        long now = System.nanoTime();
        double seconds = (now - last) / 1e9;
        last = now;
        return seconds;
    }
}
