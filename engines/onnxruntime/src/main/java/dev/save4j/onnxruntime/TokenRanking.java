package dev.save4j.onnxruntime;

/**
 * Orders tokens from the likeliest on, equal ones by id, as far as top-k and top-p ask for: by selection, in linear time. A token is one long number
 * whose order is the order of the tokens. Not thread-safe.
 */
final class TokenRanking {
    private final long[] keys;
    private int size;

    TokenRanking(int vocabulary) {
        this.keys = new long[vocabulary];
    }

    /** Smaller is likelier. The bits of a float that is not negative grow with it. */
    static long key(float weight, int token) {
        return (long) ~Float.floatToRawIntBits(weight) << 32 | token;
    }

    private static float weight(long key) {
        return Float.intBitsToFloat(~(int) (key >> 32));
    }

    /**
     * Starts over with the tokens whose weight is not below {@code smallest}.
     *
     * @param weights none of them negative
     * @return how many tokens there are
     */
    int rank(float[] weights, float smallest) {
        int count = 0;
        for (int i = 0; i < weights.length; i++) {
            if (weights[i] >= smallest) {
                keys[count++] = key(weights[i], i);
            }
        }
        size = count;
        return count;
    }

    /** Moves the likeliest {@code count} tokens to the front, in no order. */
    void selectFirst(int count) {
        int from = 0;
        int to = size;
        while (to - from > 1) {
            int split = partition(from, to);
            if (split == count || split + 1 == count) {
                return;
            }
            if (split > count) {
                to = split;
            } else {
                from = split + 1;
            }
        }
    }

    /** The key of the least likely among the first {@code count}. */
    long lastOf(int count) {
        long last = keys[0];
        for (int i = 1; i < count; i++) {
            last = Math.max(last, keys[i]);
        }
        return last;
    }

    /** The sum of the weights of the first {@code count}. */
    double mass(int count) {
        double mass = 0;
        for (int i = 0; i < count; i++) {
            mass += weight(keys[i]);
        }
        return mass;
    }

    /**
     * Among the first {@code count} tokens, the key of the token with which the likeliest ones reach the wanted sum of weights, or of the least
     * likely one when all together do not.
     */
    long selectMass(int count, double wanted) {
        int from = 0;
        int to = count;
        double before = 0;
        while (to - from > 1) {
            int split = partition(from, to);
            double mass = before;
            for (int i = from; i < split; i++) {
                mass += weight(keys[i]);
            }
            if (mass >= wanted && split > from) {
                to = split;
            } else if (mass + weight(keys[split]) >= wanted || split + 1 == to) {
                return keys[split];
            } else {
                before = mass + weight(keys[split]);
                from = split + 1;
            }
        }
        return keys[from];
    }

    /** Puts a pivot where it belongs between {@code from} and {@code to}, smaller keys before it, and returns its place. */
    private int partition(int from, int to) {
        int middle = (from + to) >>> 1;
        int last = to - 1;
        if (keys[middle] < keys[from]) {
            swap(middle, from);
        }
        if (keys[last] < keys[from]) {
            swap(last, from);
        }
        if (keys[last] < keys[middle]) {
            swap(last, middle);
        }
        swap(middle, last);
        long pivot = keys[last];
        int place = from;
        for (int i = from; i < last; i++) {
            if (keys[i] < pivot) {
                swap(i, place++);
            }
        }
        swap(place, last);
        return place;
    }

    private void swap(int i, int j) {
        long held = keys[i];
        keys[i] = keys[j];
        keys[j] = held;
    }
}
