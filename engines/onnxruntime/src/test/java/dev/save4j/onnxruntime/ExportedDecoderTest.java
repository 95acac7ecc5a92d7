package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.engine.Completion;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.ExportedDecoder;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphNormalizer;
import dev.save4j.tensor.WeightStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExportedDecoderTest {
    private static final TinyLlama LLAMA = TinyLlama.SMALL;
    private static final WeightStore WEIGHTS = LLAMA.weights(1);

    private static DecoderGraph adapted() {
        return ExportedDecoder.of(GraphNormalizer.normalize(LLAMA.exported()), LLAMA.maxLength());
    }

    private static List<List<Completion>> generate(DecoderGraph decoder, int slots) {
        SplittableRandom random = new SplittableRandom(8);
        List<RolloutRequest> requests = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            int[] prompt = random.ints(1 + i * 5 % 17, 0, LLAMA.vocabulary()).toArray();
            requests.add(new RolloutRequest(prompt, 1 + i % 4, i));
        }
        try (RolloutSession session =
                new OnnxRuntimeRollouts().open(decoder, WEIGHTS, slots, EngineSettings.singleThreaded())) {
            return session.generate(requests, Sampling.unbiased(40, Set.of(7)));
        }
    }

    @Test
    void tellsTheSizesOfTheModel() {
        DecoderGraph decoder = adapted();
        assertThat(decoder.layers()).isEqualTo(2);
        assertThat(decoder.kvHeads()).isEqualTo(2);
        assertThat(decoder.headSize()).isEqualTo(16);
        assertThat(decoder.vocabulary()).isEqualTo(61);
        assertThat(decoder.maxLength()).isEqualTo(48);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16})
    void samplesAsTheDecoderThatIsMadeForIt(int slots) {
        List<List<Completion>> expected = generate(LLAMA.decoder(), slots);
        List<List<Completion>> actual = generate(adapted(), slots);
        for (int request = 0; request < expected.size(); request++) {
            for (int i = 0; i < expected.get(request).size(); i++) {
                Completion completion = actual.get(request).get(i);
                assertThat(completion.tokens())
                        .isEqualTo(expected.get(request).get(i).tokens());
                assertThat(completion.logProbs())
                        .containsExactly(expected.get(request).get(i).logProbs(), within(5e-5f));
            }
        }
    }

    /** An exported graph reads the whole cache, masked: what is not a number there would stay for good. */
    @Test
    void samplesAgainAfterWeightsThatHadDiverged() {
        WeightStore weights = LLAMA.weights(1);
        List<RolloutRequest> requests = List.of(new RolloutRequest(new int[] {3, 5, 8}, 2, 1));
        Sampling sampling = Sampling.unbiased(10, Set.of());
        try (RolloutSession session =
                new OnnxRuntimeRollouts().open(adapted(), weights, 2, EngineSettings.singleThreaded())) {
            int[] before = session.generate(requests, sampling).get(0).get(0).tokens();
            float finite = weights.get("layers.0.k").floats().get(5);
            weights.get("layers.0.k").floats().put(5, Float.NaN);
            session.refresh();
            assertThatThrownBy(() -> session.generate(requests, sampling))
                    .hasMessageContaining("the policy's logits are not finite");
            weights.get("layers.0.k").floats().put(5, finite);
            session.refresh();
            assertThat(session.generate(requests, sampling).get(0).get(0).tokens())
                    .isEqualTo(before);
        }
    }

    @Test
    void aGraphWithoutACacheIsRefused() {
        Graph scorer = LLAMA.scorer();
        assertThatThrownBy(() -> ExportedDecoder.of(scorer, 48))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageContaining(
                        "graph 'tiny-llama-scorer' cannot be sampled from: it lacks [attention_mask, logits, "
                                + "past_key_values.0.key, past_key_values.0.value, position_ids, present.0.key, present.0.value]")
                .hasMessageContaining("export it as text generation with past");
    }
}
