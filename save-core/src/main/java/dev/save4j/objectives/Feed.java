package dev.save4j.objectives;

import dev.save4j.SaveException;
import dev.save4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The data inputs of an objective for one whole batch: tensors with a leading row axis, and scalars that hold for the batch as a whole. Cutting
 * it into micro-batches cuts the rows and repeats the scalars, which is what makes the shares of an {@link Objective} add up. Immutable; the
 * tensors must not be changed.
 *
 * @param rows by input name, each {@code [rows, …]} with the same number of rows
 * @param scalars by input name, rank 0
 * @param unit rows that must stay together: the answers of a prompt for a contrast within groups, otherwise 1
 */
public record Feed(Map<String, Tensor> rows, Map<String, Tensor> scalars, int unit) {
    public Feed {
        rows = Collections.unmodifiableMap(new LinkedHashMap<>(rows));
        scalars = Collections.unmodifiableMap(new LinkedHashMap<>(scalars));
        long[] sizes = rows.values().stream()
                .mapToLong(tensor -> tensor.dimension(0))
                .distinct()
                .toArray();
        if (sizes.length != 1 || unit < 1 || sizes[0] % unit != 0) {
            throw SaveException.internal(
                    "a feed needs tensors of the same number of rows, a multiple of " + unit + ", but has " + rows);
        }
    }

    /** Number of rows of the whole batch. */
    public int size() {
        return (int) rows.values().iterator().next().dimension(0);
    }

    /** Every input for the whole batch. */
    public Map<String, Tensor> whole() {
        return slice(0, size());
    }

    /** The inputs for rows {@code from} to {@code to} (exclusive); an INTERNAL error when that cuts through a unit. */
    public Map<String, Tensor> slice(int from, int to) {
        if (from < 0 || to > size() || from >= to || from % unit != 0 || to % unit != 0) {
            throw SaveException.internal("rows " + from + " to " + to + " cannot be cut from a batch of " + size()
                    + " rows in which " + unit + " belong together");
        }
        Map<String, Tensor> inputs = new LinkedHashMap<>(scalars);
        rows.forEach((name, tensor) -> inputs.put(name, slice(tensor, from, to)));
        return inputs;
    }

    /** The inputs of consecutive micro-batches of at most {@code size} rows, rounded down to whole units but at least one. */
    public List<Map<String, Tensor>> microBatches(int size) {
        int step = Math.max(1, size / unit) * unit;
        List<Map<String, Tensor>> parts = new ArrayList<>();
        for (int from = 0; from < size(); from += step) {
            parts.add(slice(from, Math.min(from + step, size())));
        }
        return parts;
    }

    private static Tensor slice(Tensor tensor, int from, int to) {
        long[] shape = tensor.shape();
        long rows = shape[0];
        if (from == 0 && to == rows) {
            return tensor;
        }
        shape[0] = (long) to - from;
        Tensor part = Tensor.allocate(tensor.type(), shape);
        ByteBuffer bytes = tensor.bytes();
        int stride = (int) (bytes.capacity() / rows);
        part.bytes().put(bytes.slice(from * stride, (to - from) * stride));
        return part;
    }

    static Tensor vector(double[] values) {
        Tensor tensor = Tensor.allocate(dev.save4j.tensor.ElementType.FLOAT, values.length);
        for (int i = 0; i < values.length; i++) {
            tensor.floats().put(i, (float) values[i]);
        }
        return tensor;
    }

    /** One over a count or sum of weights; 0 when there is nothing to share, so that the loss is 0 and not NaN. */
    static Tensor share(double total) {
        return Tensor.scalar((float) (total > 0 ? 1 / total : 0));
    }
}
