package dev.save4j.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.NativeCalls;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.ValueInfo;
import dev.save4j.graph.WeightPlacement;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A native session over a graph and the buffers of a store. Owns the session and the native views of the weights; the caller closes it and holds the
 * store's read lease while opening and running.
 */
final class BoundGraph implements AutoCloseable {
    private final OrtSession session;
    /** Native views of the weights for as long as the session reads them, empty when it has copies. */
    private final Map<String, OnnxTensor> views;

    private final boolean fed;

    private BoundGraph(OrtSession session, Map<String, OnnxTensor> views, boolean fed) {
        this.session = session;
        this.views = views;
        this.fed = fed;
    }

    static BoundGraph open(Graph declared, WeightStore weights, WeightBinding binding, EngineSettings settings) {
        return open(
                declared,
                weights,
                settings,
                false,
                binding != WeightBinding.PREPACKED,
                (graph, views, options) -> switch (binding) {
                    case PREPACKED -> prepacked(graph, views, options);
                    case LIVE -> live(graph, views, options, settings.scratch());
                    case INPUT -> inputs(graph, views, options);
                });
    }

    /**
     * Opens a graph that is run many times before its weights change: those of matrix products are packed, the others are read where they are, so
     * after a change of the store it has to be opened anew before it runs again. Faster to open than PREPACKED, which copies all weights first. Threads
     * that share the operations of a run spin until it ends.
     */
    static BoundGraph packing(Graph declared, WeightStore weights, EngineSettings settings) {
        return open(declared, weights, settings, true, true, (graph, views, options) -> {
            // Placeholders stand for the weights while a session is made, so nothing may look at them before the
            // kernels do.
            options.setOptimizationLevel(SessionOptions.OptLevel.NO_OPT);
            return shared(graph, views, options, settings.scratch());
        });
    }

    /** Makes a session of a graph over views of its weights. */
    @FunctionalInterface
    private interface Opening {
        BoundGraph open(Graph graph, Map<String, OnnxTensor> views, SessionOptions options) throws OrtException;
    }

    /**
     * @param spins whether threads wait for the next operation of a run without sleeping
     * @param keeps whether the session reads the views as long as it is open
     */
    private static BoundGraph open(
            Graph declared,
            WeightStore weights,
            EngineSettings settings,
            boolean spins,
            boolean keeps,
            Opening opening) {
        Graph graph = withParameters(declared, read(declared));
        requireWeights(graph, weights);
        Map<String, OnnxTensor> views = new LinkedHashMap<>();
        boolean kept = false;
        try (SessionOptions options = options(settings, spins)) {
            for (String name : graph.parameters().keySet()) {
                views.put(name, Natives.wrap(weights.get(name)));
            }
            BoundGraph opened = opening.open(graph, views, options);
            kept = keeps;
            return opened;
        } catch (OrtException failure) {
            throw Failures.opening(graph, failure);
        } finally {
            if (!kept) {
                Natives.closeAll(views.values());
            }
        }
    }

    private static SessionOptions options(EngineSettings settings, boolean spins) throws OrtException {
        SessionOptions options = new SessionOptions();
        options.setIntraOpNumThreads(settings.threads());
        options.setInterOpNumThreads(1);
        options.setExecutionMode(SessionOptions.ExecutionMode.SEQUENTIAL);
        // Idle threads that spin take the cores from whatever else the JVM does, 1.7 times slower in all. Within a run
        // of many small operations they make it up to half as fast again.
        options.addConfigEntry("session.intra_op.allow_spinning", spins ? "1" : "0");
        options.addConfigEntry("session.force_spinning_stop", "1");
        options.addConfigEntry("session.inter_op.allow_spinning", "0");
        // One plan is kept for each combination of input shapes; batches of text have no end of them.
        options.setMemoryPatternOptimization(false);
        // What goes wrong is thrown; the library would print it as well.
        options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
        Devices.use(options, settings.device());
        return options;
    }

    /** The library copies external initializers before it optimises and packs, so that it sees true values and keeps none of our memory. */
    private static BoundGraph prepacked(Graph graph, Map<String, OnnxTensor> views, SessionOptions options)
            throws OrtException {
        if (!views.isEmpty()) {
            options.addExternalInitializers(new HashMap<String, OnnxTensorLike>(views));
        }
        WeightPlacement.External placement = WeightPlacement.External.packed("weights", graph.parameters());
        return new BoundGraph(
                Natives.environment().createSession(OnnxCodec.encode(graph, placement), options), Map.of(), false);
    }

    /**
     * Weights are initializers that are listed among the inputs as well. By the ONNX specification such values may be overridden in any run, so
     * no optimizer may take them for constants: nothing is folded, merged or packed, and the session reads the memory it was given.
     */
    private static BoundGraph live(Graph graph, Map<String, OnnxTensor> views, SessionOptions options, Path scratch)
            throws OrtException {
        options.addConfigEntry("session.disable_prepacking", "1");
        return shared(overridable(graph), views, options, scratch);
    }

    /** The session takes the weights from the memory of the views. */
    private static BoundGraph shared(Graph graph, Map<String, OnnxTensor> views, SessionOptions options, Path scratch)
            throws OrtException {
        for (Map.Entry<String, OnnxTensor> view : views.entrySet()) {
            options.addInitializer(view.getKey(), view.getValue());
        }
        WeightPlacement.External placement = WeightPlacement.External.packed("weights", graph.parameters());
        byte[] model = OnnxCodec.encode(graph, placement);
        try {
            Path folder = Files.createTempDirectory(scratch, "save4j-onnxruntime-");
            Path file = folder.resolve(placement.location());
            OrtSession session = null;
            try {
                // The library wants the file to exist although it does not read it; without its blocks it takes no
                // space.
                writeSparse(file, placement.fileSize());
                options.addConfigEntry("session.model_external_initializers_file_folder_path", folder.toString());
                session = Natives.environment().createSession(model, options);
            } finally {
                delete(session, file, folder);
            }
            return new BoundGraph(session, views, false);
        } catch (IOException failure) {
            throw SaveException.resources(
                    "cannot make a temporary file in the scratch folder " + scratch + " (" + failure
                            + "); give a folder that exists and can be written",
                    failure);
        }
    }

    /** @param session is closed where the files cannot be deleted, as nobody gets to own it then */
    private static void delete(@Nullable OrtSession session, Path... files) throws IOException, OrtException {
        try {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        } catch (IOException failure) {
            if (session != null) {
                session.close();
            }
            throw failure;
        }
    }

    private static BoundGraph inputs(Graph graph, Map<String, OnnxTensor> views, SessionOptions options)
            throws OrtException {
        byte[] model = OnnxCodec.encode(graph, new WeightPlacement.Inputs());
        return new BoundGraph(Natives.environment().createSession(model, options), views, true);
    }

    private static Graph overridable(Graph graph) {
        List<ValueInfo> inputs = new ArrayList<>(graph.inputs());
        graph.parameters().forEach((name, type) -> inputs.add(new ValueInfo(name, type)));
        return copy(graph, inputs, graph.parameters());
    }

    /** The library drops weights that nothing reads, and then complains that it is given values for them. */
    private static Graph withParameters(Graph graph, Set<String> wanted) {
        Map<String, TensorType> parameters = new LinkedHashMap<>(graph.parameters());
        parameters.keySet().retainAll(wanted);
        return copy(graph, graph.inputs(), parameters);
    }

    private static Graph copy(Graph graph, List<ValueInfo> inputs, Map<String, TensorType> parameters) {
        return new Graph(
                graph.name(),
                graph.opsets(),
                inputs,
                graph.outputs(),
                graph.nodes(),
                graph.constants(),
                parameters,
                graph.preserved());
    }

    private static Set<String> read(Graph graph) {
        Set<String> names = new HashSet<>();
        graph.outputs().forEach(output -> names.add(output.name()));
        for (Node node : graph.nodes()) {
            names.addAll(node.inputs());
            for (Attribute attribute : node.attributes().values()) {
                if (attribute instanceof Attribute.Body body) {
                    names.addAll(read(body.value()));
                }
            }
        }
        return names;
    }

    private static void writeSparse(Path file, long size) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            if (size > 0) {
                channel.write(ByteBuffer.allocate(1), size - 1);
            }
        }
    }

    private static void requireWeights(Graph graph, WeightStore weights) {
        for (Map.Entry<String, TensorType> parameter : graph.parameters().entrySet()) {
            Tensor held = weights.get(parameter.getKey());
            TensorType declared = parameter.getValue();
            if (held.type() != declared.element() || !Arrays.equals(held.shape(), declared.fixedShape())) {
                throw SaveException.user("graph '" + graph.name() + "' declares its weight '" + parameter.getKey()
                        + "' as " + declared + " but the model has " + held
                        + "; the checkpoint does not belong to this configuration");
            }
            if (!Natives.holds(held.type())) {
                throw SaveException.user("graph '" + graph.name() + "': weight '" + parameter.getKey() + "' is of type "
                        + held.type() + ", which ONNX Runtime cannot take from Java; make it a constant of the graph");
            }
        }
    }

    /**
     * Runs the graph.
     *
     * @param inputs of the graph, without weights
     * @param requested outputs for which the library allocates memory
     * @param pinned outputs that are written into the caller's memory
     */
    OrtSession.Result run(Map<String, OnnxTensor> inputs, Set<String> requested, Map<String, OnnxTensor> pinned)
            throws OrtException {
        Map<String, OnnxTensor> all = inputs;
        if (fed) {
            all = new HashMap<>(inputs);
            all.putAll(views);
        }
        try (NativeCalls.Call call = NativeCalls.enter()) {
            return session.run(all, requested, pinned);
        }
    }

    /** Runs a graph that does not take its weights as inputs. */
    void run(Feed feed) throws OrtException {
        if (fed) {
            throw SaveException.internal("weights that are inputs cannot be left out of a run");
        }
        try (NativeCalls.Call call = NativeCalls.enter()) {
            feed.run(session);
        }
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException failure) {
            throw SaveException.internal("ONNX Runtime did not close a session: " + failure.getMessage(), failure);
        } finally {
            Natives.closeAll(views.values());
        }
    }
}
