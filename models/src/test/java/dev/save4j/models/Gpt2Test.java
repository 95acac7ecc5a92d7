package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.WeightStore;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class Gpt2Test {
    private static final String FILE = "models/gpt-nano-sort/gpt-nano-sort-model.json";
    private static final double[] GOLDEN = {8.385378934323668, -3.9476577984436663, -2.9528431529620947};

    private static Graph logitsGraph(CausalBackbone model) {
        GraphBuilder graph = new GraphBuilder("logits");
        graph.output(
                "logits",
                model.logits(
                        graph,
                        model.hidden(
                                graph,
                                graph.input("input_ids", ElementType.INT64, "batch", "sequence"),
                                graph.input("attention_mask", ElementType.INT64, "batch", "sequence"))));
        return graph.build();
    }

    @ParameterizedTest
    @EnumSource(Gpt2Config.LinearOrder.class)
    void theTrainingFormGivesTheGoldenLogits(Gpt2Config.LinearOrder order) {
        JsonNode file = SharedData.json(FILE);
        Gpt2 model = new Gpt2(GptNanoSort.config(file, order));
        WeightStore weights = GptNanoSort.weights(file, model);
        assertThat(weights.parameterCount()).isEqualTo(85_728);
        float[] logits = OnnxRuntime.run(
                        logitsGraph(model), weights, Numbers.batch(9, new long[] {1, 2}, new long[] {0, 0, 2, 1, 0, 1}))
                .get("logits")
                .toFloats();
        int last = (9 + 5) * 3;
        assertThat(Numbers.distance(Arrays.copyOfRange(logits, last, last + 3), GOLDEN))
                .isLessThan(2e-5);
    }

    @ParameterizedTest
    @EnumSource(Gpt2Config.LinearOrder.class)
    void theDecoderSortsEveryInput(Gpt2Config.LinearOrder order) {
        JsonNode file = SharedData.json(FILE);
        Gpt2 model = new Gpt2(GptNanoSort.config(file, order));
        long[][] inputs = new long[729][6];
        for (int row = 0; row < inputs.length; row++) {
            for (int digit = 0, rest = row; digit < 6; digit++, rest /= 3) {
                inputs[row][digit] = rest % 3;
            }
        }
        long[][] sorted = new long[729][6];
        try (DecoderDriver decoder = new DecoderDriver(model.decoder(11), GptNanoSort.weights(file, model))) {
            float[][] logits = decoder.prefill(inputs);
            for (int digit = 0; digit < 6; digit++) {
                long[] next = new long[729];
                for (int row = 0; row < next.length; row++) {
                    next[row] = argmax(logits[row]);
                    sorted[row][digit] = next[row];
                }
                logits = digit < 5 ? decoder.step(next) : logits;
            }
        }
        for (int row = 0; row < inputs.length; row++) {
            long[] expected = inputs[row].clone();
            Arrays.sort(expected);
            assertThat(sorted[row]).as(Arrays.toString(inputs[row])).containsExactly(expected);
        }
    }

    private static int argmax(float[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            best = values[i] > values[best] ? i : best;
        }
        return best;
    }

    @Test
    void theDecoderEqualsTheTrainingFormInRaggedBatches() {
        Gpt2 model = new Gpt2(new Gpt2Config(
                19, 16, 24, 2, 2, 12, 1e-5, Gpt2Config.Activation.GELU, true, Gpt2Config.LinearOrder.IN_OUT, 0.02));
        WeightStore weights = Numbers.noisy(model.parameters(), 0.4);
        try (DecoderDriver decoder = new DecoderDriver(model.decoder(10), weights)) {
            float[][] logits = decoder.prefill(new long[] {4, 8, 15, 16}, new long[] {18});
            assertEqual(model, weights, logits, new long[] {4, 8, 15, 16}, new long[] {18});
            logits = decoder.step(3, 5);
            assertEqual(model, weights, logits, new long[] {4, 8, 15, 16, 3}, new long[] {18, 5});
            logits = decoder.step(7, 0);
            assertEqual(model, weights, logits, new long[] {4, 8, 15, 16, 3, 7}, new long[] {18, 5, 0});
        }
    }

    private static void assertEqual(Gpt2 model, WeightStore weights, float[][] actual, long[]... rows) {
        for (int row = 0; row < rows.length; row++) {
            float[] all = OnnxRuntime.run(
                            logitsGraph(model), weights, Numbers.batch(rows[row].length, new long[][] {rows[row]}))
                    .get("logits")
                    .toFloats();
            float[] last = Arrays.copyOfRange(all, all.length - 19, all.length);
            assertThat(Numbers.distance(actual[row], Numbers.doubles(last))).isLessThan(2e-5);
        }
    }

    @Test
    void aConfigurationSurvivesWritingAndReading() {
        Gpt2Config minGpt = new Gpt2Config(
                3, 48, 192, 3, 3, 11, 1e-5, Gpt2Config.Activation.GELU, false, Gpt2Config.LinearOrder.OUT_IN, 0.02);
        assertThat(Gpt2Config.parse(minGpt.toJson())).isEqualTo(minGpt);
        Gpt2Config small = Gpt2Config.small(50, 32, 2, 4, 64);
        assertThat(Gpt2Config.parse(small.toJson())).isEqualTo(small);
        assertThat(small.toJson().has("save4j_linear_order")).isFalse();
        assertThat(Backbones.fromConfig(small.toJson()).parameters()).isEqualTo(new Gpt2(small).parameters());
    }

    @Test
    void refusesUnsupportedSettingsByName() {
        ObjectNode json = Gpt2Config.small(50, 32, 2, 4, 64).toJson();
        json.put("activation_function", "relu").put("scale_attn_by_inverse_layer_idx", true);
        json.put("scale_attn_weights", false).put("add_cross_attention", true);
        assertThatThrownBy(() -> Gpt2Config.parse(json))
                .hasMessageContaining("'activation_function' is \"relu\", supported: gelu_new, gelu_pytorch_tanh, gelu")
                .hasMessageContaining("'scale_attn_by_inverse_layer_idx' is true, supported: false")
                .hasMessageContaining("'scale_attn_weights' is false, supported: true")
                .hasMessageContaining("'add_cross_attention' is true, supported: false");
    }

    @Test
    void refusesAHeadSizeThatCannotBeSampledFrom() {
        Gpt2 model = new Gpt2(Gpt2Config.small(50, 20, 1, 5, 16));
        assertThatThrownBy(() -> model.decoder(16))
                .hasMessageContaining("a head size that is a multiple of 8, but this model has 4");
        assertThatThrownBy(() -> model.decoder(17))
                .hasMessageContaining("17 positions")
                .hasMessageContaining("n_positions");
    }

    @Test
    void newWeightsFollowTheirKind() {
        Gpt2 model = new Gpt2(Gpt2Config.small(50, 32, 2, 4, 64));
        assertThat(model.initial("transformer.h.0.ln_1.weight")).isEqualTo(Initial.ONE);
        assertThat(model.initial("transformer.ln_f.bias")).isEqualTo(Initial.ZERO);
        assertThat(model.initial("transformer.h.0.attn.c_proj.weight").deviation())
                .isEqualTo(0.01);
        assertThat(model.initial("transformer.wte.weight").deviation()).isEqualTo(0.02);
    }
}
