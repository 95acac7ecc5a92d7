package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.engine.Completion;
import dev.save4j.engine.Device;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.engine.WeightBinding;
import dev.save4j.engine.WeightPrecision;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sampling with weights in 8 bits. */
class Int8RolloutsTest {
    private static final TinyLlama LLAMA = TinyLlama.SMALL;
    private static final WeightStore WEIGHTS = LLAMA.weights(1);
    private static final EngineSettings SETTINGS =
            EngineSettings.singleThreaded().with(WeightPrecision.INT8);
    private static final Sampling SAMPLING = Sampling.unbiased(30, Set.of(7, 11));

    /** Prompts of 1 to 17 tokens, groups of 1 to 6. */
    private static List<RolloutRequest> requests() {
        SplittableRandom random = new SplittableRandom(8);
        List<RolloutRequest> requests = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            int[] prompt = random.ints(1 + i * 5 % 17, 0, LLAMA.vocabulary()).toArray();
            requests.add(new RolloutRequest(prompt, 1 + i % 6, 100 + i));
        }
        return requests;
    }

    private static RolloutSession open(WeightStore weights, int slots, int threads) {
        return new OnnxRuntimeRollouts().open(LLAMA.decoder(), weights, slots, SETTINGS.withThreads(threads));
    }

    private static List<Completion> generate(RolloutSession session) {
        return session.generate(requests(), SAMPLING).stream()
                .flatMap(List::stream)
                .toList();
    }

    private static List<Completion> generate(WeightStore weights, int slots, int threads) {
        try (RolloutSession session = open(weights, slots, threads)) {
            return generate(session);
        }
    }

    private static void assertSame(List<Completion> actual, List<Completion> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i).tokens())
                    .as("completion %s", i)
                    .isEqualTo(expected.get(i).tokens());
            assertThat(actual.get(i).logProbs()).containsExactly(expected.get(i).logProbs(), within(1e-5f));
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 1", "32, 1", "200, 1", "2, 2", "16, 2", "33, 2", "24, 3"})
    void tokensDoNotDependOnSlotsOrThreads(int slots, int threads) {
        assertSame(generate(WEIGHTS, slots, threads), generate(WEIGHTS, 5, 1));
    }

    @Test
    void logProbsAreNearThoseInSinglePrecision() {
        List<RolloutRequest> requests = requests();
        double largest = 0;
        double sum = 0;
        int count = 0;
        try (RolloutSession session = open(WEIGHTS, 8, 1);
                InferenceSession scorer =
                        new OnnxRuntimeEngine().open(LLAMA.scorer(), WEIGHTS, WeightBinding.INPUT, SETTINGS)) {
            List<List<Completion>> completions = session.generate(requests, SAMPLING);
            for (int request = 0; request < requests.size(); request++) {
                int[] prompt = requests.get(request).prompt();
                for (Completion completion : completions.get(request)) {
                    float[] expected = logProbs(scorer, prompt, completion.tokens());
                    for (int t = 0; t < expected.length; t++) {
                        double difference = Math.abs(completion.logProbs()[t] - expected[t]);
                        largest = Math.max(largest, difference);
                        sum += difference;
                        count++;
                    }
                }
            }
        }
        assertThat(count).isGreaterThan(500);
        // That they differ at all tells that the weights were in 8 bits.
        assertThat(sum / count).isBetween(1e-4, 0.05);
        assertThat(largest).isLessThan(0.5);
    }

    /** Of each sampled token, in single precision, without a cache. */
    private static float[] logProbs(InferenceSession scorer, int[] prompt, int[] sampled) {
        float[] all = OnnxRuntimeRolloutsTest.logProbsOfAll(scorer, prompt, sampled);
        float[] result = new float[sampled.length];
        for (int t = 0; t < sampled.length; t++) {
            result[t] = all[(prompt.length + t - 1) * LLAMA.vocabulary() + sampled[t]];
        }
        return result;
    }

    @Test
    void changedWeightsAreSampledFromAfterARefresh() {
        WeightStore weights = LLAMA.weights(1);
        try (RolloutSession session = open(weights, 4, 1)) {
            List<Completion> before = generate(session);
            weights.copyFrom(LLAMA.weights(2));
            assertThatThrownBy(() -> generate(session))
                    .hasMessageContaining("the weights have changed since they were packed for sampling");
            session.refresh();
            List<Completion> after = generate(session);
            assertSame(after, generate(LLAMA.weights(2), 4, 1));
            assertThat(after.get(1).tokens()).isNotEqualTo(before.get(1).tokens());
        }
    }

    /** Rounded to an integer, a single one could pass for a number. */
    @ParameterizedTest
    @CsvSource({"layers.1.up, NaN", "layers.0.k, Infinity"})
    void aWeightThatIsNotFiniteIsReported(String name, float value) {
        WeightStore weights = LLAMA.weights(1);
        weights.get(name).floats().put(5, value);
        assertThatThrownBy(() -> open(weights, 4, 1))
                .hasMessageContaining("the weight '" + name + "' is not finite at output ")
                .hasMessageEndingWith("lower the learning rate or restore a checkpoint");
    }

    @Test
    void anEmbeddingThatIsNotFiniteIsReported() {
        WeightStore weights = LLAMA.weights(1);
        Tensor embedding = weights.get("embed");
        for (int i = 0; i < embedding.size(); i++) {
            embedding.floats().put(i, Float.POSITIVE_INFINITY);
        }
        try (RolloutSession session = open(weights, 4, 1)) {
            assertThatThrownBy(() -> generate(session)).hasMessageContaining("the policy's logits are not finite");
        }
    }

    @Test
    void isForProcessorsAlone() {
        EngineSettings cuda = SETTINGS.on(new Device(Device.Kind.CUDA, 0, 0, ElementType.FLOAT16));
        assertThatThrownBy(() -> new OnnxRuntimeRollouts().open(LLAMA.decoder(), WEIGHTS, 4, cuda))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        refused -> assertThat(refused.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage(
                        "weights in int8 are for sampling on the device cpu; take float32 on a GPU, or the device cpu");
    }
}
