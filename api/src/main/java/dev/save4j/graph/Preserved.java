package dev.save4j.graph;

import java.util.Arrays;

/** Fields of the file format that save4j does not interpret, kept byte for byte so that a file survives reading and writing. Immutable. */
public final class Preserved {
    public static final Preserved NOTHING = new Preserved(new byte[0]);

    private final byte[] wire;

    /** Takes a copy of concatenated protobuf fields. */
    public Preserved(byte[] wire) {
        this.wire = wire.clone();
    }

    public byte[] wire() {
        return wire.clone();
    }

    public boolean isEmpty() {
        return wire.length == 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Preserved preserved && Arrays.equals(wire, preserved.wire);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(wire);
    }
}
