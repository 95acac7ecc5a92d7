package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import java.util.List;

/**
 * How something is measured.
 *
 * @param threads native threads of an engine
 * @param rounds how often every case gets its turn
 * @param seconds of one measurement, at least
 * @param rivals {@code plain} for the same work with ONNX Runtime alone, a Python interpreter for that with PyTorch, or {@code all} there are
 */
public record Plan(int threads, int rounds, double seconds, List<String> rivals) {
    public Plan {
        rivals = List.copyOf(rivals);
        if (threads < 1 || rounds < 1 || !(seconds > 0)) {
            throw SaveException.user(
                    "threads, rounds and seconds must be positive, not " + threads + ", " + rounds + " and " + seconds);
        }
    }

    /** The clock whose best time counts: with one thread that of the processor, which other work disturbs less. */
    String clock() {
        return threads == 1 ? Surroundings.PROCESSOR : Surroundings.WALL;
    }
}
