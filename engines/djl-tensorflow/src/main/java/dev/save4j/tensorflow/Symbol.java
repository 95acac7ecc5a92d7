package dev.save4j.tensorflow;

import ai.djl.ndarray.types.DataType;
import java.util.Arrays;
import org.tensorflow.internal.c_api.TF_Operation;

/**
 * A result of an operation of a TensorFlow graph. Every size is known, because a graph is made for the shapes of its inputs. Lives as long as its
 * graph.
 *
 * @param index among the results of the operation
 */
record Symbol(TF_Operation operation, int index, DataType type, long[] shape) {
    int rank() {
        return shape.length;
    }

    long size(int axis) {
        return shape[axis];
    }

    /** Number of elements. */
    long size() {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    boolean isFloating() {
        return type.isFloating();
    }
}
