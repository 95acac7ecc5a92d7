package dev.save4j.pytorch;

import ai.djl.ndarray.types.DataType;
import dev.save4j.engine.EngineCapabilities;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Problem;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.WeightStore;
import java.util.List;
import java.util.Map;

/**
 * Differentiates graphs with PyTorch's autograd, on the CPU, in single precision. Weights are not copied: PyTorch works on the store's own buffers.
 *
 * <p>Two trainers may run in two threads at once. The number of native threads belongs to the thread that calls a trainer.
 *
 * <p>Two things can only be set in the environment before the JVM starts. {@code OMP_WAIT_POLICY=PASSIVE} when other native libraries share the cores:
 * PyTorch's idle threads spin otherwise. {@code MALLOC_MMAP_THRESHOLD_=33554432} and {@code MALLOC_TRIM_THRESHOLD_=1073741824} on Linux: glibc
 * returns memory to the system between nodes otherwise, which can double the time of a forward pass.
 */
public final class PyTorchEngine implements GradientEngine {
    static final String NAME = "djl-pytorch";
    static final String LOSS = "loss";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public EngineCapabilities capabilities() {
        return new EngineCapabilities(TorchLibrary.version(), List.of("cpu"), Operators.table());
    }

    @Override
    public Map<String, String> libraries() {
        return TorchLibrary.libraries();
    }

    @Override
    public List<Problem> problems(Graph graph) {
        return Operators.problems(graph);
    }

    @Override
    public Trainer open(WeightStore weights, List<Graph> losses, Optimization optimization, EngineSettings settings) {
        require(settings.checkpointing());
        return new PyTorchTrainer(weights, losses, optimization, settings, DataType.FLOAT32);
    }
}
