package dev.save4j.bench.speed;

import java.util.List;
import java.util.function.Function;
import java.util.stream.DoubleStream;

/** All readings of a case. Numbers and times that no reading has are NaN. */
record Measured(Case one, List<Reading> readings, Surroundings surroundings) {
    /** The name of the number of bytes. */
    static final String PEAK_MEMORY = "peakMemory";

    Measured {
        readings = List.copyOf(readings);
    }

    String engine() {
        return readings.get(0).engine();
    }

    ModelSize size() {
        return one.size();
    }

    /** The shortest time of a piece of work in seconds, by the clock that counts. */
    double best(String time) {
        return smallest(time, surroundings.countsProcessor() ? Chunks::processor : Chunks::wall);
    }

    /** The shortest time of a piece of work in seconds, by the clock on the wall. */
    double bestWall(String time) {
        return smallest(time, Chunks::wall);
    }

    private double smallest(String time, Function<Chunks, List<Double>> clock) {
        return chunks(time, clock).min().orElse(Double.NaN);
    }

    /** The median time of a piece of work in seconds, by the clock on the wall. */
    double typical(String time) {
        double[] sorted = chunks(time, Chunks::wall).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length == 0
                ? Double.NaN
                : sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private DoubleStream chunks(String time, Function<Chunks, List<Double>> clock) {
        return readings.stream()
                .filter(reading -> reading.times().containsKey(time))
                .flatMap(reading -> clock.apply(reading.times().get(time)).stream())
                .mapToDouble(Double::doubleValue);
    }

    double least(String number) {
        return numbers(number).min().orElse(Double.NaN);
    }

    double most(String number) {
        return numbers(number).max().orElse(Double.NaN);
    }

    double mean(String number) {
        return numbers(number).average().orElse(Double.NaN);
    }

    private DoubleStream numbers(String number) {
        return readings.stream()
                .filter(reading -> reading.numbers().containsKey(number))
                .mapToDouble(reading -> reading.numbers().get(number));
    }
}
