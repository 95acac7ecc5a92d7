package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import java.util.Optional;

/**
 * How something is measured.
 *
 * @param threads native threads of an engine
 * @param rounds how often every case gets its turn
 * @param seconds of one measurement, at least
 * @param rival the Python interpreter with which PyTorch is measured too
 */
public record Plan(int threads, int rounds, double seconds, Optional<String> rival) {
    public Plan {
        if (threads < 1 || rounds < 1 || !(seconds > 0)) {
            throw SaveException.user(
                    "threads, rounds and seconds must be positive, not " + threads + ", " + rounds + " and " + seconds);
        }
    }

    /** The clock whose best time counts: with one thread that of the processor, which other work disturbs less. */
    String clock() {
        return threads == 1 ? "processor" : "wall";
    }

    double best(Chunks chunks) {
        return threads == 1 ? chunks.bestProcessor() : chunks.bestWall();
    }
}
