package dev.save4j.engine;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;

/**
 * Where an inference engine computes.
 *
 * @param id of the GPU, from 0; 0 on a CPU
 * @param memoryLimit bytes of the GPU's memory that a session may take; 0 for no limit
 * @param half FLOAT16 or BFLOAT16: of operators that a GPU computes in half precision alone
 */
public record Device(Kind kind, int id, long memoryLimit, ElementType half) {
    /** The processor of the machine. */
    public static final Device CPU = new Device(Kind.CPU, 0, 0, ElementType.FLOAT16);

    /** Who computes. */
    public enum Kind {
        CPU,
        /** An NVIDIA GPU. */
        CUDA,
        /** An NVIDIA GPU, for models whose weights never change: they are built into the plan. */
        TENSORRT
    }

    public Device {
        if (id < 0 || memoryLimit < 0) {
            throw SaveException.user(
                    "a device has an id and a memory limit that are not negative, not " + id + " and " + memoryLimit);
        }
        if (half != ElementType.FLOAT16 && half != ElementType.BFLOAT16) {
            throw SaveException.user("half precision is FLOAT16 or BFLOAT16, not " + half);
        }
    }

    /** The first device of a kind, without a limit. */
    public static Device first(Kind kind) {
        return new Device(kind, 0, 0, ElementType.FLOAT16);
    }

    public boolean isCpu() {
        return kind == Kind.CPU;
    }

    /** The same device for a model whose weights change. */
    public Device forChangingWeights() {
        return kind == Kind.TENSORRT ? new Device(Kind.CUDA, id, memoryLimit, half) : this;
    }
}
