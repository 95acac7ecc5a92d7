package dev.save4j.onnxruntime;

import dev.save4j.SaveException;
import dev.save4j.engine.AdamW;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.OptimizerState;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** Runs graphs of gradients, which write into buffers that live as long as the trainer; a step applies what is in them. */
final class OnnxRuntimeTrainer implements Trainer {
    private final WeightStore weights;
    private final AdamW optimizer;
    private final Accumulators accumulators;
    private final List<TrainingGraph> graphs = new ArrayList<>();
    private final ReentrantLock running = new ReentrantLock();
    private boolean closed;

    private OnnxRuntimeTrainer(WeightStore weights, Optimization optimization, EngineSettings settings) {
        this.weights = weights;
        this.optimizer = new AdamW(optimization, settings.threads());
        this.accumulators = new Accumulators(weights);
    }

    static OnnxRuntimeTrainer open(
            WeightStore weights, List<Graph> losses, Optimization optimization, EngineSettings settings) {
        OnnxRuntimeTrainer trainer = new OnnxRuntimeTrainer(weights, optimization, settings);
        boolean opened = false;
        try {
            // All graphs are checked before anything native is loaded.
            for (Graph loss : losses) {
                trainer.graphs.add(new TrainingGraph(loss, weights, optimization, settings));
            }
            trainer.graphs.forEach(TrainingGraph::open);
            opened = true;
            return trainer;
        } finally {
            if (!opened) {
                trainer.close();
            }
        }
    }

    @Override
    public Map<String, Tensor> accumulate(Graph loss, Map<String, Tensor> inputs, double scale) {
        TrainingGraph graph = graph(loss);
        graph.requireGradients();
        return exclusively(() -> {
            Inputs.check(graph.loss(), inputs);
            try (WeightStore.Lease lease = weights.reading()) {
                return graph.accumulate(inputs, (float) scale, accumulators);
            }
        });
    }

    @Override
    public Map<String, Tensor> evaluate(Graph loss, Map<String, Tensor> inputs) {
        TrainingGraph graph = graph(loss);
        return exclusively(() -> {
            Inputs.check(graph.loss(), inputs);
            try (WeightStore.Lease lease = weights.reading()) {
                return graph.evaluate(inputs);
            }
        });
    }

    @Override
    public double step(double learningRate) {
        if (!(learningRate >= 0) || Double.isInfinite(learningRate)) {
            throw SaveException.user("the learning rate must be a number that is not negative, not " + learningRate);
        }
        return exclusively(() -> {
            double norm = optimizer.step(weights, accumulators.gathered(), learningRate);
            accumulators.forget();
            return norm;
        });
    }

    @Override
    public Map<String, Tensor> gradients() {
        return exclusively(() -> {
            Map<String, Tensor> copies = new LinkedHashMap<>();
            accumulators.gathered().forEach((name, gradient) -> copies.put(name, gradient.copy()));
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

    private TrainingGraph graph(Graph loss) {
        for (TrainingGraph graph : graphs) {
            if (graph.loss() == loss) {
                return graph;
            }
        }
        return graphs.stream()
                .filter(graph -> graph.loss().equals(loss))
                .findFirst()
                .orElseThrow(() -> SaveException.internal("the trainer was not opened with graph '" + loss.name()
                        + "'; it knows "
                        + graphs.stream()
                                .map(graph -> graph.loss().name())
                                .sorted()
                                .toList()));
    }

    private <T> T exclusively(Supplier<T> work) {
        if (!running.tryLock()) {
            throw SaveException.internal("a trainer serves one thread at a time");
        }
        try {
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
                graphs.forEach(TrainingGraph::close);
                accumulators.close();
            }
        } finally {
            running.unlock();
        }
    }
}
