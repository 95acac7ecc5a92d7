package dev.save4j.onnxruntime;

import ai.onnxruntime.OrtException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.Map;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** A graph opened for inference. Locks are taken in one order: the store's lease, then the life of the session. */
final class OnnxRuntimeSession implements InferenceSession {
    private final Graph graph;
    private final WeightStore weights;
    private final WeightBinding binding;
    private final EngineSettings settings;
    private final Evaluation evaluation;
    private final ReentrantReadWriteLock life = new ReentrantReadWriteLock();
    private final CurrentGraph current;
    private volatile boolean trusted;

    OnnxRuntimeSession(Graph graph, WeightStore weights, WeightBinding binding, EngineSettings settings) {
        this.graph = graph;
        this.weights = weights;
        this.binding = binding;
        this.settings = settings;
        this.evaluation = new Evaluation(graph);
        this.trusted = binding != WeightBinding.LIVE || graph.parameters().isEmpty();
        try (WeightStore.Lease lease = weights.reading()) {
            if (!trusted) {
                try (LiveCheck check = LiveCheck.open(graph, weights, settings)) {
                    trusted = check.passesOnSyntheticInputs();
                }
            }
            current = new CurrentGraph(graph.name(), BoundGraph.open(graph, weights, binding, settings));
        }
    }

    @Override
    public Map<String, Tensor> run(Map<String, Tensor> inputs) {
        Inputs.check(graph, inputs);
        try (WeightStore.Lease lease = weights.reading()) {
            life.readLock().lock();
            try {
                BoundGraph open = current.get();
                if (!trusted) {
                    checkOn(inputs);
                }
                return evaluation.run(open, inputs);
            } catch (OrtException failure) {
                throw Failures.running(graph, inputs, failure);
            } finally {
                life.readLock().unlock();
            }
        }
    }

    /** No made-up inputs suited the graph when it was opened, so the first real ones prove that changes of the weights are seen. */
    private synchronized void checkOn(Map<String, Tensor> inputs) {
        if (!trusted) {
            try (LiveCheck check = LiveCheck.open(graph, weights, settings)) {
                trusted = check.passesOn(inputs);
            }
        }
    }

    @Override
    public void refresh() {
        if (binding != WeightBinding.PREPACKED) {
            return;
        }
        try (WeightStore.Lease lease = weights.reading()) {
            life.writeLock().lock();
            try {
                current.replace(() -> BoundGraph.open(graph, weights, binding, settings));
            } finally {
                life.writeLock().unlock();
            }
        }
    }

    @Override
    public void close() {
        life.writeLock().lock();
        try {
            current.close();
        } finally {
            life.writeLock().unlock();
        }
    }
}
