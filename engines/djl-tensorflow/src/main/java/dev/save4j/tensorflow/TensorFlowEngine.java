package dev.save4j.tensorflow;

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
 * Differentiates graphs with TensorFlow through DJL, on the CPU, in single precision. A graph is translated once for each set of input shapes, which
 * takes as long as a few steps: batches of few different sizes are faster than batches that all differ. Weights are not copied: TensorFlow reads the
 * store's own buffers, and {@link dev.save4j.engine.AdamW} updates them in place, so that host and device always agree.
 *
 * <p>Two trainers may run in two threads at once. The number of native threads belongs to the process: the first trainer sets it.
 *
 * <p>Two things can only be set in the environment before the JVM starts: {@code TF_CPP_MIN_LOG_LEVEL=1} keeps TensorFlow from reporting what it is
 * doing, and {@code TF_DETERMINISTIC_OPS=1} makes it refuse operations whose results differ between runs.
 */
public final class TensorFlowEngine implements GradientEngine {
    static final String NAME = "djl-tensorflow";
    static final String LOSS = "loss";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public EngineCapabilities capabilities() {
        return new EngineCapabilities(TensorFlowLibrary.version(), List.of("cpu"), Operators.table());
    }

    @Override
    public Map<String, String> libraries() {
        return TensorFlowLibrary.libraries();
    }

    @Override
    public List<Problem> problems(Graph graph) {
        return Operators.problems(graph);
    }

    @Override
    public Trainer open(WeightStore weights, List<Graph> losses, Optimization optimization, EngineSettings settings) {
        require(settings.checkpointing());
        return new TensorFlowTrainer(weights, losses, optimization, settings, DataType.FLOAT32);
    }
}
