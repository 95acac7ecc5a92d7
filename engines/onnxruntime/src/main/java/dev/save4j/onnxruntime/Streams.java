package dev.save4j.onnxruntime;

import java.util.SplittableRandom;

/** One stream of random numbers for each sequence. */
final class Streams {
    private Streams() {}

    /** The stream of a completion depends on the seed of its request and its index alone. */
    static SplittableRandom of(long seed, int completion) {
        // Streams of neighbouring seeds would be each other's shifted copies without mixing.
        return new SplittableRandom(mix(mix(seed) + completion));
    }

    /** A bijection in which every bit of the argument changes half of the result (Stafford's variant 13 of the MurmurHash3 finalizer). */
    private static long mix(long z) {
        long a = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        long b = (a ^ a >>> 27) * 0x94d049bb133111ebL;
        return b ^ b >>> 31;
    }
}
