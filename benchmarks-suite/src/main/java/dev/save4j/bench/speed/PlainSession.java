package dev.save4j.bench.speed;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.save4j.SaveException;
import dev.save4j.engine.Engines;
import dev.save4j.graph.Graph;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.OnnxModel;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A model in a file, run by ONNX Runtime as its documentation shows it: the session as it is by default but for its threads. */
final class PlainSession implements AutoCloseable {
    private final Graph graph;
    private final WeightStore weights;
    private final int threads;
    private final OrtEnvironment environment;
    private @Nullable OrtSession session;

    PlainSession(Graph graph, WeightStore weights, int threads) {
        this.graph = graph;
        this.weights = weights;
        this.threads = threads;
        // The engine loads the library in a way that survives long command lines; there is one environment in a
        // process.
        Engines.inference().named("onnxruntime").libraries();
        environment = OrtEnvironment.getEnvironment();
        refresh();
    }

    String engine() {
        return "plain ONNX Runtime " + environment.getVersion();
    }

    /** Exports the model and loads it, which is the way to give it other weights. */
    void refresh() {
        close();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            Path folder = Files.createTempDirectory("save4j-plain");
            Path file = folder.resolve("model.onnx");
            Map<String, Tensor> all = new LinkedHashMap<>();
            graph.parameters().keySet().forEach(name -> all.put(name, weights.get(name)));
            Path data = OnnxCodec.writeWithExternalData(OnnxModel.of(graph, all), file);
            try {
                session = environment.createSession(file.toString(), options);
            } finally {
                Files.delete(data);
                Files.delete(file);
                Files.delete(folder);
            }
        } catch (IOException failed) {
            throw SaveException.resources("cannot write a model into the temporary folder: " + failed, failed);
        } catch (OrtException failed) {
            throw failure(failed);
        }
    }

    /** The caller closes what it gets. */
    OrtSession.Result run(Map<String, OnnxTensor> inputs) throws OrtException {
        if (session == null) {
            throw SaveException.internal("the session is closed");
        }
        return session.run(inputs);
    }

    OnnxTensor longs(long[] values, long... shape) throws OrtException {
        return OnnxTensor.createTensor(environment, LongBuffer.wrap(values), shape);
    }

    OnnxTensor floats(float[] values, long... shape) throws OrtException {
        return OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape);
    }

    static SaveException failure(OrtException failed) {
        return SaveException.engine("ONNX Runtime: " + failed.getMessage(), failed);
    }

    @Override
    public void close() {
        if (session != null) {
            try {
                session.close();
            } catch (OrtException failed) {
                throw failure(failed);
            }
            session = null;
        }
    }
}
