package dev.save4j.pytorch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;

/**
 * The copies and changes of type that autograd does not follow. Right only for arrays through which no gradient flows: data that just arrived, and
 * booleans.
 */
final class Copies {
    private Copies() {}

    /** A copy in memory that PyTorch owns, of an array over a Java buffer; closes the array. */
    static NDArray owned(NDArray overJavaMemory) {
        try (overJavaMemory) {
            return overJavaMemory.duplicate();
        }
    }

    /** Booleans as zeros and ones. */
    static NDArray numbers(NDArray booleans, DataType type) {
        if (booleans.getDataType() != DataType.BOOLEAN) {
            throw new IllegalArgumentException(
                    "a change of type would hide " + booleans.getDataType() + " from autograd");
        }
        return booleans.toType(type, true);
    }
}
