package dev.save4j.bench.speed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.models.Backbones;
import dev.save4j.models.Llama;
import dev.save4j.models.LlamaConfig;
import dev.save4j.models.PolicyModel;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The rival must be the same model, or the comparison means nothing. */
class PlainDecoderTest {
    private static final int VOCABULARY = 40;
    private static final int LAYERS = 2;
    private static final int KV_HEADS = 2;

    private final Llama llama = new Llama(LlamaConfig.small(VOCABULARY, 32, LAYERS, 4, KV_HEADS, 48, 64));
    private final PolicyModel policy = new PolicyModel(llama, Backbones.initialize(llama, 1));
    private final long[] ids = {3, 17, 39, 0, 8, 21};

    @Test
    void givesTheProbabilitiesOfTheModelWithAndWithoutAPast() {
        float[] expected = Objects.requireNonNull(run(
                                policy.logProbGraph(1),
                                Map.of(
                                        "input_ids", Tensor.of(ids, 1, ids.length),
                                        "attention_mask", ones(ids.length)))
                        .get("log_prob"))
                .toFloats();
        Graph plain = PlainDecoder.of(llama, 16);

        Map<String, Tensor> past = new HashMap<>();
        for (int layer = 0; layer < LAYERS; layer++) {
            for (String kind : List.of(".key", ".value")) {
                past.put("past_key_values." + layer + kind, Tensor.allocate(ElementType.FLOAT, 1, KV_HEADS, 0, 8));
            }
        }
        Map<String, Tensor> whole = run(plain, inputs(0, ids.length, past));
        Map<String, Tensor> first = run(plain, inputs(0, 4, past));
        past.replaceAll((name, empty) -> Objects.requireNonNull(first.get(name.replace("past_key_values", "present"))));
        Map<String, Tensor> second = run(plain, inputs(4, ids.length, past));

        for (int i = 0; i < expected.length; i++) {
            assertThat(logProb(whole, i, i)).isCloseTo(expected[i], within(1e-5));
            double inTwo = i < 4 ? logProb(first, i, i) : logProb(second, i - 4, i);
            assertThat(inTwo).isCloseTo(expected[i], within(1e-5));
        }
    }

    private Map<String, Tensor> inputs(int from, int to, Map<String, Tensor> past) {
        Map<String, Tensor> inputs = new HashMap<>(past);
        long[] positions = new long[to - from];
        Arrays.setAll(positions, i -> from + i);
        inputs.put("input_ids", Tensor.of(Arrays.copyOfRange(ids, from, to), 1, to - from));
        inputs.put("attention_mask", ones(to));
        inputs.put("position_ids", Tensor.of(positions, 1, to - from));
        return inputs;
    }

    private static Tensor ones(int length) {
        long[] ones = new long[length];
        Arrays.fill(ones, 1);
        return Tensor.of(ones, 1, length);
    }

    /** Of the token behind the one at {@code position}. */
    private double logProb(Map<String, Tensor> outputs, int row, int position) {
        float[] logits = Objects.requireNonNull(outputs.get("logits")).toFloats();
        double total = 0;
        for (int i = 0; i < VOCABULARY; i++) {
            total += Math.exp(logits[row * VOCABULARY + i]);
        }
        return logits[row * VOCABULARY + (int) ids[position + 1]] - Math.log(total);
    }

    private Map<String, Tensor> run(Graph graph, Map<String, Tensor> inputs) {
        InferenceEngine engine = Engines.inference().named("onnxruntime");
        try (InferenceSession session =
                engine.open(graph, policy.weights(), WeightBinding.PREPACKED, EngineSettings.singleThreaded())) {
            return session.run(inputs);
        }
    }
}
