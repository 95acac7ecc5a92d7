package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphNormalizer;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.OnnxModel;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A real encoder as PyTorch exported it, with weights that nobody prepared for being trained. */
class MiniLmTest {
    /** "A man is eating food." */
    private static final long[] IDS = {101, 1037, 2158, 2003, 5983, 2833, 1012, 102};

    /** The first numbers of its embedding as ONNX Runtime 1.20.0 computed it. */
    private static final float[] EMBEDDING = {0.03324153f, 0.004406119f, -0.0062769917f, 0.048378702f, -0.1387022f};

    private static Graph graph;
    private static Map<String, Tensor> weights;

    @BeforeAll
    static void read() throws IOException {
        try (InputStream file =
                Objects.requireNonNull(MiniLmTest.class.getResourceAsStream("/all-minilm-l6-v2.onnx"))) {
            OnnxModel model = OnnxCodec.decode(ByteBuffer.wrap(file.readAllBytes()), "all-minilm-l6-v2.onnx");
            graph = GraphNormalizer.normalize(model);
            weights = model.weights();
        }
    }

    private static Map<String, Tensor> inputs() {
        long[] ones = new long[IDS.length];
        Arrays.fill(ones, 1);
        return Map.of(
                "input_ids", Tensor.of(IDS, 1, IDS.length),
                "attention_mask", Tensor.of(ones, 1, IDS.length),
                "token_type_ids", Tensor.of(new long[IDS.length], 1, IDS.length));
    }

    private static float[] hidden(InferenceSession session) {
        return session.run(inputs()).values().iterator().next().toFloats();
    }

    @ParameterizedTest
    @EnumSource(WeightBinding.class)
    void embedsWithEveryBinding(WeightBinding binding) {
        try (InferenceSession session = new OnnxRuntimeEngine()
                .open(graph, new WeightStore(weights), binding, EngineSettings.singleThreaded())) {
            float[] hidden = hidden(session);
            int width = hidden.length / IDS.length;
            double[] mean = new double[width];
            for (int i = 0; i < hidden.length; i++) {
                mean[i % width] += hidden[i] / (double) IDS.length;
            }
            double norm = Math.sqrt(Arrays.stream(mean).map(x -> x * x).sum());
            for (int i = 0; i < EMBEDDING.length; i++) {
                assertThat(mean[i] / norm).isCloseTo(EMBEDDING[i], within(1e-6));
            }
        }
    }

    @Test
    void everyOneOfItsWeightsIsLive() {
        WeightStore store = new WeightStore(weights).snapshot();
        try (InferenceSession live = new OnnxRuntimeEngine()
                        .open(graph, store, WeightBinding.LIVE, EngineSettings.singleThreaded());
                InferenceSession fed = new OnnxRuntimeEngine()
                        .open(graph, store, WeightBinding.INPUT, EngineSettings.singleThreaded())) {
            int moved = 0;
            for (String name : graph.parameters().keySet()) {
                float[] before = hidden(live);
                try (WeightStore.Lease lease = store.writing()) {
                    FloatBuffer values = store.get(name).floats();
                    for (int i = 0; i < values.capacity(); i++) {
                        values.put(i, values.get(i) * 0.9f + (i % 2 == 0 ? 0.03f : -0.03f));
                    }
                }
                float[] after = hidden(live);
                assertThat(after).as(name).containsExactly(hidden(fed), within(1e-5f));
                moved += Arrays.equals(before, after) ? 0 : 1;
            }
            // The biases of six keys move nothing but the last bits.
            assertThat(graph.parameters()).hasSizeGreaterThan(100);
            assertThat(moved).isGreaterThanOrEqualTo(graph.parameters().size() - 6);
        }
    }
}
