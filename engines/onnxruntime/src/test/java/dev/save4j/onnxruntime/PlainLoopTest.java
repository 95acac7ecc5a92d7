package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.engine.Completion;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.tensor.WeightStore;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Ninety-six answers of very different lengths to prompts of 8 to 63 tokens, in groups of eight. */
class PlainLoopTest {
    private static final TinyLlama LLAMA = new TinyLlama(2048, 192, 4, 6, 6, 32, 512, 192);
    private static final EngineSettings SETTINGS = EngineSettings.singleThreaded();
    private static final int MOST = 128;
    /** Every fortieth token ends an answer. */
    private static final Sampling SAMPLING = Sampling.unbiased(
            MOST,
            IntStream.range(0, LLAMA.vocabulary() / 40).mapToObj(i -> i * 40).collect(Collectors.toSet()));

    private static List<RolloutRequest> requests() {
        SplittableRandom random = new SplittableRandom(2);
        List<RolloutRequest> requests = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            requests.add(new RolloutRequest(
                    random.ints(8 + i * 5, 0, LLAMA.vocabulary()).toArray(), 8, i));
        }
        return requests;
    }

    @Test
    void answersAreThoseOfThePlainLoop() throws Exception {
        WeightStore weights = LLAMA.weights(3);
        List<RolloutRequest> requests = requests();
        try (PlainLoop loop = new PlainLoop(LLAMA, weights, SETTINGS);
                RolloutSession session = new OnnxRuntimeRollouts().open(LLAMA.decoder(), weights, 32, SETTINGS)) {
            assertSame(session.generate(requests, SAMPLING), loop.generate(requests, SAMPLING));
        }
    }

    private static void assertSame(List<List<Completion>> actual, List<List<Completion>> expected) {
        for (int request = 0; request < expected.size(); request++) {
            for (int i = 0; i < expected.get(request).size(); i++) {
                Completion one = actual.get(request).get(i);
                Completion other = expected.get(request).get(i);
                assertThat(one.tokens()).isEqualTo(other.tokens());
                assertThat(one.logProbs()).containsExactly(other.logProbs(), within(1e-5f));
            }
        }
    }
}
