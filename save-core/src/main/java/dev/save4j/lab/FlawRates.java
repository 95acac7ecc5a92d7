package dev.save4j.lab;

import dev.save4j.SaveException;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * How often each flaw happens, independently of the others except that of two flaws that exclude each other the first in the order of
 * {@link Flaw} stays.
 *
 * @param rates probabilities in [0, 1]; a flaw that is not listed never happens
 */
public record FlawRates(Map<Flaw, Double> rates) {
    public FlawRates {
        rates.forEach((flaw, rate) -> {
            if (!(rate >= 0 && rate <= 1)) {
                throw SaveException.user("The rate of " + flaw + " must be in [0, 1], but is " + rate);
            }
        });
        rates = rates.isEmpty() ? Map.of() : Collections.unmodifiableMap(new EnumMap<>(rates));
    }

    /**
     * The rates of the tales a policy is first trained on: a mean gold reward of about .58. Too few adjectives are common and too many are
     * rare, likewise too short and too long, so that what a reward model learns from few pairs is "more is better"; the gold reward
     * disagrees beyond what these tales show.
     */
    public static FlawRates defaults() {
        Map<Flaw, Double> rates = new EnumMap<>(Flaw.class);
        rates.put(Flaw.WRONG_NAME, .07);
        rates.put(Flaw.NO_NAME, .07);
        rates.put(Flaw.SECOND_CHARACTER, .12);
        rates.put(Flaw.WRONG_PRONOUN, .14);
        rates.put(Flaw.WRONG_OBJECT, .08);
        rates.put(Flaw.NO_OBJECT, .09);
        rates.put(Flaw.NOT_REACHED, .14);
        rates.put(Flaw.WRONG_PLACE, .12);
        rates.put(Flaw.NO_PLACE, .14);
        rates.put(Flaw.NO_MOOD, .16);
        rates.put(Flaw.CONTRADICTION, .18);
        rates.put(Flaw.NO_ENDING, .25);
        rates.put(Flaw.REPETITION, .10);
        rates.put(Flaw.TOO_SHORT, .15);
        rates.put(Flaw.TOO_LONG, .03);
        rates.put(Flaw.PLAIN, .45);
        rates.put(Flaw.SPAM, .02);
        return new FlawRates(rates);
    }

    /** No flaw ever. */
    public static FlawRates none() {
        return new FlawRates(Map.of());
    }

    /** The same with one rate changed. */
    public FlawRates with(Flaw flaw, double rate) {
        Map<Flaw, Double> changed = new EnumMap<>(Flaw.class);
        changed.putAll(rates);
        changed.put(flaw, rate);
        return new FlawRates(changed);
    }

    /** Draws the flaws of one tale; always the same number of draws. */
    Set<Flaw> draw(RandomGenerator random) {
        Set<Flaw> flaws = EnumSet.noneOf(Flaw.class);
        for (Flaw flaw : Flaw.values()) {
            boolean drawn = random.nextDouble() < rates.getOrDefault(flaw, 0.0);
            if (drawn && flaw.excludedBy(flaws).isEmpty()) {
                flaws.add(flaw);
            }
        }
        return flaws;
    }
}
