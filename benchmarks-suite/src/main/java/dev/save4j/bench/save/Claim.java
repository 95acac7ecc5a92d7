package dev.save4j.bench.save;

import java.util.List;

/**
 * A claim and what the numbers say about it.
 *
 * @param statement what is claimed
 * @param parts what must lie above 0 for it to hold, all of them
 */
public record Claim(String statement, List<Part> parts) {
    public Claim {
        parts = List.copyOf(parts);
    }

    /**
     * @param name of the algorithm, backbone or engine alone; empty for all together
     * @param combinations over which the difference is averaged before it is averaged over seeds
     */
    public record Part(String name, int combinations, SeedMean difference) {}

    /** What may be said. */
    public enum Outcome {
        /** Every interval lies above 0. */
        HOLDS("holds"),
        /** An interval lies below 0. */
        FAILS("does not hold"),
        /** Neither. */
        OPEN("not decided");

        private final String text;

        Outcome(String text) {
            this.text = text;
        }

        /** In words. */
        public String text() {
            return text;
        }
    }

    /** An interval that holds 0 decides nothing; nor does one seed. */
    public Outcome outcome() {
        if (parts.stream().anyMatch(part -> part.difference().below())) {
            return Outcome.FAILS;
        }
        boolean all = !parts.isEmpty()
                && parts.stream().allMatch(part -> part.difference().above());
        return all ? Outcome.HOLDS : Outcome.OPEN;
    }
}
