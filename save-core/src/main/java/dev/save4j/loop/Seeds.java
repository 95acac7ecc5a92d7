package dev.save4j.loop;

import java.util.Random;
import java.util.SplittableRandom;

/**
 * Seeds by purpose and step. Nothing random has a state that outlives a step, so a resumed run draws what an uninterrupted one would have drawn,
 * and modes with the same seed meet the same prompts and random numbers.
 */
final class Seeds {
    private final long seed;

    Seeds(long seed) {
        this.seed = seed;
    }

    /** A seed that depends on the run's seed, the purpose and the index alone. */
    long of(String purpose, long index) {
        long mixed = new SplittableRandom(seed).nextLong();
        for (int i = 0; i < purpose.length(); i++) {
            mixed = new SplittableRandom(mixed ^ purpose.charAt(i)).nextLong();
        }
        return new SplittableRandom(mixed ^ index).nextLong();
    }

    /**
     * Which of {@code available} items serve in a step: every item once before any comes again, in a new random order each time round.
     *
     * @param step from 1
     */
    int[] draw(String purpose, int available, int perStep, int step) {
        int[] drawn = new int[perStep];
        long first = (long) (step - 1) * perStep;
        long shuffled = -1;
        int[] order = new int[available];
        for (int i = 0; i < perStep; i++) {
            long round = (first + i) / available;
            if (round != shuffled) {
                order = permutation(available, of(purpose, round));
                shuffled = round;
            }
            drawn[i] = order[(int) ((first + i) % available)];
        }
        return drawn;
    }

    static int[] permutation(int size, long seed) {
        Random random = new Random(seed);
        int[] order = new int[size];
        for (int i = 0; i < size; i++) {
            int other = random.nextInt(i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        return order;
    }
}
