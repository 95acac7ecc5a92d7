package dev.save4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.OptimizerState;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** All gradient engines in one Java process, whichever is loaded first: they agree, and one goes on where another stopped. */
class GradientEnginesTest {
    private static final int STEPS = 5;

    /** Trains with each of the named engines, and with all of them in turns; fails when they disagree. */
    static final class Program {
        private Program() {}

        public static void main(String[] names) {
            Graph graph = classifier();
            List<Tensor> results = new ArrayList<>();
            List<Trainer> trainers = new ArrayList<>();
            for (String name : names) {
                WeightStore weights = weights();
                Trainer trainer = open(name, weights, graph);
                // Kept open, so that all libraries work side by side.
                trainers.add(trainer);
                train(trainer, graph, 0, STEPS * names.length);
                results.add(weights.get("first"));
            }
            results.add(inTurns(names, graph));
            trainers.forEach(Trainer::close);
            for (Tensor result : results) {
                requireClose(result, results.get(0));
            }
            System.out.println("agreed");
        }

        private static Tensor inTurns(String[] names, Graph graph) {
            WeightStore weights = weights();
            OptimizerState state = new OptimizerState(Map.of());
            for (int turn = 0; turn < names.length; turn++) {
                try (Trainer trainer = open(names[turn], weights, graph)) {
                    trainer.restore(state);
                    train(trainer, graph, turn * STEPS, (turn + 1) * STEPS);
                    state = trainer.state();
                }
            }
            return weights.get("first");
        }

        private static Trainer open(String name, WeightStore weights, Graph graph) {
            return Engines.gradient()
                    .named(name)
                    .open(
                            weights,
                            List.of(graph),
                            Optimization.DEFAULT.withWeightDecay(0.01),
                            EngineSettings.singleThreaded());
        }

        private static void train(Trainer trainer, Graph graph, int from, int to) {
            for (int step = from; step < to; step++) {
                RandomGenerator random = random(step);
                Map<String, Tensor> batch = Map.of(
                        "x", numbers(random, 12, 8),
                        "label", Tensor.of(random.longs(12, 0, 4).toArray(), 12, 1));
                trainer.accumulate(graph, batch, 1);
                trainer.step(0.02);
            }
        }

        private static void requireClose(Tensor actual, Tensor expected) {
            for (int i = 0; i < expected.size(); i++) {
                float difference =
                        Math.abs(actual.floats().get(i) - expected.floats().get(i));
                if (!(difference < 2e-5)) {
                    throw new AssertionError("weight " + i + " differs by " + difference);
                }
            }
        }
    }

    private static Graph classifier() {
        GraphBuilder g = new GraphBuilder("classifier");
        Value x = g.input("x", ElementType.FLOAT, "batch", 8);
        Value label = g.input("label", ElementType.INT64, "batch", 1);
        Value hidden = x.linear(g.parameter("first", 16, 8)).silu();
        Value logProbs = hidden.linear(g.parameter("second", 4, 16)).logSoftmax(-1);
        g.output("loss", logProbs.gatherElements(label, 1).mean().neg());
        return g.build();
    }

    private static RandomGenerator random(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    private static Tensor numbers(RandomGenerator random, int rows, int columns) {
        Tensor tensor = Tensor.allocate(ElementType.FLOAT, rows, columns);
        for (int i = 0; i < tensor.size(); i++) {
            tensor.floats().put(i, (float) random.nextGaussian());
        }
        return tensor;
    }

    private static WeightStore weights() {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        weights.put("first", numbers(random(1), 16, 8));
        weights.put("second", numbers(random(2), 4, 16));
        return new WeightStore(weights);
    }

    @ParameterizedTest
    @ValueSource(strings = {"djl-pytorch djl-tensorflow onnxruntime", "djl-tensorflow onnxruntime djl-pytorch"})
    void agreeInWhateverOrderTheyAreLoaded(String order, @TempDir Path folder)
            throws IOException, InterruptedException {
        Path log = folder.resolve("log.txt");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-cp",
                Objects.requireNonNull(System.getProperty("java.class.path")),
                Program.class.getName()));
        command.addAll(List.of(order.split(" ")));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertThat(process.waitFor()).as(Files.readString(log)).isZero();
        assertThat(Files.readAllLines(log)).contains("agreed");
    }
}
