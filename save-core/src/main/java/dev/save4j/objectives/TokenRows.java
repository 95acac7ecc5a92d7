package dev.save4j.objectives;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.nio.FloatBuffer;

/** Fills a tensor {@code [batch, tokens]} of zeros row by row. */
final class TokenRows {
    private final int tokens;
    private final Tensor tensor;
    private final FloatBuffer floats;

    TokenRows(int rows, int tokens) {
        this.tokens = tokens;
        this.tensor = Tensor.allocate(ElementType.FLOAT, rows, tokens);
        this.floats = tensor.floats();
    }

    void put(int row, int start, float[] values) {
        if (start < 0 || start + values.length > tokens) {
            throw SaveException.internal("row " + row + ": " + values.length + " tokens from position " + start
                    + " do not fit into " + tokens);
        }
        floats.put(row * tokens + start, values);
    }

    Tensor tensor() {
        return tensor;
    }
}
