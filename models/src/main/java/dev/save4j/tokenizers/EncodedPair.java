package dev.save4j.tokenizers;

import dev.save4j.SaveException;
import java.util.Arrays;

/**
 * The ids of two texts in one sequence.
 *
 * @param ids not to be changed
 * @param tokenTypeIds as many as ids, 0 for the first text and 1 for the second as the tokenizer's template says; not to be changed
 * @param truncated whether a part of a text is missing
 */
@SuppressWarnings("ArrayRecordComponent")
public record EncodedPair(int[] ids, int[] tokenTypeIds, boolean truncated) {
    public EncodedPair {
        if (ids.length != tokenTypeIds.length) {
            throw SaveException.internal(ids.length + " ids but " + tokenTypeIds.length + " token types");
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof EncodedPair that
                && truncated == that.truncated
                && Arrays.equals(ids, that.ids)
                && Arrays.equals(tokenTypeIds, that.tokenTypeIds);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(ids) + Arrays.hashCode(tokenTypeIds);
    }

    @Override
    public String toString() {
        return "EncodedPair" + Arrays.toString(ids) + " of types " + Arrays.toString(tokenTypeIds)
                + (truncated ? " truncated" : "");
    }
}
