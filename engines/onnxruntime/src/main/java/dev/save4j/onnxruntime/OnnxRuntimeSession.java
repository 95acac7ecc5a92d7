package dev.save4j.onnxruntime;

import ai.onnxruntime.OrtException;
import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.Map;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/** A graph opened for inference. Locks are taken in one order: the store's lease, then the life of the session. */
final class OnnxRuntimeSession implements InferenceSession {
    private final Graph graph;
    private final WeightStore weights;
    private final WeightBinding binding;
    private final EngineSettings settings;
    private final Evaluation evaluation;
    private final ReentrantReadWriteLock life = new ReentrantReadWriteLock();
    /** Nothing behind a refresh that failed. */
    private @Nullable BoundGraph bound;

    private boolean closed;
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
            bound = BoundGraph.open(graph, weights, binding, settings);
        }
    }

    @Override
    public Map<String, Tensor> run(Map<String, Tensor> inputs) {
        Inputs.check(graph, inputs);
        try (WeightStore.Lease lease = weights.reading()) {
            life.readLock().lock();
            try {
                BoundGraph open = requireOpen();
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
                requireNotClosed();
                // Closed first, so that the packed weights are never held twice.
                release();
                bound = BoundGraph.open(graph, weights, binding, settings);
            } finally {
                life.writeLock().unlock();
            }
        }
    }

    private BoundGraph requireOpen() {
        requireNotClosed();
        if (bound == null) {
            throw SaveException.engine("the last refresh of the session of graph '" + graph.name()
                    + "' failed; refresh it once more before running it");
        }
        return bound;
    }

    private void requireNotClosed() {
        if (closed) {
            throw SaveException.internal("the session of graph '" + graph.name() + "' is closed");
        }
    }

    private void release() {
        if (bound != null) {
            BoundGraph open = bound;
            bound = null;
            open.close();
        }
    }

    @Override
    public void close() {
        life.writeLock().lock();
        try {
            closed = true;
            release();
        } finally {
            life.writeLock().unlock();
        }
    }
}
