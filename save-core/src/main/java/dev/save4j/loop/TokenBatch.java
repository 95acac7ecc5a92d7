package dev.save4j.loop;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Token sequences as the inputs of a model: {@code input_ids} and {@code attention_mask}, INT64 {@code [batch, sequence]}, padded on the right with
 * id 0, which the mask hides.
 */
final class TokenBatch {
    private TokenBatch() {}

    /** Padded to the longest of these sequences. */
    static Map<String, Tensor> of(List<int[]> sequences) {
        return of(sequences, longest(sequences));
    }

    /** Padded to a given width. */
    static Map<String, Tensor> of(List<int[]> sequences, int width) {
        return of(sequences, width, 0);
    }

    /** Padded to a given width with a token that the model looks for. */
    static Map<String, Tensor> of(List<int[]> sequences, int width, int padding) {
        Map<String, Tensor> inputs = new HashMap<>();
        inputs.put("input_ids", padded(sequences, width, padding));
        inputs.put(
                "attention_mask",
                padded(
                        sequences.stream()
                                .map(sequence ->
                                        Arrays.stream(sequence).map(id -> 1).toArray())
                                .toList(),
                        width,
                        0));
        return inputs;
    }

    /** Rows of numbers as INT64 {@code [rows, width]}. */
    static Tensor padded(List<int[]> sequences, int width, int padding) {
        Tensor ids = Tensor.allocate(ElementType.INT64, sequences.size(), width);
        LongBuffer idValues = ids.longs();
        for (int row = 0; row < sequences.size(); row++) {
            int[] sequence = sequences.get(row);
            if (sequence.length > width) {
                throw SaveException.internal("a sequence of " + sequence.length + " tokens does not fit into " + width);
            }
            for (int i = 0; i < width; i++) {
                idValues.put(row * width + i, i < sequence.length ? sequence[i] : padding);
            }
        }
        return ids;
    }

    static int longest(List<int[]> sequences) {
        return sequences.stream().mapToInt(sequence -> sequence.length).max().orElse(0);
    }
}
