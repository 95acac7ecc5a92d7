package dev.save4j.graph;

/** A named, typed input or output of a graph. */
public record ValueInfo(String name, TensorType type, Preserved preserved) {
    public ValueInfo(String name, TensorType type) {
        this(name, type, Preserved.NOTHING);
    }
}
