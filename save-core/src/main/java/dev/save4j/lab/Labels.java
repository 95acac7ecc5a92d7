package dev.save4j.lab;

import dev.save4j.SaveException;
import java.util.random.RandomGenerator;

/** How a pair of tales is labelled, given both gold rewards. */
public sealed interface Labels {
    /** Whether the first tale is the chosen one. */
    boolean prefersFirst(double first, double second, RandomGenerator random);

    /**
     * The tale with more gold is chosen, except that a share of the labels is turned round.
     *
     * @param flipRate the share in [0, .5]
     */
    record GoldOrder(double flipRate) implements Labels {
        public GoldOrder {
            if (!(flipRate >= 0 && flipRate <= .5)) {
                throw SaveException.user("The rate of flipped labels must be in [0, .5], but is " + flipRate);
            }
        }

        @Override
        public boolean prefersFirst(double first, double second, RandomGenerator random) {
            boolean flipped = random.nextDouble() < flipRate;
            return (first > second) != flipped;
        }
    }

    /**
     * The first tale is chosen with probability {@code σ((first − second) / temperature)}, as the Bradley-Terry model has it.
     *
     * @param temperature in units of gold reward, positive
     */
    record BradleyTerry(double temperature) implements Labels {
        public BradleyTerry {
            if (!(temperature > 0 && Double.isFinite(temperature))) {
                throw SaveException.user(
                        "The temperature of Bradley-Terry labels must be positive, but is " + temperature);
            }
        }

        @Override
        public boolean prefersFirst(double first, double second, RandomGenerator random) {
            return random.nextDouble() < 1 / (1 + Math.exp((second - first) / temperature));
        }
    }
}
