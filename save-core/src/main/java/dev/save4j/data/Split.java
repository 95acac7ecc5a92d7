package dev.save4j.data;

import java.util.List;

/**
 * A data set in two parts, see {@link DataSet#split}.
 *
 * @param training what to train on
 * @param heldOut what to measure with
 */
public record Split<T>(List<T> training, List<T> heldOut) {
    public Split {
        training = List.copyOf(training);
        heldOut = List.copyOf(heldOut);
    }
}
