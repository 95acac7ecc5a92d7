package dev.save4j.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.save4j.SaveException;
import dev.save4j.engine.Checkpointing;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.graph.TensorType;
import dev.save4j.onnxruntime.gradient.Backpropagation;
import dev.save4j.onnxruntime.gradient.GradientGraph;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One loss and the sessions that run it: forward alone, with gradients that are written, or with gradients that are added to what is there, from the
 * first time that one batch follows another without a step. A session is opened when it is first needed. All of them read the weights of the store as
 * inputs, whatever the shapes of a batch.
 */
final class TrainingGraph implements AutoCloseable {
    private final Graph loss;
    private final WeightStore weights;
    private final EngineSettings settings;
    private final Backpropagation backpropagation;
    private final Evaluation forwardEvaluation;
    private @Nullable BoundGraph forward;
    private @Nullable Gradients writing;
    private @Nullable Gradients adding;

    /** A session of gradients. */
    private record Gradients(GradientGraph written, BoundGraph bound, Evaluation evaluation) {}

    TrainingGraph(Graph loss, WeightStore weights, Optimization optimization, EngineSettings settings) {
        this.loss = loss;
        this.weights = weights;
        this.settings = settings;
        this.forwardEvaluation = new Evaluation(loss);
        checkLoss();
        backpropagation = new Backpropagation(
                OnnxRuntimeEngine.NAME,
                loss,
                OnnxRuntimeGradients.LOSS,
                weight -> optimization.groupOf(weight).learningRateScale() > 0,
                settings.checkpointing() == Checkpointing.BLOCKS);
        backpropagation.weights().forEach(this::checkTrained);
    }

    private void checkLoss() {
        boolean scalar = loss.outputs().stream()
                .anyMatch(output -> output.name().equals(OnnxRuntimeGradients.LOSS)
                        && output.type().element().isFloating()
                        && (!output.type().isRanked() || output.type().rank() == 0));
        if (!scalar) {
            throw SaveException.user("graph '" + loss.name() + "' has no scalar FLOAT output 'loss'; its outputs are "
                    + loss.outputs().stream()
                            .map(output -> output.name() + " " + output.type())
                            .toList());
        }
    }

    private void checkTrained(String name) {
        Tensor weight = weights.get(name);
        TensorType declared = loss.parameters().get(name);
        if (weight.type() != ElementType.FLOAT) {
            throw SaveException.user("weight '" + name + "' of the store is " + weight + " but graph '" + loss.name()
                    + "' needs " + declared + "; engine '" + OnnxRuntimeEngine.NAME
                    + "' trains weights in single precision");
        }
    }

    Graph loss() {
        return loss;
    }

    void requireGradients() {
        if (backpropagation.weights().isEmpty()) {
            throw SaveException.user("the loss of graph '" + loss.name()
                    + "' depends on no weight that is trained, so it has no gradient");
        }
    }

    /** Opens the session that will be needed, so that what the library refuses is told now. */
    void open() {
        try (WeightStore.Lease lease = weights.reading()) {
            if (backpropagation.weights().isEmpty()) {
                forward();
            } else {
                writing();
            }
        }
    }

    private BoundGraph forward() {
        BoundGraph open = forward;
        if (open == null) {
            open = BoundGraph.open(loss, weights, WeightBinding.INPUT, settings);
            forward = open;
        }
        return open;
    }

    private Gradients writing() {
        Gradients open = writing;
        if (open == null) {
            open = gradients(false);
            writing = open;
        }
        return open;
    }

    private Gradients adding() {
        Gradients open = adding;
        if (open == null) {
            // Each session keeps the memory of its activations, so there is one of the two at a time.
            Gradients other = writing;
            writing = null;
            if (other != null) {
                other.bound().close();
            }
            open = gradients(true);
            adding = open;
        }
        return open;
    }

    private Gradients gradients(boolean accumulates) {
        GradientGraph written = backpropagation.gradients(settings.threads() > 1, accumulates);
        BoundGraph bound = BoundGraph.open(written.graph(), weights, WeightBinding.INPUT, settings);
        return new Gradients(written, bound, new Evaluation(loss));
    }

    Map<String, Tensor> evaluate(Map<String, Tensor> inputs) {
        try {
            return forwardEvaluation.run(forward(), inputs);
        } catch (OrtException failure) {
            throw Failures.running(loss, inputs, failure);
        }
    }

    /** Runs forward and backward. What was gathered before is lost when that fails. */
    Map<String, Tensor> accumulate(Map<String, Tensor> inputs, float scale, Accumulators accumulators) {
        boolean adds = adding != null || accumulators.hasAny(backpropagation.weights());
        Gradients gradients = adds ? adding() : writing();
        boolean finished = false;
        try (OnnxTensor factor = Natives.wrap(Tensor.scalar(scale))) {
            if (adds) {
                accumulators.clearNew(backpropagation.weights());
            }
            Map<String, OnnxTensor> fed =
                    new HashMap<>(Map.of(gradients.written().scale(), factor));
            for (Map.Entry<String, String> input :
                    gradients.written().accumulators().entrySet()) {
                fed.put(input.getValue(), accumulators.view(input.getKey()));
            }
            Map<String, OnnxTensor> pinned = new HashMap<>();
            for (Map.Entry<String, String> output :
                    gradients.written().derivatives().entrySet()) {
                pinned.put(output.getValue(), accumulators.view(output.getKey()));
            }
            Map<String, Tensor> outputs = gradients.evaluation().runOnce(gradients.bound(), inputs, fed, pinned);
            accumulators.add(backpropagation.weights());
            finished = true;
            return outputs;
        } catch (OrtException failure) {
            // The library runs nodes of both passes in an order of its own; what is wrong with the inputs is told best
            // by the forward pass alone.
            evaluate(inputs);
            throw Failures.running(gradients.written().graph(), inputs, failure);
        } finally {
            if (!finished) {
                accumulators.forget();
            }
        }
    }

    @Override
    public void close() {
        BoundGraph open = forward;
        forward = null;
        if (open != null) {
            open.close();
        }
        for (Gradients gradients : new Gradients[] {writing, adding}) {
            if (gradients != null) {
                gradients.bound().close();
            }
        }
        writing = null;
        adding = null;
    }
}
