package dev.save4j.algorithms;

import dev.save4j.SaveException;
import dev.save4j.engine.Names;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Function;

/** Policy algorithms by name. Immutable. */
public final class PolicyAlgorithms {
    private final TreeMap<String, PolicyAlgorithm.Factory> byName = new TreeMap<>();

    /** Refuses two algorithms of the same name. */
    public PolicyAlgorithms(Collection<? extends PolicyAlgorithm.Factory> factories) {
        for (PolicyAlgorithm.Factory factory : factories) {
            if (byName.put(factory.name(), factory) != null) {
                throw SaveException.user("two algorithms are called '" + factory.name() + "'");
            }
        }
    }

    /** {@code dr-grpo, grpo, gspo, gspo-token, reinforce++, rloo}. */
    public static PolicyAlgorithms builtIn() {
        return new PolicyAlgorithms(Presets.algorithms("paper").stream()
                .map(name -> new BuiltIn(name, PolicyGradient::new))
                .toList());
    }

    private record BuiltIn(String name, Function<AlgorithmSettings, PolicyAlgorithm> constructor)
            implements PolicyAlgorithm.Factory {
        @Override
        public AlgorithmSettings defaults() {
            return Presets.of("paper", name);
        }

        @Override
        public PolicyAlgorithm create(AlgorithmSettings settings) {
            return constructor.apply(settings);
        }
    }

    /** These and one more. */
    public PolicyAlgorithms with(PolicyAlgorithm.Factory factory) {
        List<PolicyAlgorithm.Factory> all = new ArrayList<>(byName.values());
        all.add(factory);
        return new PolicyAlgorithms(all);
    }

    public List<String> names() {
        return List.copyOf(byName.keySet());
    }

    /** A USER error that lists the names when there is no such algorithm. */
    public PolicyAlgorithm.Factory named(String name) {
        PolicyAlgorithm.Factory factory = byName.get(name);
        if (factory == null) {
            throw SaveException.user(unknown("algorithm", name, byName.keySet()));
        }
        return factory;
    }

    /**
     * The settings of an algorithm in a preset. In {@code paper} these are the algorithm's own defaults; a USER error when another framework has no
     * such algorithm, rather than constants that are not its own.
     */
    public AlgorithmSettings settings(String preset, String algorithm) {
        AlgorithmSettings defaults = named(algorithm).defaults();
        return preset.equals("paper") ? defaults : Presets.of(preset, algorithm);
    }

    /** The algorithm that the settings name. */
    public PolicyAlgorithm create(AlgorithmSettings settings) {
        return named(settings.algorithm()).create(settings);
    }

    static String unknown(String what, String given, Collection<String> known) {
        return "there is no " + what + " '" + given + "'. Available: " + String.join(", ", known) + "."
                + Names.nearest(given, known)
                        .map(near -> " Did you mean '" + near + "'?")
                        .orElse("");
    }
}
