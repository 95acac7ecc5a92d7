package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.engine.Completion;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.tensor.WeightStore;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MatrixAttentionTest {
    private static final TinyLlama LLAMA = TinyLlama.SMALL;

    @Test
    void samplesWhatTheAttentionByItselfSamples() {
        DecoderGraph variant = MatrixAttention.of(LLAMA.decoder());

        assertThat(variant.graph().nodes())
                .filteredOn(node -> node.operator().equals("GroupQueryAttention"))
                .hasSize(LLAMA.layers())
                .allSatisfy(node -> assertThat(node.inputs()).contains("no_sink", "cos/scaled", "sin/scaled"));
        List<Completion> expected = generate(LLAMA.decoder());
        List<Completion> actual = generate(variant);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i).tokens()).isEqualTo(expected.get(i).tokens());
            assertThat(actual.get(i).logProbs()).containsExactly(expected.get(i).logProbs(), within(1e-5f));
        }
    }

    private static List<Completion> generate(DecoderGraph decoder) {
        WeightStore weights = LLAMA.weights(1);
        List<RolloutRequest> requests = IntStream.rangeClosed(1, 9)
                .mapToObj(
                        length -> new RolloutRequest(IntStream.range(0, length).toArray(), 3, length))
                .toList();
        try (RolloutSession session =
                new OnnxRuntimeRolloutSession(decoder, weights, 5, EngineSettings.singleThreaded(), true)) {
            return session.generate(requests, Sampling.unbiased(30, Set.of(7))).stream()
                    .flatMap(List::stream)
                    .toList();
        }
    }

    @Test
    void leavesLongContextsAndOtherAttentionAsTheyAre() {
        DecoderGraph longer = new TinyLlama(61, 32, 2, 4, 2, 16, 48, 2048).decoder();

        assertThat(MatrixAttention.of(longer)).isSameAs(longer);
        DecoderGraph variant = MatrixAttention.of(LLAMA.decoder());
        assertThat(MatrixAttention.of(variant)).isSameAs(variant);
        DecoderGraph decoder = LLAMA.decoder();
        DecoderGraph halfRotated = new DecoderGraph(
                decoder.graph(),
                decoder.layers(),
                decoder.kvHeads(),
                2 * decoder.headSize(),
                decoder.vocabulary(),
                decoder.maxLength());
        assertThat(MatrixAttention.of(halfRotated)).isSameAs(halfRotated);
    }
}
