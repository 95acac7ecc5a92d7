package dev.save4j.tensor;

import java.nio.file.Path;
import java.util.List;

/** Where a tensor lies: {@code bytes} bytes from {@code position} in the file, little-endian and row-major. */
record StoredTensor(Path file, String name, ElementType type, List<Long> shape, long position, long bytes) {
    StoredTensor {
        shape = List.copyOf(shape);
    }

    long[] dimensions() {
        return shape.stream().mapToLong(Long::longValue).toArray();
    }

    long elements() {
        return bytes / type.bytes();
    }

    /** The type in memory: floating types become FLOAT, the others stay. */
    ElementType heldAs() {
        return type.isFloating() ? ElementType.FLOAT : type;
    }

    @Override
    public String toString() {
        return type + shape.toString();
    }
}
