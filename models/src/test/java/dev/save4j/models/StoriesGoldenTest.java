package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.SafeTensors;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** A real checkpoint against numbers that an independent float64 implementation and llama2.c computed. */
class StoriesGoldenTest {
    private static final double TOLERANCE = 5e-5;

    private static CausalBackbone model;
    private static WeightStore weights;
    private static JsonNode golden;

    @BeforeAll
    static void load() {
        model = Backbones.fromConfig(SharedData.json("models/stories260k/hf/config.json"));
        weights = SafeTensors.read(SharedData.path("models/stories260k/hf"));
        golden = SharedData.json("golden/stories260k/golden.json");
    }

    @Test
    void theCheckpointHoldsTheParametersOfTheConfiguration() {
        assertThat(weights.names())
                .containsExactlyInAnyOrderElementsOf(model.parameters().keySet());
        assertThat(weights.parameterCount()).isEqualTo(260_032);
    }

    @Test
    void lastLogitsAndTheirNormaliserEqualTheGoldens() {
        GraphBuilder graph = new GraphBuilder("logits");
        graph.output(
                "logits",
                model.logits(
                        graph,
                        model.hidden(
                                graph,
                                graph.input("input_ids", ElementType.INT64, "batch", "sequence"),
                                graph.input("attention_mask", ElementType.INT64, "batch", "sequence"))));
        Graph logitsGraph = graph.build();
        for (JsonNode test : golden.path("cases")) {
            long[] ids = SharedData.longs(test.path("ids"));
            float[] all = OnnxRuntime.run(logitsGraph, weights, Numbers.batch(ids.length + 3, ids))
                    .get("logits")
                    .toFloats();
            for (int t = 0; t < ids.length; t++) {
                float[] row = Arrays.copyOfRange(all, t * 512, (t + 1) * 512);
                assertThat(logSumExp(row))
                        .isCloseTo(test.path("logsumexp").get(t).doubleValue(), within(TOLERANCE));
                assertThat(argmax(row))
                        .isEqualTo(test.path("argmax_next").get(t).intValue());
                if (t == ids.length - 1) {
                    assertThat(Numbers.distance(row, SharedData.doubles(test.path("last_logits"))))
                            .isLessThan(TOLERANCE);
                }
            }
        }
    }

    @Test
    void tokenLogProbabilitiesAndEntropiesEqualTheGoldensInOnePaddedBatch() {
        List<JsonNode> cases = golden.path("cases").valueStream().toList();
        long[][] rows =
                cases.stream().map(test -> SharedData.longs(test.path("ids"))).toArray(long[][]::new);
        int width = 25;
        Map<String, Tensor> outputs = OnnxRuntime.run(
                new PolicyModel(model, weights).logProbGraph(1, true), weights, Numbers.batch(width, rows));
        float[] logProbs = outputs.get("log_prob").toFloats();
        float[] entropies = outputs.get("entropy").toFloats();
        for (int row = 0; row < rows.length; row++) {
            for (int t = 0; t < rows[row].length; t++) {
                assertThat((double) entropies[row * (width - 1) + t])
                        .isCloseTo(cases.get(row).path("entropy_nats").get(t).doubleValue(), within(TOLERANCE));
                if (t > 0) {
                    assertThat((double) logProbs[row * (width - 1) + t - 1])
                            .isCloseTo(
                                    cases.get(row).path("token_logprob").get(t).doubleValue(), within(TOLERANCE));
                }
            }
        }
    }

    @Test
    void greedyDecodingTellsTheGoldenStoriesInARaggedBatch() {
        byte[][] pieces = pieces();
        List<JsonNode> texts = golden.path("text_goldens").valueStream().toList();
        long[][] prompts = {{1}, {1, 410, 469, 347}};
        List<List<Long>> tokens = new ArrayList<>();
        for (long[] prompt : prompts) {
            tokens.add(new ArrayList<>(Arrays.stream(prompt).boxed().toList()));
        }
        try (DecoderDriver decoder = new DecoderDriver(model.decoder(256), weights)) {
            float[][] logits = decoder.prefill(prompts);
            for (int step = 0; step < 200; step++) {
                long[] next = {argmax(logits[0]), argmax(logits[1])};
                tokens.get(0).add(next[0]);
                tokens.get(1).add(next[1]);
                logits = decoder.step(next);
            }
        }
        for (int row = 0; row < prompts.length; row++) {
            String text = texts.get(row).path("text").stringValue();
            int steps = texts.get(row).path("greedy_steps").intValue();
            assertThat(decode(pieces, tokens.get(row).subList(0, steps + 1))).isEqualTo(text);
        }
    }

    @Test
    void theDecoderGivesTheGoldenLogitsForRaggedPromptsAndForSingleOnes() {
        List<JsonNode> cases = golden.path("cases").valueStream().toList();
        long[][] rows =
                cases.stream().map(test -> SharedData.longs(test.path("ids"))).toArray(long[][]::new);
        try (DecoderDriver decoder = new DecoderDriver(model.decoder(64), weights)) {
            float[][] together = decoder.prefill(rows);
            for (int row = 0; row < rows.length; row++) {
                double[] expected = SharedData.doubles(cases.get(row).path("last_logits"));
                assertThat(Numbers.distance(together[row], expected)).isLessThan(TOLERANCE);
                assertThat(Numbers.distance(decoder.prefill(new long[][] {rows[row]})[0], expected))
                        .isLessThan(TOLERANCE);
            }
        }
    }

    private static double logSumExp(float[] logits) {
        double peak = logits[argmax(logits)];
        double total = 0;
        for (float logit : logits) {
            total += Math.exp(logit - peak);
        }
        return peak + Math.log(total);
    }

    private static int argmax(float[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            best = values[i] > values[best] ? i : best;
        }
        return best;
    }

    /** The pieces of llama2.c's tokenizer file: its longest length, then score, length and bytes of each. */
    private static byte[][] pieces() {
        ByteBuffer file = ByteBuffer.wrap(SharedData.bytes("models/stories260k/tok512.bin"))
                .order(ByteOrder.LITTLE_ENDIAN);
        file.getInt();
        byte[][] pieces = new byte[512][];
        for (int i = 0; i < pieces.length; i++) {
            file.getFloat();
            pieces[i] = new byte[file.getInt()];
            file.get(pieces[i]);
        }
        return pieces;
    }

    private static String decode(byte[][] pieces, List<Long> tokens) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (int i = 1; i < tokens.size(); i++) {
            byte[] piece = pieces[tokens.get(i).intValue()];
            String written = new String(piece, StandardCharsets.UTF_8);
            boolean raw = written.matches("<0x[0-9A-F]{2}>");
            byte[] bytes = raw ? new byte[] {(byte) Integer.parseInt(written.substring(3, 5), 16)} : piece;
            // The space in front of the first word belongs to the tokenizer.
            int from = tokens.get(i - 1) == 1 && bytes.length > 0 && bytes[0] == ' ' ? 1 : 0;
            text.write(bytes, from, bytes.length - from);
        }
        return text.toString(StandardCharsets.UTF_8);
    }
}
