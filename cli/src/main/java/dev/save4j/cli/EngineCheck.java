package dev.save4j.cli;

import dev.save4j.SaveException;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.GradientPath;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Problem;
import dev.save4j.engine.RolloutEngine;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.engine.Trainer;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.ElementTypes;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.wiring.Registry;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Tries a model on engines: looks through its graph by their tables, and opens and runs it on a small batch. */
final class EngineCheck {
    private final CheckedModel model;
    private final boolean tried;
    private final EngineSettings settings;
    /** The outputs of the engine that ran first. */
    private Map<String, Tensor> measure = Map.of();

    /**
     * What came out for one engine.
     *
     * @param problems why it does not run or train the model; empty when it does both
     * @param weights how many have a gradient
     * @param difference the largest between its outputs and those of the engine that ran first, as a part of the largest output
     */
    record Finding(
            String use,
            String engine,
            boolean runs,
            Optional<Boolean> trains,
            Optional<Integer> weights,
            Optional<Double> difference,
            List<String> problems) {}

    /**
     * @param tried whether the graph is opened and run
     */
    EngineCheck(CheckedModel model, boolean tried, EngineSettings settings) {
        this.model = model;
        this.tried = tried;
        this.settings = settings;
    }

    List<Finding> on(Registry registry) {
        List<Finding> findings = new ArrayList<>();
        registry.inference().all().forEach(engine -> findings.add(scoring(engine)));
        registry.gradient().all().forEach(engine -> findings.add(training(engine)));
        model.decoder()
                .ifPresent(
                        decoder -> registry.rollout().all().forEach(engine -> findings.add(sampling(engine, decoder))));
        return findings;
    }

    private Finding scoring(InferenceEngine engine) {
        List<String> problems = new ArrayList<>(Problem.summary(engine.problems(model.graph())));
        Optional<Double> difference = attempt(problems, () -> {
            try (InferenceSession session = engine.open(model.graph(), model.weights(), WeightBinding.LIVE, settings)) {
                return difference(session.run(SyntheticBatch.of(model.graph())));
            }
        });
        return new Finding(
                "scoring", engine.name(), problems.isEmpty(), Optional.empty(), Optional.empty(), difference, problems);
    }

    private Finding sampling(RolloutEngine engine, DecoderGraph decoder) {
        List<String> problems = new ArrayList<>(Problem.summary(engine.problems(decoder.graph())));
        attempt(problems, () -> {
            try (RolloutSession session = engine.open(decoder, model.weights(), 2, settings)) {
                return session.generate(
                        List.of(new RolloutRequest(new int[] {1, 0}, 2, 1)), Sampling.unbiased(2, Set.of()));
            }
        });
        return new Finding(
                "rollout",
                engine.name(),
                problems.isEmpty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                problems);
    }

    private Finding training(GradientEngine engine) {
        List<String> problems = new ArrayList<>(Problem.summary(engine.problems(model.graph())));
        problems.addAll(otherWeights());
        Optional<Graph> withLoss = model.withLoss();
        if (withLoss.isEmpty()) {
            problems.add("the graph has no floating output that could be differentiated");
        }
        if (!problems.isEmpty()) {
            return trained(engine, false, false, 0, Optional.empty(), problems);
        }
        Graph loss = withLoss.orElseThrow();
        Map<String, Tensor> batch = SyntheticBatch.of(loss);
        Set<String> all = loss.parameters().keySet();
        // Frozen weights need no gradients, so that what runs is not refused for what cannot be trained.
        Optimization frozen = Optimization.DEFAULT.withGroups(List.of(new Optimization.Group(all, 0, 0)));
        Optional<Double> difference = attempt(problems, () -> {
            try (Trainer trainer = engine.open(model.weights(), List.of(loss), frozen, settings)) {
                return difference(trainer.evaluate(loss, batch));
            }
        });
        if (!problems.isEmpty()) {
            return trained(engine, false, false, 0, difference, problems);
        }
        GradientPath path = GradientPath.of(loss, new ElementTypes(loss)::isFloating, CheckedModel.LOSS, all::contains);
        if (path.weights().isEmpty()) {
            problems.add("no floating output depends on a weight");
        }
        problems.addAll(Problem.summary(engine.gradientProblems(loss)));
        Optional<Integer> reached = attempt(problems, () -> {
            try (Trainer trainer = engine.open(model.weights(), List.of(loss), Optimization.DEFAULT, settings)) {
                trainer.accumulate(loss, batch, 1);
                return trainer.gradients().size();
            }
        });
        return trained(
                engine, true, problems.isEmpty(), reached.orElse(path.weights().size()), difference, problems);
    }

    /** Of each element type that cannot be trained the first weight and how many more there are. */
    private List<String> otherWeights() {
        Map<ElementType, List<String>> names = new EnumMap<>(ElementType.class);
        model.graph()
                .parameters()
                .forEach((name, type) -> names.computeIfAbsent(type.element(), key -> new ArrayList<>())
                        .add(name));
        names.remove(ElementType.FLOAT);
        List<String> problems = new ArrayList<>();
        names.forEach((element, weights) -> problems.add("weight '" + weights.get(0) + "' is " + element
                + ", but weights are trained as FLOAT"
                + (weights.size() == 1 ? "" : " (and " + (weights.size() - 1) + " more)")));
        return problems;
    }

    private static Finding trained(
            GradientEngine engine,
            boolean runs,
            boolean trains,
            int weights,
            Optional<Double> difference,
            List<String> problems) {
        return new Finding(
                "gradient", engine.name(), runs, Optional.of(trains), Optional.of(weights), difference, problems);
    }

    /** Does the work unless there are problems or nothing is to be tried; what an engine says when it fails becomes a problem. */
    private <T> Optional<T> attempt(List<String> problems, Supplier<T> work) {
        if (!tried || !problems.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(work.get());
        } catch (SaveException failure) {
            problems.add(failure.getMessage());
            return Optional.empty();
        }
    }

    private double difference(Map<String, Tensor> outputs) {
        if (measure.isEmpty()) {
            measure = outputs;
        }
        double difference = 0;
        double largest = 1e-30;
        for (Map.Entry<String, Tensor> expected : measure.entrySet()) {
            Tensor actual = outputs.get(expected.getKey());
            if (actual != null && actual.type().isFloating()) {
                float[] left = expected.getValue().toFloats();
                float[] right = actual.toFloats();
                for (int i = 0; i < left.length; i++) {
                    // Math.max keeps what is not a number.
                    difference = Math.max(difference, left[i] == right[i] ? 0 : Math.abs(left[i] - right[i]));
                    largest = Math.max(largest, Math.abs(left[i]));
                }
            }
        }
        return difference / largest;
    }
}
