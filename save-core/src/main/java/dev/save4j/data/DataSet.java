package dev.save4j.data;

import dev.save4j.SaveException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A whole data set in memory.
 *
 * @param rows the rows in file order
 * @param report what was counted on the way
 */
public record DataSet<T>(List<T> rows, DataReport report) {
    public DataSet {
        rows = List.copyOf(rows);
    }

    /**
     * Splits by a hash of a key of the rows, so that rows with the same key, such as the pairs of one prompt, stay together, and a row stays on
     * its side when other rows come or go. Both parts keep the order of the rows.
     *
     * @param key what must not be on both sides, for example {@code Preference::promptText}
     * @param heldOutShare about this share of the keys is held out, in [0, 1]
     * @param seed another seed, another split
     */
    public Split<T> split(Function<? super T, String> key, double heldOutShare, long seed) {
        if (!(heldOutShare >= 0 && heldOutShare <= 1)) {
            throw SaveException.user("The share to hold out must be in [0, 1], but is " + heldOutShare);
        }
        List<T> training = new ArrayList<>();
        List<T> heldOut = new ArrayList<>();
        for (T row : rows) {
            double place = (Fingerprints.mix(seed, key.apply(row)) >>> 11) * 0x1.0p-53;
            (place < heldOutShare ? heldOut : training).add(row);
        }
        return new Split<>(training, heldOut);
    }

    public int size() {
        return rows.size();
    }
}
