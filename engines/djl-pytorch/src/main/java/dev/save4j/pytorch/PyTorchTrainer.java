package dev.save4j.pytorch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
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

/** Interprets graphs on arrays under autograd; gradients gather in PyTorch until a step applies them. */
final class PyTorchTrainer implements Trainer {
    private final WeightStore weights;
    private final EngineSettings settings;
    private final Optimization optimization;
    private final AdamW optimizer;
    private final DeviceMemory memory;
    private final IdentityHashMap<Graph, Interpreter> interpreters = new IdentityHashMap<>();
    private final Leaves leaves;
    private final ReentrantLock running = new ReentrantLock();
    private Runnable beforeBackward = () -> {};
    private boolean closed;

    /**
     * @param floating FLOAT32; FLOAT64 for gradient checks, over a store of DOUBLE weights, without {@link #step}
     */
    PyTorchTrainer(
            WeightStore weights,
            List<Graph> losses,
            Optimization optimization,
            EngineSettings settings,
            DataType floating) {
        this.weights = weights;
        this.settings = settings;
        this.optimization = optimization;
        optimizer = new AdamW(optimization, settings.threads());
        // All graphs are checked before anything native is loaded.
        List<Plan> plans = losses.stream()
                .map(graph -> {
                    checkLoss(graph);
                    checkWeights(graph, floating);
                    return new Plan(graph, this::isTrained);
                })
                .toList();
        memory = new DeviceMemory(TorchLibrary.manager(), floating);
        plans.forEach(plan -> interpreters.put(plan.graph(), new Interpreter(plan, memory)));
        Set<String> names = new LinkedHashSet<>();
        losses.forEach(graph -> names.addAll(graph.parameters().keySet()));
        leaves = new Leaves(weights, names, memory, this::isTrained);
    }

    private static void checkLoss(Graph graph) {
        boolean scalar = graph.outputs().stream()
                .anyMatch(output -> output.name().equals(PyTorchEngine.LOSS)
                        && output.type().element().isFloating()
                        && (!output.type().isRanked() || output.type().rank() == 0));
        if (!scalar) {
            throw SaveException.user("graph '" + graph.name() + "' has no scalar FLOAT output 'loss'; its outputs are "
                    + graph.outputs().stream()
                            .map(output -> output.name() + " " + output.type())
                            .toList());
        }
    }

    private void checkWeights(Graph graph, DataType floating) {
        for (Map.Entry<String, TensorType> parameter : graph.parameters().entrySet()) {
            Tensor weight = weights.get(parameter.getKey());
            TensorType type = parameter.getValue();
            boolean fits = weight.type().isFloating()
                    && DeviceMemory.dataType(weight.type()) == floating
                    && weight.rank() == type.rank();
            for (int axis = 0; fits && axis < type.rank(); axis++) {
                fits = !type.dimension(axis).isFixed() || type.dimension(axis).size() == weight.dimension(axis);
            }
            if (!fits) {
                throw SaveException.user("weight '" + parameter.getKey() + "' of the store is " + weight
                        + " but graph '" + graph.name() + "' needs " + type + "; engine '" + PyTorchEngine.NAME
                        + "' trains weights in single precision");
            }
        }
    }

    private boolean isTrained(String weight) {
        return optimization.groupOf(weight).learningRateScale() > 0;
    }

    @Override
    public Map<String, Tensor> accumulate(Graph loss, Map<String, Tensor> inputs, double scale) {
        Interpreter interpreter = interpreter(loss);
        if (interpreter.plan().reached().isEmpty()) {
            throw SaveException.user("the loss of graph '" + loss.name()
                    + "' depends on no weight that is trained, so it has no gradient");
        }
        return exclusively(true, () -> {
            try (WeightStore.Lease lease = weights.reading();
                    NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                NDArray total;
                Map<String, Tensor> outputs;
                try (Interpreter.Run run = interpreter.run(inputs, leaves::get)) {
                    outputs = run.outputs();
                    // A second handle, so that all others are closed before the memory of the backward pass is needed.
                    total = ElementwiseOperators.same(run.array(PyTorchEngine.LOSS));
                }
                beforeBackward.run();
                TorchNative.backward(total, memory.full(scale));
                return outputs;
            }
        });
    }

    @Override
    public Map<String, Tensor> evaluate(Graph loss, Map<String, Tensor> inputs) {
        Interpreter interpreter = interpreter(loss);
        return exclusively(false, () -> {
            try (WeightStore.Lease lease = weights.reading();
                    NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                try (Interpreter.Run run = interpreter.run(inputs, leaves::get)) {
                    return run.outputs();
                }
            }
        });
    }

    @Override
    public double step(double learningRate) {
        if (!(learningRate >= 0) || Double.isInfinite(learningRate)) {
            throw SaveException.user("the learning rate must be a number that is not negative, not " + learningRate);
        }
        return exclusively(false, () -> {
            try (NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                Map<String, Tensor> gradients = leaves.gradients();
                double norm = optimizer.step(weights, gradients, learningRate);
                leaves.forget(gradients.keySet());
                return norm;
            }
        });
    }

    @Override
    public Map<String, Tensor> gradients() {
        return exclusively(false, () -> {
            try (NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                Map<String, Tensor> copies = new LinkedHashMap<>();
                leaves.gradients().forEach((name, view) -> copies.put(name, view.copy()));
                return copies;
            }
        });
    }

    @Override
    public OptimizerState state() {
        return exclusively(false, optimizer::state);
    }

    @Override
    public void restore(OptimizerState state) {
        exclusively(false, () -> {
            optimizer.restore(state, weights);
            return state;
        });
    }

    /** Arrays that are alive, which must not grow from step to step. */
    int liveArrays() {
        return memory.live();
    }

    /** What to do between the forward and the backward pass, where a test can do harm. */
    void beforeBackward(Runnable action) {
        beforeBackward = action;
    }

    private Interpreter interpreter(Graph loss) {
        Interpreter interpreter = interpreters.get(loss);
        if (interpreter != null) {
            return interpreter;
        }
        return interpreters.values().stream()
                .filter(other -> other.plan().graph().equals(loss))
                .findFirst()
                .orElseThrow(() ->
                        SaveException.internal("the trainer was not opened with graph '" + loss.name() + "'; it knows "
                                + interpreters.keySet().stream()
                                        .map(Graph::name)
                                        .sorted()
                                        .toList()));
    }

    /** Runs native code as the only caller, with the thread's grad mode and thread count set, and grad mode restored. */
    private <T> T exclusively(boolean gradients, Supplier<T> work) {
        if (!running.tryLock()) {
            throw SaveException.internal("a trainer serves one thread at a time");
        }
        try (NativeCalls.Call call = NativeCalls.enter()) {
            if (closed) {
                throw SaveException.internal("the trainer is closed");
            }
            TorchNative.threads(settings.threads());
            boolean before = TorchNative.gradMode(gradients);
            try {
                return work.get();
            } finally {
                TorchNative.gradMode(before);
            }
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
                interpreters.values().forEach(Interpreter::close);
                memory.close();
            }
        } finally {
            running.unlock();
        }
    }
}
