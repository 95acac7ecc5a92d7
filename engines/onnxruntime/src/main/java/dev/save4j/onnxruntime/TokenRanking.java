package dev.save4j.onnxruntime;

import java.util.Arrays;

/**
 * Orders tokens from the likeliest on, equal ones by id, as far as top-k and top-p ask for: by selection, in linear time. A token is one long number
 * whose order is the order of the tokens. Not thread-safe.
 */
final class TokenRanking {
    /** Bits of a float that do not tell in which sum it belongs; four of the mantissa do. */
    private static final int TRAILING = 19;

    private final long[] keys;
    private final double[] masses = new double[(Float.floatToRawIntBits(1) >>> TRAILING) + 1];
    private int size;

    TokenRanking(int vocabulary) {
        this.keys = new long[vocabulary];
    }

    /** Smaller is likelier. The bits of a float that is not negative grow with it. */
    static long key(float weight, int token) {
        return (long) ~Float.floatToRawIntBits(weight) << 32 | token;
    }

    /** Of the token with that key. */
    static float weight(long key) {
        return Float.intBitsToFloat(~(int) (key >> 32));
    }

    /**
     * Starts over with the tokens whose weight is not below {@code smallest} and below {@code bound}.
     *
     * @param weights none of them negative
     * @param largestOfBlocks of each {@code block} weights, so that most blocks need not be looked at
     * @return how many tokens there are
     */
    int rank(float[] weights, float smallest, float bound, float[] largestOfBlocks, int block) {
        int count = 0;
        for (int b = 0; b < largestOfBlocks.length; b++) {
            if (largestOfBlocks[b] >= smallest) {
                int end = Math.min(weights.length, (b + 1) * block);
                for (int i = b * block; i < end; i++) {
                    if (weights[i] >= smallest && weights[i] < bound) {
                        keys[count++] = key(weights[i], i);
                    }
                }
            }
        }
        size = count;
        return count;
    }

    /**
     * The key of the token with which the likeliest ones reach the wanted sum of weights. Weights are first summed by the leading bits of their floats,
     * so that only those near the limit are ordered.
     *
     * @param weights not negative and not above 1, which is the largest
     * @param smallest a weight that tokens are sure not to be needed below
     * @param largestOfBlocks of each {@code block} weights
     */
    long lastOfMass(double wanted, float[] weights, float smallest, float[] largestOfBlocks, int block) {
        Arrays.fill(masses, 0);
        for (int b = 0; b < largestOfBlocks.length; b++) {
            if (largestOfBlocks[b] >= smallest) {
                int end = Math.min(weights.length, (b + 1) * block);
                for (int i = b * block; i < end; i++) {
                    masses[Float.floatToRawIntBits(weights[i]) >>> TRAILING] += weights[i];
                }
            }
        }
        int limit = masses.length - 1;
        double above = 0;
        double reached = masses[limit];
        for (int next = limit - 1; next >= 0 && reached < wanted; next--) {
            if (masses[next] > 0) {
                limit = next;
                above = reached;
                reached += masses[next];
            }
        }
        int count = rank(
                weights,
                Float.intBitsToFloat(limit << TRAILING),
                Float.intBitsToFloat(limit + 1 << TRAILING),
                largestOfBlocks,
                block);
        return selectMass(count, wanted - above);
    }

    /**
     * The weight that the largest {@code count} of some weights reach, which is not above that of the likeliest {@code count} tokens among which they
     * are; 0 when there are not so many.
     */
    float reachedBy(int count, float[] weights) {
        if (count > weights.length) {
            return 0;
        }
        for (int i = 0; i < weights.length; i++) {
            keys[i] = key(weights[i], i);
        }
        size = weights.length;
        selectFirst(count);
        return weight(lastOf(count));
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
