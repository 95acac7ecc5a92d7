package dev.save4j.bench.speed;

import java.util.Map;

/**
 * What one measurement of a case gave.
 *
 * @param engine name and version of what did the work
 * @param times of pieces of work, by name
 * @param numbers by name
 */
record Reading(String engine, Map<String, Chunks> times, Map<String, Double> numbers) {
    Reading {
        times = Map.copyOf(times);
        numbers = Map.copyOf(numbers);
    }
}
