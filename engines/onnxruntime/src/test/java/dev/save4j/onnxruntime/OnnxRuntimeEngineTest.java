package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OnnxRuntimeEngineTest {
    private static final Map<String, Tensor> IDS =
            Map.of("input_ids", Tensor.of(new long[] {3, 1, 4, 1, 5, 9, 2, 6, 5, 3}, 2, 5));

    private final OnnxRuntimeEngine engine = new OnnxRuntimeEngine();
    private final TinyLlama llama = TinyLlama.SMALL;

    @TempDir
    Path scratch;

    private EngineSettings settings() {
        return new EngineSettings(1, scratch);
    }

    private InferenceSession open(Graph graph, WeightStore weights, WeightBinding binding) {
        return engine.open(graph, weights, binding, settings());
    }

    @Test
    void isFoundByName() {
        assertThat(Engines.inference().named("onnxruntime")).isInstanceOf(OnnxRuntimeEngine.class);
        assertThat(engine.capabilities().version()).isEqualTo("1.29.0");
        assertThat(engine.capabilities().devices()).containsExactly("cpu");
    }

    @Test
    void everyBindingComputesTheSame() {
        WeightStore weights = llama.weights(1);
        List<float[]> results = new ArrayList<>();
        for (WeightBinding binding : WeightBinding.values()) {
            try (InferenceSession session = open(llama.scorer(), weights, binding)) {
                Tensor logProbs = session.run(IDS).get("log_probs");
                assertThat(logProbs.shape()).containsExactly(2, 5, 61);
                results.add(logProbs.toFloats());
            }
        }
        assertThat(results.get(1)).containsExactly(results.get(0), within(2e-5f));
        assertThat(results.get(2)).containsExactly(results.get(1), within(1e-6f));
    }

    @ParameterizedTest
    @EnumSource(
            value = WeightBinding.class,
            names = {"LIVE", "INPUT"})
    void seesEveryChangeOfAWeightAtOnce(WeightBinding binding) {
        WeightStore weights = llama.weights(1);
        try (InferenceSession session = open(llama.scorer(), weights, binding)) {
            for (String name : weights.names()) {
                session.run(IDS);
                scale(weights, name, 1.3f);
                float[] seen = session.run(IDS).get("log_probs").toFloats();
                assertThat(seen).as(name).containsExactly(freshly(llama.scorer(), weights), within(1e-5f));
            }
        }
    }

    @Test
    void prepackedWeightsChangeWithRefreshOnly() {
        WeightStore weights = llama.weights(1);
        try (InferenceSession session = open(llama.scorer(), weights, WeightBinding.PREPACKED)) {
            float[] before = session.run(IDS).get("log_probs").toFloats();
            weights.names().forEach(name -> scale(weights, name, 1.1f));
            assertThat(session.run(IDS).get("log_probs").toFloats()).isEqualTo(before);
            session.refresh();
            assertThat(session.run(IDS).get("log_probs").toFloats())
                    .containsExactly(freshly(llama.scorer(), weights), within(2e-5f))
                    .isNotEqualTo(before);
        }
    }

    @ParameterizedTest
    @EnumSource(WeightBinding.class)
    void optimizersFoldNoWeightAway(WeightBinding binding) {
        GraphBuilder g = new GraphBuilder("traps");
        Value x = g.input("x", ElementType.FLOAT, "batch", 3);
        // Each is something that the library rewrites when it takes the weight for a constant.
        Value transposed = x.matmul(g.parameter("transposed", 2, 3).transpose(1, 0));
        Value zeroBias = transposed.add(g.parameter("zero_bias", 1));
        Value ones = zeroBias.mul(g.parameter("one", 1));
        Value scalars = ones.mul(g.parameter("scalar")).add(g.parameter("other_scalar"));
        g.output("y", scalars.sub(g.parameter("folded", 2).add(g.parameter("into", 2))));
        Graph graph = g.build();
        WeightStore weights = new WeightStore(Map.of(
                "transposed", Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3),
                "zero_bias", Tensor.of(new float[] {0}, 1),
                "one", Tensor.of(new float[] {1}, 1),
                "scalar", Tensor.scalar(1f),
                "other_scalar", Tensor.scalar(0f),
                "folded", Tensor.of(new float[] {0, 0}, 2),
                "into", Tensor.of(new float[] {0, 0}, 2)));
        Map<String, Tensor> input = Map.of("x", Tensor.of(new float[] {1, 1, 1}, 1, 3));
        try (InferenceSession session = open(graph, weights, binding)) {
            assertThat(session.run(input).get("y").toFloats()).containsExactly(6, 15);
            set(weights, "transposed", 1, 1, 1, 2, 2, 2);
            set(weights, "zero_bias", 1);
            set(weights, "one", 10);
            set(weights, "scalar", 2);
            set(weights, "other_scalar", 5);
            set(weights, "folded", 1, 2);
            set(weights, "into", 100, 200);
            session.refresh();
            assertThat(session.run(input).get("y").toFloats()).containsExactly(85 - 101, 145 - 202);
        }
    }

    @Test
    void theCheckOfLiveWeightsNamesTheStaleOnes() {
        Graph graph = llama.scorer();
        WeightStore weights = llama.weights(1);
        WeightStore copy = LiveCheck.copy(graph, weights);
        String hash = weights.contentHash();
        // A session with packed weights sees no changes, which is what the check is there to find.
        try (LiveCheck check = new LiveCheck(
                graph,
                weights,
                copy,
                BoundGraph.open(graph, copy, WeightBinding.PREPACKED, settings()),
                BoundGraph.open(graph, copy, WeightBinding.INPUT, settings()))) {
            assertThatThrownBy(check::passesOnSyntheticInputs)
                    .isInstanceOfSatisfying(
                            SaveException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(SaveException.Kind.ENGINE))
                    .hasMessageContaining("graph 'tiny-llama-scorer' cannot have LIVE weights")
                    .hasMessageContaining("does not see changes of [embed, layers.0.norm1, layers.0.q")
                    .hasMessageContaining("Bind its weights as INPUT");
        }
        assertThat(weights.contentHash()).isEqualTo(hash);
        assertThat(weights.version()).isZero();
    }

    @Test
    void aWeightWithoutInfluenceIsNotStale() {
        GraphBuilder g = new GraphBuilder("key-bias");
        Value x = g.input("x", ElementType.FLOAT, "batch", "sequence");
        g.output(
                "y", x.mul(g.parameter("scale", 1)).add(g.parameter("shift", 1)).softmax(-1));
        WeightStore weights =
                new WeightStore(Map.of("scale", Tensor.of(new float[] {2}, 1), "shift", Tensor.of(new float[] {1}, 1)));
        try (InferenceSession session = open(g.build(), weights, WeightBinding.LIVE)) {
            assertThat(session.run(Map.of("x", Tensor.of(new float[] {0, 0}, 1, 2)))
                            .get("y")
                            .toFloats())
                    .containsExactly(0.5f, 0.5f);
        }
    }

    @Test
    void liveWeightsOfAGraphThatMadeUpInputsDoNotSuitAreCheckedOnTheFirstRun() {
        GraphBuilder g = new GraphBuilder("wide-index");
        Value at = g.input("at", ElementType.INT64, 1);
        Value rows = g.input("rows", ElementType.FLOAT, "n", 3);
        // Made-up rows are not seven, so the sum of a row and the weight fails.
        Value sum = rows.add(g.parameter("w", 7, 3));
        g.output("y", sum.gather(at, 0));
        WeightStore weights = new WeightStore(Map.of("w", Tensor.of(new float[21], 7, 3)));
        Map<String, Tensor> inputs = Map.of("at", Tensor.vector(6), "rows", Tensor.of(new float[21], 7, 3));
        try (InferenceSession session = open(g.build(), weights, WeightBinding.LIVE)) {
            assertThat(session.run(inputs).get("y").toFloats()).containsExactly(0, 0, 0);
            scale(weights, "w", 1);
            weights.get("w").floats().put(18, 4f);
            assertThat(session.run(inputs).get("y").toFloats()).containsExactly(4, 0, 0);
        }
    }

    @ParameterizedTest
    @EnumSource(WeightBinding.class)
    void leavesNothingInTheScratchFolder(WeightBinding binding) throws Exception {
        try (InferenceSession session = open(llama.scorer(), llama.weights(1), binding)) {
            session.run(IDS);
            try (Stream<Path> left = Files.list(scratch)) {
                assertThat(left).isEmpty();
            }
        }
    }

    @Test
    void aScratchFolderThatDoesNotExistIsReported() {
        EngineSettings nowhere = new EngineSettings(1, scratch.resolve("missing"));
        assertThatThrownBy(() -> engine.open(llama.scorer(), llama.weights(1), WeightBinding.LIVE, nowhere))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("cannot make a temporary file in the scratch folder")
                .hasMessageContaining("missing");
    }

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void tensorsOfEveryTypePassThrough(ElementType element) {
        GraphBuilder g = new GraphBuilder("copy");
        Value x = g.input("x", element, "n");
        g.output("copy", x.identity());
        g.output("part", x.slice(0, 1, 3));
        Graph graph = g.build();
        WeightStore none = new WeightStore(Map.of());
        if (!Natives.holds(element)) {
            assertThatThrownBy(() -> open(graph, none, WeightBinding.INPUT))
                    .isInstanceOf(SaveException.class)
                    .hasMessageContaining("input 'x' is of type " + element);
            return;
        }
        Tensor tensor = Tensor.allocate(element, 4);
        ByteBuffer bytes = tensor.bytes();
        for (int i = 0; i < bytes.capacity(); i++) {
            bytes.put(i, (byte) (element == ElementType.BOOL ? i % 2 : i + 1));
        }
        try (InferenceSession session = open(graph, none, WeightBinding.INPUT)) {
            Map<String, Tensor> outputs = session.run(Map.of("x", tensor));
            assertThat(outputs.get("copy").contentEquals(tensor)).isTrue();
            int width = element.bytes();
            assertThat(outputs.get("part").bytes()).isEqualTo(tensor.bytes().slice(width, 2 * width));
            assertThat(session.run(Map.of("x", Tensor.allocate(element, 0)))
                            .get("copy")
                            .size())
                    .isZero();
        }
    }

    @Test
    void outputsOfUnknownSizeComeWithTheirShape() {
        GraphBuilder g = new GraphBuilder("positions");
        Value x = g.input("x", ElementType.FLOAT, "n");
        g.output(
                "positions",
                g.node("", "NonZero", List.of(x), Map.of(), List.of(TensorType.of(ElementType.INT64, 1, "found")))
                        .get(0));
        g.output("count", x.size(0));
        try (InferenceSession session = open(g.build(), new WeightStore(Map.of()), WeightBinding.INPUT)) {
            Map<String, Tensor> outputs = session.run(Map.of("x", Tensor.of(new float[] {0, 2, 0, 3}, 4)));
            assertThat(outputs.get("positions").shape()).containsExactly(1, 2);
            assertThat(outputs.get("positions").toLongs()).containsExactly(1, 3);
            assertThat(outputs.get("count").toLongs()).containsExactly(4);
        }
    }

    @Test
    void outputsWhoseDeclaredSizesAreWrongAreComputedAllTheSame() {
        GraphBuilder g = new GraphBuilder("careless");
        Value x = g.input("x", ElementType.FLOAT, "n");
        Value doubled = g.node(
                        "",
                        "Concat",
                        List.of(x, x),
                        Map.of("axis", Attribute.of(0)),
                        List.of(TensorType.of(ElementType.FLOAT, "n")))
                .get(0);
        g.output("y", doubled);
        try (InferenceSession session = open(g.build(), new WeightStore(Map.of()), WeightBinding.INPUT)) {
            for (int run = 0; run < 2; run++) {
                assertThat(session.run(Map.of("x", Tensor.of(new float[] {1, 2}, 2)))
                                .get("y")
                                .toFloats())
                        .containsExactly(1, 2, 1, 2);
            }
        }
    }

    @Test
    void stopGradientIsTheIdentity() {
        GraphBuilder g = new GraphBuilder("stopped");
        g.output("y", g.input("x", ElementType.FLOAT, "n").stopGradient().mul(2));
        try (InferenceSession session = open(g.build(), new WeightStore(Map.of()), WeightBinding.INPUT)) {
            assertThat(session.run(Map.of("x", Tensor.of(new float[] {1, 2}, 2)))
                            .get("y")
                            .toFloats())
                    .containsExactly(2, 4);
        }
    }

    @Test
    void aParameterThatNothingReadsDoesNoHarm() {
        GraphBuilder g = new GraphBuilder("unused");
        g.parameter("unused", 2);
        g.output("y", g.input("x", ElementType.FLOAT, "n").mul(g.parameter("w", 1)));
        WeightStore weights =
                new WeightStore(Map.of("unused", Tensor.of(new float[2], 2), "w", Tensor.of(new float[] {3}, 1)));
        for (WeightBinding binding : WeightBinding.values()) {
            try (InferenceSession session = open(g.build(), weights, binding)) {
                assertThat(session.run(Map.of("x", Tensor.of(new float[] {2}, 1)))
                                .get("y")
                                .item())
                        .isEqualTo(6);
            }
        }
    }

    @Test
    void runsFromSeveralThreadsAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try (InferenceSession session = open(llama.scorer(), llama.weights(1), WeightBinding.PREPACKED)) {
            float[] expected = session.run(IDS).get("log_probs").toFloats();
            List<Future<float[]>> results = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                results.add(
                        threads.submit(() -> session.run(IDS).get("log_probs").toFloats()));
                if (i % 20 == 10) {
                    session.refresh();
                }
            }
            for (Future<float[]> result : results) {
                assertThat(result.get()).isEqualTo(expected);
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void closesTwiceAndRefusesToRunAfterwards() {
        InferenceSession session = open(llama.scorer(), llama.weights(1), WeightBinding.PREPACKED);
        session.close();
        session.close();
        assertThatThrownBy(() -> session.run(IDS))
                .hasMessageContaining("the session of graph 'tiny-llama-scorer' is closed");
        assertThatThrownBy(session::refresh).hasMessageContaining("is closed");
    }

    private static void scale(WeightStore weights, String name, float factor) {
        try (WeightStore.Lease lease = weights.writing()) {
            FloatBuffer values = weights.get(name).floats();
            for (int i = 0; i < values.capacity(); i++) {
                values.put(i, values.get(i) * factor);
            }
        }
    }

    private static void set(WeightStore weights, String name, float... values) {
        try (WeightStore.Lease lease = weights.writing()) {
            weights.get(name).floats().put(values);
        }
    }

    private float[] freshly(Graph graph, WeightStore weights) {
        try (InferenceSession session = open(graph, weights.snapshot(), WeightBinding.PREPACKED)) {
            return session.run(IDS).get("log_probs").toFloats();
        }
    }
}
