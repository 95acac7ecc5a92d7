package dev.save4j.tokenizers;

import java.util.Arrays;

/**
 * The ids of one text.
 *
 * @param ids not to be changed
 * @param truncated whether a part of the text is missing
 */
@SuppressWarnings("ArrayRecordComponent")
public record Encoded(int[] ids, boolean truncated) {
    @Override
    public boolean equals(Object other) {
        return other instanceof Encoded that && truncated == that.truncated && Arrays.equals(ids, that.ids);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(ids);
    }

    @Override
    public String toString() {
        return "Encoded" + Arrays.toString(ids) + (truncated ? " truncated" : "");
    }
}
