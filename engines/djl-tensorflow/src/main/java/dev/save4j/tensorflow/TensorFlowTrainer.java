package dev.save4j.tensorflow;

import ai.djl.ndarray.types.DataType;
import dev.save4j.SaveException;
import dev.save4j.engine.AdamW;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.NativeCalls;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.OptimizerState;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.graph.TensorType;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** Translates graphs as inputs of new shapes come, runs them forward and backward, and updates the store's weights in place. */
final class TensorFlowTrainer implements Trainer {
    private final WeightStore weights;
    private final Optimization optimization;
    private final AdamW optimizer;
    private final Accumulator accumulated;
    private final WeightViews views;
    private final IdentityHashMap<Graph, TracedGraphs> graphs = new IdentityHashMap<>();
    private final ReentrantLock running = new ReentrantLock();
    private boolean closed;

    /**
     * @param floating FLOAT32; FLOAT64 for gradient checks, over a store of DOUBLE weights, without {@link #step}
     */
    TensorFlowTrainer(
            WeightStore weights,
            List<Graph> losses,
            Optimization optimization,
            EngineSettings settings,
            DataType floating) {
        this.weights = weights;
        this.optimization = optimization;
        optimizer = new AdamW(optimization, settings.threads());
        ElementType element = NativeTensor.elementType(floating);
        accumulated = new Accumulator(element);
        // All graphs are checked before anything native is loaded.
        List<Plan> plans = losses.stream()
                .map(graph -> {
                    checkLoss(graph);
                    checkWeights(graph, element);
                    return new Plan(graph, this::isTrained);
                })
                .toList();
        TensorFlowLibrary.load(settings.threads());
        Set<String> names = new LinkedHashSet<>();
        losses.forEach(graph -> names.addAll(graph.parameters().keySet()));
        try (WeightStore.Lease lease = weights.reading()) {
            views = new WeightViews(weights, names);
        }
        plans.forEach(plan -> graphs.put(plan.graph(), new TracedGraphs(plan, floating, settings.threads(), views)));
    }

    private static void checkLoss(Graph graph) {
        boolean scalar = graph.outputs().stream()
                .anyMatch(output -> output.name().equals(TensorFlowEngine.LOSS)
                        && output.type().element().isFloating()
                        && (!output.type().isRanked() || output.type().rank() == 0));
        if (!scalar) {
            throw SaveException.user("graph '" + graph.name() + "' has no scalar FLOAT output 'loss'; its outputs are "
                    + graph.outputs().stream()
                            .map(output -> output.name() + " " + output.type())
                            .toList());
        }
    }

    private void checkWeights(Graph graph, ElementType element) {
        for (Map.Entry<String, TensorType> parameter : graph.parameters().entrySet()) {
            Tensor weight = weights.get(parameter.getKey());
            TensorType type = parameter.getValue();
            boolean fits = weight.type() == element && weight.rank() == type.rank();
            for (int axis = 0; fits && axis < type.rank(); axis++) {
                fits = !type.dimension(axis).isFixed() || type.dimension(axis).size() == weight.dimension(axis);
            }
            if (!fits) {
                throw SaveException.user("weight '" + parameter.getKey() + "' of the store is " + weight
                        + " but graph '" + graph.name() + "' needs " + type + "; engine '" + TensorFlowEngine.NAME
                        + "' trains weights in single precision");
            }
        }
    }

    private boolean isTrained(String weight) {
        return optimization.groupOf(weight).learningRateScale() > 0;
    }

    @Override
    public Map<String, Tensor> accumulate(Graph loss, Map<String, Tensor> inputs, double scale) {
        TracedGraphs traced = graphs(loss);
        if (traced.plan().reached().isEmpty()) {
            throw SaveException.user("the loss of graph '" + loss.name()
                    + "' depends on no weight that is trained, so it has no gradient");
        }
        return exclusively(() -> {
            try (WeightStore.Lease lease = weights.reading()) {
                views.refresh();
                return traced.differentiate(
                        inputs,
                        scale,
                        (name, gradient) ->
                                accumulated.add(name, weights.get(name).shape(), gradient.buffer()));
            }
        });
    }

    @Override
    public Map<String, Tensor> evaluate(Graph loss, Map<String, Tensor> inputs) {
        TracedGraphs traced = graphs(loss);
        return exclusively(() -> {
            try (WeightStore.Lease lease = weights.reading()) {
                views.refresh();
                return traced.evaluate(inputs);
            }
        });
    }

    @Override
    public double step(double learningRate) {
        if (!(learningRate >= 0) || Double.isInfinite(learningRate)) {
            throw SaveException.user("the learning rate must be a number that is not negative, not " + learningRate);
        }
        return exclusively(() -> {
            double norm = optimizer.step(weights, accumulated.sums(), learningRate);
            accumulated.forget();
            return norm;
        });
    }

    @Override
    public Map<String, Tensor> gradients() {
        return exclusively(() -> {
            Map<String, Tensor> copies = new LinkedHashMap<>();
            accumulated.sums().forEach((name, sum) -> copies.put(name, sum.copy()));
            return copies;
        });
    }

    @Override
    public OptimizerState state() {
        return exclusively(optimizer::state);
    }

    @Override
    public void restore(OptimizerState state) {
        exclusively(() -> {
            optimizer.restore(state, weights);
            return state;
        });
    }

    /** Translations that are alive, of all graphs. */
    int translations() {
        return graphs.values().stream().mapToInt(TracedGraphs::size).sum();
    }

    private TracedGraphs graphs(Graph loss) {
        TracedGraphs known = graphs.get(loss);
        if (known != null) {
            return known;
        }
        return graphs.values().stream()
                .filter(other -> other.plan().graph().equals(loss))
                .findFirst()
                .orElseThrow(() -> SaveException.internal("the trainer was not opened with graph '" + loss.name()
                        + "'; it knows "
                        + graphs.keySet().stream().map(Graph::name).sorted().toList()));
    }

    private <T> T exclusively(Supplier<T> work) {
        if (!running.tryLock()) {
            throw SaveException.internal("a trainer serves one thread at a time");
        }
        try (NativeCalls.Call call = NativeCalls.enter()) {
            if (closed) {
                throw SaveException.internal("the trainer is closed");
            }
            return work.get();
        } finally {
            running.unlock();
        }
    }

    @Override
    public void close() {
        running.lock();
        try {
            if (!closed) {
                closed = true;
                graphs.values().forEach(TracedGraphs::close);
                views.close();
            }
        } finally {
            running.unlock();
        }
    }
}
