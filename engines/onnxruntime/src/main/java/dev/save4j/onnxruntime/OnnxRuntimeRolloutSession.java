package dev.save4j.onnxruntime;

import ai.onnxruntime.OrtException;
import dev.save4j.SaveException;
import dev.save4j.engine.Completion;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.engine.WeightBinding;
import dev.save4j.engine.WeightPrecision;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** A decoder with packed weights and the memory of its sequences. */
final class OnnxRuntimeRolloutSession implements RolloutSession {
    /** Weights that a thread reads in less time than all threads lose by sharing the operations of a step. */
    private static final long SMALL_WEIGHTS = 24L << 20;

    private static final int ROWS_OF_A_LANE = 16;
    private static final int ROWS_OF_A_SMALL_LANE = 4;

    private final DecoderGraph decoder;
    private final WeightStore weights;
    private final EngineSettings settings;
    private final boolean sharePrompts;
    private final Lanes lanes;
    private final @Nullable Int8Linears int8;
    private final Graph graph;
    private final int packers;
    private final boolean fused;
    private final CurrentGraph current;
    /** Of the weights that are packed. */
    private long version;

    /**
     * Opens the decoder.
     *
     * @param sharePrompts whether a prompt is fed once for all its completions; the alternative is there to be compared with
     */
    OnnxRuntimeRolloutSession(
            DecoderGraph decoder, WeightStore weights, int slots, EngineSettings settings, boolean sharePrompts) {
        this.decoder = decoder;
        this.weights = weights;
        this.sharePrompts = sharePrompts;
        boolean onCpu = settings.device().isCpu();
        this.int8 = settings.rolloutWeights() == WeightPrecision.INT8 ? Int8Linears.of(decoder.graph()) : null;
        this.graph = int8 == null ? decoder.graph() : int8.graph();
        int threads = onCpu ? lanes(slots, settings.threads(), weightBytes(graph)) : 1;
        this.settings = settings.withThreads(settings.threads() / threads);
        this.packers = settings.threads();
        // A GPU copies weights from wherever they are and packs none.
        this.fused = onCpu && isFused(graph);
        this.lanes = new Lanes(decoder, slots, threads);
        try {
            this.current = new CurrentGraph(graph.name(), pack());
        } catch (RuntimeException | Error failure) {
            lanes.close();
            throw failure;
        }
    }

    /**
     * How many threads decode rows of their own; with fewer rows all threads share each operation instead. A thread with rows of its own hands nothing
     * over within a step, but reads all the weights, which takes many rows to be worth while unless the weights are small. A rule rather than a
     * measurement: the last bits of log-probabilities depend on it.
     */
    private static int lanes(int slots, int threads, long weightBytes) {
        int rows = weightBytes <= SMALL_WEIGHTS ? ROWS_OF_A_SMALL_LANE : ROWS_OF_A_LANE;
        return slots >= threads * rows ? threads : 1;
    }

    private static long weightBytes(Graph graph) {
        return graph.parameters().values().stream()
                .mapToLong(type -> Tensor.byteSize(type.element(), type.fixedShape()))
                .sum();
    }

    /** Whether the library's optimizers have nothing to do: attention is one node, and no node computes on weights alone. */
    private static boolean isFused(Graph graph) {
        return graph.nodes().stream().anyMatch(node -> node.operator().equals("GroupQueryAttention"))
                && graph.nodes().stream()
                        .noneMatch(node -> !node.inputs().isEmpty()
                                && node.inputs().stream()
                                        .allMatch(input -> graph.parameters().containsKey(input)
                                                || graph.constants().containsKey(input)));
    }

    private BoundGraph pack() {
        try (WeightStore.Lease lease = weights.reading()) {
            version = weights.version();
            WeightStore read = int8 == null ? weights : int8.quantize(weights, packers);
            return fused
                    ? BoundGraph.packing(graph, read, settings)
                    : BoundGraph.open(graph, read, WeightBinding.PREPACKED, settings);
        }
    }

    @Override
    public List<List<Completion>> generate(List<RolloutRequest> requests, Sampling sampling, IntConsumer progress) {
        BoundGraph open = current.get();
        for (int i = 0; i < requests.size(); i++) {
            check(i, requests.get(i).prompt());
        }
        try (WeightStore.Lease lease = weights.reading()) {
            if (weights.version() != version) {
                throw SaveException.internal(
                        "the weights have changed since they were packed for sampling; call refresh() after an update");
            }
            lanes.prepare(open, sampling);
            return new Scheduler(lanes, decoder, requests, sampling, sharePrompts, progress).run();
        } catch (RuntimeException | Error failure) {
            // What is not a number would spread from there to whoever gets the row next.
            lanes.memory().clear();
            throw failure;
        } catch (OrtException failure) {
            throw Failures.decoding(decoder.graph(), failure);
        }
    }

    private void check(int request, int[] prompt) {
        if (prompt.length >= decoder.maxLength()) {
            throw SaveException.user("prompt " + request + " has " + prompt.length + " tokens, but the context holds "
                    + decoder.maxLength()
                    + " and at least one is for the completion; shorten or drop the prompt, or use a longer context");
        }
        for (int token : prompt) {
            if (token < 0 || token >= decoder.vocabulary()) {
                throw SaveException.user("prompt " + request + " holds the token " + token
                        + ", which lies outside the vocabulary of " + decoder.vocabulary()
                        + " tokens; does the tokenizer belong to this model?");
            }
        }
    }

    @Override
    public void refresh() {
        current.replace(this::pack);
    }

    @Override
    public void close() {
        lanes.close();
        current.close();
    }
}
