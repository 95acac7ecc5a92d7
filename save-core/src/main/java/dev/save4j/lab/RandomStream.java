package dev.save4j.lab;

import java.util.random.RandomGenerator;

/**
 * A stream of random numbers known by a seed, a name and an index: SplitMix64 (Steele, Lea and Flood, 2014) over a mix of the three. Streams
 * of different names or indices are independent, so that drawing more of one thing never changes another. The bounded draws are defined here
 * rather than inherited, so the numbers do not depend on the Java version. Used by one thread.
 */
public final class RandomStream implements RandomGenerator {
    private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

    private long state;

    private RandomStream(long state) {
        this.state = state;
    }

    /** The stream of an item of a named set. */
    public static RandomStream of(long seed, String name, long index) {
        long hash = mix(seed + GOLDEN_GAMMA);
        for (int i = 0; i < name.length(); i++) {
            hash = mix(hash ^ name.charAt(i));
        }
        return new RandomStream(mix(hash + mix(index + GOLDEN_GAMMA)));
    }

    static long mix(long value) {
        long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    @Override
    public long nextLong() {
        state += GOLDEN_GAMMA;
        return mix(state);
    }

    /** Uniform in [0, bound), up to a bias below bound/2³². */
    @Override
    public int nextInt(int bound) {
        if (bound <= 0) {
            throw new IllegalArgumentException("bound must be positive, but is " + bound);
        }
        return (int) (((nextLong() >>> 32) * bound) >>> 32);
    }

    /** Uniform in [0, 1), a multiple of 2⁻⁵³. */
    @Override
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1.0p-53;
    }
}
