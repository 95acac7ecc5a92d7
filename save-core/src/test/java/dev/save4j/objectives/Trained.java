package dev.save4j.objectives;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * An objective on a model that is nothing but weights: every input of the objective that a model would compute is a weight here, so its gradient can
 * be asked for. A micro-batch picks its rows by an index.
 */
final class Trained implements AutoCloseable {
    private static final Set<String> OF_MODELS = Set.of("reward", "value", "log_prob", "entropy");

    private final Trainer trainer;
    private final Graph graph;
    private final Map<String, Tensor> data;
    private final Map<String, Array> weights;

    private Trained(Trainer trainer, Graph graph, Map<String, Tensor> data, Map<String, Array> weights) {
        this.trainer = trainer;
        this.graph = graph;
        this.data = data;
        this.weights = weights;
    }

    static Trained open(Graph objective, Map<String, Array> inputs) {
        Map<String, Array> weights = new HashMap<>(inputs);
        weights.keySet().retainAll(OF_MODELS);
        Map<String, Array> rest = new HashMap<>(inputs);
        rest.keySet().removeAll(weights.keySet());
        GraphBuilder g = new GraphBuilder("weights");
        Map<String, Tensor> store = new HashMap<>();
        Value rows = g.input("row", ElementType.INT64, "picked");
        weights.forEach((name, array) -> {
            Object[] shape = Arrays.stream(array.shape()).boxed().toArray();
            Value weight = g.parameter("all." + name, TensorType.of(ElementType.FLOAT, shape));
            g.output(name, weight.gather(rows, 0));
            store.put("all." + name, array.toTensor());
        });
        Graph composed = Composition.of(g.build(), new Ready(objective));
        Trainer trainer = Engines.gradient()
                .named("djl-pytorch")
                .open(new WeightStore(store), List.of(composed), Optimization.DEFAULT, EngineSettings.singleThreaded());
        return new Trained(trainer, composed, Executors.tensors(rest), weights);
    }

    private record Ready(Graph graph) implements Objective {
        @Override
        public String name() {
            return graph.name();
        }
    }

    Map<String, Double> evaluate() {
        return Executors.scalars(trainer.evaluate(graph, with(data, rows(0, size()))));
    }

    /** Accumulates the whole batch. */
    Map<String, Double> accumulate() {
        return accumulate(data, rows(0, size()));
    }

    /** Accumulates some rows of the weights with the data that belongs to them. */
    Map<String, Double> accumulate(Map<String, Tensor> part, long[] rows) {
        return Executors.scalars(trainer.accumulate(graph, with(part, rows), 1));
    }

    static long[] rows(int from, int to) {
        return LongStream.range(from, to).toArray();
    }

    private int size() {
        return weights.values().iterator().next().shape()[0];
    }

    private static Map<String, Tensor> with(Map<String, Tensor> part, long[] rows) {
        Map<String, Tensor> inputs = new HashMap<>(part);
        inputs.put("row", Tensor.vector(rows));
        return inputs;
    }

    /** The accumulated gradient of what a model would compute. */
    double[] gradient(String output) {
        Tensor gradient = trainer.gradients().get("all." + output);
        if (gradient == null) {
            throw new AssertionError("no gradient reached " + output);
        }
        float[] values = gradient.toFloats();
        double[] doubles = new double[values.length];
        Arrays.setAll(doubles, i -> values[i]);
        return doubles;
    }

    @Override
    public void close() {
        trainer.close();
    }
}
