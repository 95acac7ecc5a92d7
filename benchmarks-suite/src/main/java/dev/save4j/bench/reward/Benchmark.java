package dev.save4j.bench.reward;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A benchmark by its own rules. Immutable, safe for use by several threads. */
public interface Benchmark {
    /** Lower-case with dashes, as a user names it. */
    String name();

    /** For people. */
    String title();

    /** In one sentence: what the first metric is, and what a tie counts. */
    String rule();

    /** Whether a folder of data holds files of this benchmark. */
    boolean isIn(Path data);

    /** Reads the items; a USER error that names the file and row when something is not as published. */
    Questions read(Path data);

    /**
     * The part of the benchmark that an item is drawn from when {@link Bootstrap} draws prompts anew: the official number averages such parts, so that each
     * keeps its number of prompts. One and the same for all items where it is a plain mean.
     */
    default String stratum(Item item) {
        return "";
    }

    /** What an item that compares answers earns by the benchmark's rule, in [0, 1]; 0 when its answers could not be scored. */
    double credit(Scored item);

    /**
     * The metrics, the official one first. Parts of the benchmark that have no items are left out of averages.
     *
     * @param items at least one
     */
    List<Metric> metrics(List<Scored> items);

    /** The file of a user that this is about; empty for a benchmark known by name. */
    default Optional<Path> file() {
        return Optional.empty();
    }

    /** Its data sets on a Hugging Face hub; none when it is on none. */
    default List<String> dataSets() {
        return List.of();
    }

    /** The official number alone. */
    default double headline(List<Scored> items) {
        return metrics(items).get(0).value();
    }

    /**
     * What was read.
     *
     * @param notes what a reader of the numbers must know: parts that are missing, rows that were left out
     */
    record Questions(List<Item> items, List<String> notes) {
        public Questions {
            items = List.copyOf(items);
            notes = List.copyOf(notes);
        }
    }
}
