package dev.save4j.data;

/**
 * A set of 64-bit fingerprints of rows: about 16 to 24 bytes a row, whatever the rows hold. Two different rows are taken for equal with
 * probability below n²/2⁶⁵, that is 3e-6 for ten million rows.
 */
final class Fingerprints {
    private long[] slots = new long[1 << 10];
    private int size;
    private boolean hasZero;

    /** A running hash over texts; a boundary is mixed in after each, so that "a", "bc" and "ab", "c" differ. */
    static long mix(long hash, CharSequence text) {
        long result = hash;
        for (int i = 0; i < text.length(); i++) {
            result = (result ^ text.charAt(i)) * 0x100000001b3L;
            result ^= result >>> 29;
        }
        return finish(result ^ text.length());
    }

    private static long finish(long value) {
        long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    /** Adds a fingerprint; false when it was there before. */
    boolean add(long fingerprint) {
        if (fingerprint == 0) {
            boolean added = !hasZero;
            hasZero = true;
            return added;
        }
        if (size * 4L >= slots.length * 3L) {
            grow();
        }
        boolean added = place(slots, fingerprint);
        size += added ? 1 : 0;
        return added;
    }

    private void grow() {
        long[] larger = new long[slots.length * 2];
        for (long fingerprint : slots) {
            if (fingerprint != 0) {
                place(larger, fingerprint);
            }
        }
        slots = larger;
    }

    private static boolean place(long[] slots, long fingerprint) {
        int mask = slots.length - 1;
        int index = (int) fingerprint & mask;
        while (slots[index] != 0) {
            if (slots[index] == fingerprint) {
                return false;
            }
            index = (index + 1) & mask;
        }
        slots[index] = fingerprint;
        return true;
    }
}
