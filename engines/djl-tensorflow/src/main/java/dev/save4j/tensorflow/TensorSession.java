package dev.save4j.tensorflow;

import ai.djl.tensorflow.engine.SavedModelBundle;
import ai.djl.tensorflow.engine.javacpp.JavacppUtils;
import dev.save4j.SaveException;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.internal.c_api.TF_Operation;
import org.tensorflow.internal.c_api.TF_Session;
import org.tensorflow.internal.c_api.TF_SessionOptions;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphOptions;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.RewriterConfig;

/**
 * Runs a graph with DJL's TensorFlow engine. DJL's blocks would copy every array to the Java heap; the session is what they run as well, and takes
 * tensors over Java's own memory. Owns the graph. Not thread-safe.
 */
final class TensorSession implements AutoCloseable {
    private final SavedModelBundle bundle;

    private TensorSession(SavedModelBundle bundle) {
        this.bundle = bundle;
    }

    /**
     * Takes over the graph, which is closed when no session can be made.
     *
     * @param threads of one operation; the first session of a process decides
     */
    static TensorSession of(TensorGraph graph, int threads) {
        ConfigProto config = ConfigProto.newBuilder()
                .setIntraOpParallelismThreads(threads)
                // Negative: operations start one after the other in the caller's thread, so their order is the same in
                // every run.
                .setInterOpParallelismThreads(-1)
                // Rewriting the graph takes longer than it saves in the runs that graphs of one shape see.
                .setGraphOptions(GraphOptions.newBuilder()
                        .setRewriteOptions(RewriterConfig.newBuilder().setDisableMetaOptimizer(true)))
                .build();
        try (PointerScope scope = new PointerScope()) {
            TF_Status status = TF_Status.newStatus();
            TF_SessionOptions options = TF_SessionOptions.newSessionOptions();
            BytePointer bytes = new BytePointer(config.toByteArray());
            tensorflow.TF_SetConfig(options, bytes, bytes.capacity(), status);
            status.throwExceptionIfNotOK();
            TF_Session session = TF_Session.newSession(graph.handle(), options, status);
            status.throwExceptionIfNotOK();
            session.retainReference();
            return new TensorSession(new SavedModelBundle(graph.handle(), session, MetaGraphDef.getDefaultInstance()));
        } catch (RuntimeException failure) {
            graph.close();
            throw SaveException.engine(
                    "engine '" + TensorFlowEngine.NAME + "' cannot open a session of TensorFlow: "
                            + failure.getMessage(),
                    failure);
        }
    }

    /** Values of symbols, in order. Feeds and results must be closed by the caller. */
    List<NativeTensor> run(Feeds feeds, List<Symbol> fetches) {
        TF_Operation[] outputs = new TF_Operation[fetches.size()];
        int[] indices = new int[outputs.length];
        for (int i = 0; i < outputs.length; i++) {
            outputs[i] = fetches.get(i).operation();
            indices[i] = fetches.get(i).index();
        }
        TF_Tensor[] results = JavacppUtils.runSession(
                bundle.getSession(),
                null,
                feeds.tensors(),
                feeds.operations(),
                new int[feeds.size()],
                outputs,
                indices,
                new TF_Operation[0]);
        List<NativeTensor> tensors = new ArrayList<>();
        for (int i = 0; i < results.length; i++) {
            tensors.add(NativeTensor.of(results[i], fetches.get(i)));
        }
        return tensors;
    }

    @Override
    public void close() {
        bundle.close();
    }
}
