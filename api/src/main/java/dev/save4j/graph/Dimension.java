package dev.save4j.graph;

import dev.save4j.SaveException;

/**
 * One dimension of a tensor type: a fixed size, a named size such as {@code batch}, or unknown.
 *
 * @param size the fixed size, or -1
 * @param symbol the name of a size known only at run time, empty when the size is fixed or unknown
 */
public record Dimension(long size, String symbol) {
    /** A size about which nothing is known. */
    public static final Dimension UNKNOWN = new Dimension(-1, "");

    public Dimension {
        if (size < -1 || size >= 0 && !symbol.isEmpty()) {
            throw SaveException.internal("no such dimension: " + size + " '" + symbol + "'");
        }
    }

    public static Dimension of(long size) {
        return new Dimension(size, "");
    }

    public static Dimension of(String symbol) {
        return new Dimension(-1, symbol);
    }

    public boolean isFixed() {
        return size >= 0;
    }

    /** Whether both are certainly the same size. */
    public boolean sameAs(Dimension other) {
        return equals(other) && !equals(UNKNOWN);
    }

    /** Whether both can be the same size at run time. */
    public boolean fits(Dimension other) {
        return !isFixed() || !other.isFixed() || size == other.size;
    }

    @Override
    public String toString() {
        return isFixed() ? Long.toString(size) : symbol.isEmpty() ? "?" : symbol;
    }
}
