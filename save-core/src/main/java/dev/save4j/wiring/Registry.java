package dev.save4j.wiring;

import dev.save4j.SaveException;
import dev.save4j.algorithms.AlgorithmSettings;
import dev.save4j.algorithms.PolicyAlgorithm;
import dev.save4j.algorithms.PolicyAlgorithms;
import dev.save4j.engine.Checkpointing;
import dev.save4j.engine.Device;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.engine.RolloutEngine;
import dev.save4j.loop.LoopEngines;
import dev.save4j.run.Experiment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What can be named in an experiment. Immutable.
 *
 * @param algorithms built in, and those an embedding program adds
 */
public record Registry(
        Engines<RolloutEngine> rollout,
        Engines<InferenceEngine> inference,
        Engines<GradientEngine> gradient,
        PolicyAlgorithms algorithms) {
    /** The engines on the class path and the built-in algorithms. */
    public static Registry discover() {
        return new Registry(Engines.rollout(), Engines.inference(), Engines.gradient(), PolicyAlgorithms.builtIn());
    }

    /** What an experiment names, resolved. */
    public record Chosen(LoopEngines engines, PolicyAlgorithm algorithm) {}

    /** Resolves every name; a USER error lists all that do not exist, each with what does. */
    public Chosen resolve(Experiment experiment) {
        List<String> problems = new ArrayList<>();
        Experiment.EngineNames names = experiment.engines();
        Optional<RolloutEngine> rolls = attempt("engines.rollout", () -> rollout.named(names.rollout()), problems);
        rolls.ifPresent(engine -> attempt(
                "engines.rollout_weights",
                () -> {
                    engine.require(names.rolloutWeights());
                    return engine;
                },
                problems));
        Optional<InferenceEngine> scores = attempt("engines.scoring", () -> inference.named(names.scoring()), problems);
        if (rolls.isPresent() && scores.isPresent()) {
            Device device = names.onDevice();
            attempt(
                    "engines.device",
                    () -> {
                        scores.get().require(device.kind());
                        scores.get().require(device.forChangingWeights().kind());
                        rolls.get().require(device.forChangingWeights().kind());
                        return device;
                    },
                    problems);
        }
        Optional<GradientEngine> learns = attempt("engines.gradient", () -> gradient.named(names.gradient()), problems);
        learns.ifPresent(
                engine -> attempt("engines.checkpointing", () -> required(engine, names.checkpointing()), problems));
        Optional<PolicyAlgorithm> updates = attempt("algorithm", () -> algorithm(experiment), problems);
        if (!problems.isEmpty()) {
            throw SaveException.user("The experiment names what does not exist or does not work:\n  - "
                    + String.join("\n  - ", problems));
        }
        EngineSettings settings = new EngineSettings(
                        names.threads(),
                        Path.of(System.getProperty("java.io.tmpdir")),
                        names.onDevice().forChangingWeights())
                .with(names.checkpointing())
                .with(names.rolloutWeights());
        return new Chosen(
                new LoopEngines(
                        rolls.orElseThrow(), scores.orElseThrow(), learns.orElseThrow(), settings, names.onDevice()),
                updates.orElseThrow());
    }

    /** The algorithm of an experiment, with the length of the longest answer taken from its rollouts. */
    public PolicyAlgorithm algorithm(Experiment experiment) {
        Experiment.Algorithm named = experiment.algorithm();
        PolicyAlgorithm.Factory factory = algorithms.named(named.name());
        AlgorithmSettings preset = algorithms.settings(named.preset(), named.name());
        Map<String, Object> overrides = new LinkedHashMap<>();
        overrides.put("longest_answer", experiment.rollout().maxTokens());
        overrides.putAll(named.settings());
        PolicyAlgorithm algorithm = factory.create(preset.with(overrides));
        algorithm.settings().requireGroup(experiment.rollout().group());
        return algorithm;
    }

    /** A USER error names the engines that have this when the one does not. */
    GradientEngine required(GradientEngine engine, Checkpointing wanted) {
        try {
            engine.require(wanted);
            return engine;
        } catch (SaveException refused) {
            throw SaveException.user(refused.getMessage() + ": "
                    + gradient.all().stream()
                            .filter(other -> other.checkpointing().contains(wanted))
                            .map(GradientEngine::name)
                            .sorted()
                            .toList());
        }
    }

    private static <T> Optional<T> attempt(String key, Supplier<T> resolve, List<String> problems) {
        try {
            return Optional.of(resolve.get());
        } catch (SaveException refused) {
            if (refused.kind() != SaveException.Kind.USER) {
                throw refused;
            }
            problems.add(key + ": " + refused.getMessage());
            return Optional.empty();
        }
    }
}
