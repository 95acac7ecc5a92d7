package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LlamaTest {
    private static final long[] LONG = {1, 5, 9, 30, 2, 7, 7};
    private static final long[] SHORT = {3, 4, 31};

    static Stream<Named<LlamaConfig>> configurations() {
        return Stream.of(
                Named.of("every head its own keys", config("llama", 4, 16, true, false, false)),
                Named.of("shared keys of small heads", config("llama", 2, 8, true, false, false)),
                Named.of("all biases, own head", config("llama", 2, 16, false, true, true)),
                Named.of("qwen2", config("qwen2", 2, 16, true, true, false)),
                Named.of("qwen3 with wide heads", config("qwen3", 1, 32, false, false, false)));
    }

    private static LlamaConfig config(
            String family, int keyValueHeads, int headSize, boolean tied, boolean bias, boolean mlpBias) {
        boolean outputBias = bias && !family.equals("qwen2");
        boolean norms = family.equals("qwen3");
        return new LlamaConfig(
                family,
                32,
                20,
                24,
                2,
                4,
                keyValueHeads,
                headSize,
                16,
                1e-5,
                500,
                tied,
                bias,
                outputBias,
                mlpBias,
                norms,
                0.02);
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void theTrainingFormEqualsTheDefinition(LlamaConfig config) {
        Llama model = new Llama(config);
        WeightStore weights = Numbers.noisy(model.parameters(), 0.4);
        LlamaReference reference = new LlamaReference(config, weights);
        Tensor hidden = OnnxRuntime.run(hiddenGraph(model), weights, Numbers.batch(9, LONG, SHORT))
                .get("hidden");
        assertThat(hidden.shape()).containsExactly(2, 9, 20);
        assertRows(hidden, 0, reference.hidden(LONG));
        assertRows(hidden, 1, reference.hidden(SHORT));
    }

    private static void assertRows(Tensor hidden, int row, double[][] expected) {
        float[] all = hidden.toFloats();
        for (int t = 0; t < expected.length; t++) {
            int from = (row * 9 + t) * 20;
            assertThat(Numbers.distance(Arrays.copyOfRange(all, from, from + 20), expected[t]))
                    .as("row %d position %d", row, t)
                    .isLessThan(2e-5);
        }
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void theDecoderEqualsTheDefinitionInRaggedBatches(LlamaConfig config) {
        Llama model = new Llama(config);
        WeightStore weights = Numbers.noisy(model.parameters(), 0.4);
        LlamaReference reference = new LlamaReference(config, weights);
        try (DecoderDriver decoder = new DecoderDriver(model.decoder(12), weights)) {
            assertLogits(decoder.prefill(LONG, SHORT), reference, LONG, SHORT);
            assertLogits(decoder.step(8, 10), reference, append(LONG, 8), append(SHORT, 10));
            assertLogits(decoder.step(1, 0), reference, append(LONG, 8, 1), append(SHORT, 10, 0));
        }
    }

    private static void assertLogits(float[][] logits, LlamaReference reference, long[]... rows) {
        for (int row = 0; row < rows.length; row++) {
            double[][] hidden = reference.hidden(rows[row]);
            assertThat(Numbers.distance(logits[row], reference.logits(hidden[hidden.length - 1])))
                    .as("row %d after %d tokens", row, rows[row].length)
                    .isLessThan(5e-5);
        }
    }

    private static long[] append(long[] ids, long... more) {
        long[] all = Arrays.copyOf(ids, ids.length + more.length);
        System.arraycopy(more, 0, all, ids.length, more.length);
        return all;
    }

    private static Graph hiddenGraph(Backbone model) {
        GraphBuilder graph = new GraphBuilder("hidden");
        graph.output(
                "hidden",
                model.hidden(
                        graph,
                        graph.input("input_ids", ElementType.INT64, "batch", "sequence"),
                        graph.input("attention_mask", ElementType.INT64, "batch", "sequence")));
        return graph.build();
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void logProbabilitiesAndEntropiesEqualTheDefinition(LlamaConfig config) {
        Llama model = new Llama(config);
        WeightStore weights = Numbers.noisy(model.parameters(), 0.4);
        LlamaReference reference = new LlamaReference(config, weights);
        PolicyModel policy = new PolicyModel(model, weights);
        Map<String, Tensor> outputs =
                OnnxRuntime.run(policy.logProbGraph(0.7, true), weights, Numbers.batch(8, SHORT, LONG));
        double[][] hidden = reference.hidden(LONG);
        for (int t = 0; t + 1 < LONG.length; t++) {
            double[] scaled = Arrays.stream(reference.logits(hidden[t]))
                    .map(logit -> logit / 0.7)
                    .toArray();
            double peak = Arrays.stream(scaled).max().orElseThrow();
            double normaliser = peak
                    + Math.log(Arrays.stream(scaled)
                            .map(logit -> Math.exp(logit - peak))
                            .sum());
            double entropy = Arrays.stream(scaled)
                    .map(logit -> (normaliser - logit) * Math.exp(logit - normaliser))
                    .sum();
            assertThat(outputs.get("log_prob").toFloats()[7 + t])
                    .isCloseTo(
                            (float) (scaled[(int) LONG[t + 1]] - normaliser),
                            org.assertj.core.data.Offset.offset(5e-5f));
            assertThat(outputs.get("entropy").toFloats()[7 + t])
                    .isCloseTo((float) entropy, org.assertj.core.data.Offset.offset(5e-5f));
        }
    }
}
