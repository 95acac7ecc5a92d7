package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.engine.Completion;
import dev.save4j.engine.Completion.FinishReason;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.engine.WeightBinding;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxRuntimeRolloutsTest {
    private static final TinyLlama LLAMA = TinyLlama.SMALL;
    private static final WeightStore WEIGHTS = LLAMA.weights(1);
    private static final EngineSettings SETTINGS = EngineSettings.singleThreaded();
    /** Two stop tokens of 61 end a sequence after some thirty tokens on average. */
    private static final Sampling SAMPLING = Sampling.unbiased(30, Set.of(7, 11));

    /** Prompts of 1 to 17 tokens, groups of 1 to 6. */
    private static List<RolloutRequest> requests(int count) {
        SplittableRandom random = new SplittableRandom(8);
        List<RolloutRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] prompt = random.ints(1 + i * 5 % 17, 0, LLAMA.vocabulary()).toArray();
            requests.add(new RolloutRequest(prompt, 1 + i % 6, 100 + i));
        }
        return requests;
    }

    private static RolloutSession open(int slots) {
        return open(slots, 1);
    }

    private static RolloutSession open(int slots, int threads) {
        EngineSettings settings = new EngineSettings(threads, SETTINGS.scratch());
        return new OnnxRuntimeRollouts().open(LLAMA.decoder(), WEIGHTS, slots, settings);
    }

    private static List<List<Completion>> generate(int slots, List<RolloutRequest> requests, Sampling sampling) {
        try (RolloutSession session = open(slots)) {
            return session.generate(requests, sampling);
        }
    }

    private static void assertSame(List<List<Completion>> actual, List<List<Completion>> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int request = 0; request < expected.size(); request++) {
            assertThat(actual.get(request)).hasSameSizeAs(expected.get(request));
            for (int i = 0; i < expected.get(request).size(); i++) {
                Completion one = actual.get(request).get(i);
                Completion other = expected.get(request).get(i);
                assertThat(one.tokens())
                        .as("request %s, completion %s", request, i)
                        .isEqualTo(other.tokens());
                assertThat(one.finish()).isEqualTo(other.finish());
                assertThat(one.logProbs()).containsExactly(other.logProbs(), within(1e-5f));
            }
        }
    }

    @Test
    void isFoundByName() {
        assertThat(Engines.rollout().named("onnxruntime")).isInstanceOf(OnnxRuntimeRollouts.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8, 32, 200})
    void tokensDoNotDependOnTheNumberOfSlots(int slots) {
        List<RolloutRequest> requests = requests(25);
        assertSame(generate(slots, requests, SAMPLING), generate(5, requests, SAMPLING));
    }

    @Test
    void tokensDoNotDependOnTheOrderOfRequests() {
        List<RolloutRequest> requests = requests(25);
        List<Integer> order = new ArrayList<>(IntStream.range(0, 25).boxed().toList());
        Collections.shuffle(order, new Random(3));
        List<List<Completion>> shuffled =
                generate(8, order.stream().map(requests::get).toList(), SAMPLING);
        List<List<Completion>> expected = generate(8, requests, SAMPLING);
        assertSame(shuffled, order.stream().map(expected::get).toList());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 32})
    void tokensDoNotDependOnSharingPrompts(int slots) {
        List<RolloutRequest> requests = requests(25);
        try (RolloutSession apart = new OnnxRuntimeRolloutSession(LLAMA.decoder(), WEIGHTS, slots, SETTINGS, false)) {
            assertSame(apart.generate(requests, SAMPLING), generate(slots, requests, SAMPLING));
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 1", "2, 5", "2, 16", "2, 33", "3, 24", "4, 64"})
    void tokensDoNotDependOnTheNumberOfThreads(int threads, int slots) {
        List<RolloutRequest> requests = requests(25);
        try (RolloutSession session = open(slots, threads)) {
            assertSame(session.generate(requests, SAMPLING), generate(5, requests, SAMPLING));
        }
    }

    @Test
    void aFailureOfOneThreadEndsTheCallAndTheSessionGoesOn() {
        WeightStore weights = LLAMA.weights(1);
        float finite = weights.get("embed").floats().get(0);
        EngineSettings two = new EngineSettings(2, SETTINGS.scratch());
        // Token 0 alone leads to logits that are not finite, and only the second thread's prompts hold it.
        List<RolloutRequest> poisoned =
                List.of(new RolloutRequest(new int[] {1, 2}, 16, 1), new RolloutRequest(new int[] {3, 0}, 16, 2));
        Sampling one = Sampling.unbiased(1, Set.of());
        try (RolloutSession session = new OnnxRuntimeRollouts().open(LLAMA.decoder(), weights, 32, two)) {
            List<List<Completion>> before = session.generate(requests(25), SAMPLING);
            weights.get("embed").floats().put(0, Float.NaN);
            session.refresh();
            assertThatThrownBy(() -> session.generate(poisoned, one))
                    .hasMessageContaining("the policy's logits are not finite");
            weights.get("embed").floats().put(0, finite);
            session.refresh();
            assertSame(session.generate(requests(25), SAMPLING), before);
        }
    }

    @Test
    void aRefreshThatFailedCanBeTriedAgain(@TempDir Path folder) throws Exception {
        Path scratch = Files.createDirectory(folder.resolve("scratch"));
        WeightStore weights = LLAMA.weights(1);
        try (RolloutSession session =
                new OnnxRuntimeRollouts().open(LLAMA.decoder(), weights, 4, new EngineSettings(1, scratch))) {
            List<List<Completion>> before = session.generate(requests(3), SAMPLING);
            Files.delete(scratch);
            assertThatThrownBy(session::refresh).hasMessageContaining("give a folder that exists");
            assertThatThrownBy(() -> session.generate(requests(3), SAMPLING))
                    .hasMessageContaining("refresh it once more");
            Files.createDirectory(scratch);
            session.refresh();
            assertSame(session.generate(requests(3), SAMPLING), before);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void theSameCallGivesTheSameBits(int threads) {
        List<RolloutRequest> requests = requests(25);
        try (RolloutSession session = open(16, threads);
                RolloutSession another = open(16, threads)) {
            List<List<Completion>> first = session.generate(requests, SAMPLING);
            session.generate(requests(3), SAMPLING);
            List<List<Completion>> second = session.generate(requests, SAMPLING);
            List<List<Completion>> elsewhere = another.generate(requests, SAMPLING);
            for (int request = 0; request < 25; request++) {
                for (int i = 0; i < first.get(request).size(); i++) {
                    float[] expected = first.get(request).get(i).logProbs();
                    assertThat(second.get(request).get(i).logProbs()).isEqualTo(expected);
                    assertThat(elsewhere.get(request).get(i).logProbs()).isEqualTo(expected);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1, 0.7, 0})
    void logProbsAreThoseOfTheWholeSequenceWithoutACache(double temperature) {
        List<RolloutRequest> requests = requests(25);
        Sampling sampling = new Sampling(temperature, 0, 1, 30, Set.of(7, 11));
        List<List<Completion>> completions = generate(8, requests, sampling);
        int checked = 0;
        try (InferenceSession scorer =
                new OnnxRuntimeEngine().open(LLAMA.scorer(), WEIGHTS, WeightBinding.INPUT, SETTINGS)) {
            for (int request = 0; request < requests.size(); request++) {
                for (Completion completion : completions.get(request)) {
                    int[] prompt = requests.get(request).prompt();
                    double[][] expected = logProbs(scorer, prompt, completion.tokens(), temperature);
                    for (int t = 0; t < completion.tokens().length; t++) {
                        int token = completion.tokens()[t];
                        assertThat(completion.logProbs()[t]).isCloseTo((float) expected[t][token], within(5e-5f));
                        if (temperature == 0) {
                            double best =
                                    java.util.Arrays.stream(expected[t]).max().orElseThrow();
                            assertThat(expected[t][token]).isCloseTo(best, within(1e-5));
                        }
                        checked++;
                    }
                }
            }
        }
        assertThat(checked).isGreaterThan(500);
    }

    /** Of all tokens at every place of prompt and answer, {@code [tokens, vocabulary]}. */
    static float[] logProbsOfAll(InferenceSession scorer, int[] prompt, int[] sampled) {
        long[] ids = IntStream.concat(IntStream.of(prompt), IntStream.of(sampled))
                .asLongStream()
                .toArray();
        return scorer.run(Map.of("input_ids", Tensor.of(ids, 1, ids.length)))
                .get("log_probs")
                .toFloats();
    }

    /** For each sampled token the log-probabilities of all tokens at its place. */
    private static double[][] logProbs(InferenceSession scorer, int[] prompt, int[] sampled, double temperature) {
        float[] all = logProbsOfAll(scorer, prompt, sampled);
        int vocabulary = LLAMA.vocabulary();
        double[][] result = new double[sampled.length][vocabulary];
        for (int t = 0; t < sampled.length; t++) {
            int from = (prompt.length + t - 1) * vocabulary;
            double total = 0;
            for (int v = 0; v < vocabulary; v++) {
                result[t][v] = all[from + v] / (temperature == 0 ? 1 : temperature);
                total += Math.exp(result[t][v]);
            }
            for (int v = 0; v < vocabulary; v++) {
                result[t][v] -= Math.log(total);
            }
        }
        return result;
    }

    @Test
    void completionsOfAGroupDiffer() {
        List<Completion> group = generate(8, List.of(new RolloutRequest(new int[] {1, 2, 3}, 16, 5)), SAMPLING)
                .get(0);
        assertThat(group.stream()
                        .map(completion -> java.util.Arrays.toString(completion.tokens()))
                        .distinct())
                .hasSize(16);
    }

    @Test
    void stopTokensEndACompletionAndBelongToIt() {
        List<Completion> all = generate(8, requests(25), SAMPLING).stream()
                .flatMap(List::stream)
                .toList();
        assertThat(all.stream().map(Completion::finish).distinct())
                .containsExactlyInAnyOrder(FinishReason.STOP, FinishReason.LENGTH);
        for (Completion completion : all) {
            int[] tokens = completion.tokens();
            boolean stopped = completion.finish() == FinishReason.STOP;
            for (int t = 0; t < tokens.length; t++) {
                boolean last = t == tokens.length - 1;
                assertThat(Set.of(7, 11).contains(tokens[t])).isEqualTo(stopped && last);
            }
            assertThat(completion.logProbs()).hasSameSizeAs(tokens);
        }
    }

    @Test
    void completionsEndAtTheLimitOfTokens() {
        for (int limit : new int[] {1, 2, 9}) {
            List<List<Completion>> completions = generate(4, requests(12), Sampling.unbiased(limit, Set.of()));
            assertThat(completions.stream().flatMap(List::stream)).allSatisfy(completion -> {
                assertThat(completion.tokens()).hasSize(limit);
                assertThat(completion.finish()).isEqualTo(FinishReason.LENGTH);
            });
        }
    }

    @Test
    void completionsEndWithTheContext() {
        int[] prompt = IntStream.range(0, LLAMA.maxLength() - 3).toArray();
        int[] fullest = IntStream.range(0, LLAMA.maxLength() - 1).toArray();
        List<List<Completion>> completions = generate(
                2,
                List.of(new RolloutRequest(prompt, 2, 1), new RolloutRequest(fullest, 1, 1)),
                Sampling.unbiased(1000, Set.of()));
        assertThat(completions.get(0)).allSatisfy(completion -> {
            assertThat(completion.tokens()).hasSize(3);
            assertThat(completion.finish()).isEqualTo(FinishReason.LENGTH);
        });
        assertThat(completions.get(1).get(0).tokens()).hasSize(1);
    }

    @Test
    void changedWeightsAreSampledFromAfterARefresh() {
        WeightStore weights = LLAMA.weights(1);
        List<RolloutRequest> requests = requests(5);
        try (RolloutSession session = new OnnxRuntimeRollouts().open(LLAMA.decoder(), weights, 4, SETTINGS)) {
            List<List<Completion>> before = session.generate(requests, SAMPLING);
            weights.copyFrom(LLAMA.weights(2));
            assertThatThrownBy(() -> session.generate(requests, SAMPLING))
                    .hasMessageContaining("the weights have changed since they were packed for sampling");
            session.refresh();
            List<List<Completion>> after = session.generate(requests, SAMPLING);
            try (RolloutSession fresh =
                    new OnnxRuntimeRollouts().open(LLAMA.decoder(), LLAMA.weights(2), 4, SETTINGS)) {
                assertSame(after, fresh.generate(requests, SAMPLING));
            }
            assertThat(after.get(1).get(0).tokens())
                    .isNotEqualTo(before.get(1).get(0).tokens());
        }
    }

    @Test
    void progressCountsUpToAllCompletions() {
        List<Integer> seen = new ArrayList<>();
        List<RolloutRequest> requests = requests(10);
        int total = requests.stream().mapToInt(RolloutRequest::completions).sum();
        try (RolloutSession session = open(3)) {
            session.generate(requests, SAMPLING, seen::add);
            assertThat(session.generate(List.of(), SAMPLING)).isEmpty();
        }
        assertThat(seen).isSorted().doesNotHaveDuplicates().endsWith(total);
        assertThat(seen.get(0)).isPositive();
    }

    @Test
    void aPromptAsLongAsTheContextIsAnError() {
        try (RolloutSession session = open(2)) {
            int[] tooLong = new int[LLAMA.maxLength()];
            assertThatThrownBy(() -> session.generate(
                            List.of(new RolloutRequest(new int[] {1}, 1, 1), new RolloutRequest(tooLong, 1, 1)),
                            SAMPLING))
                    .isInstanceOfSatisfying(
                            SaveException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(SaveException.Kind.USER))
                    .hasMessageContaining("prompt 1 has 48 tokens, but the context holds 48");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 61})
    void aTokenOutsideTheVocabularyIsAnError(int token) {
        try (RolloutSession session = open(2)) {
            assertThatThrownBy(() ->
                            session.generate(List.of(new RolloutRequest(new int[] {3, token}, 1, 1)), SAMPLING))
                    .isInstanceOf(SaveException.class)
                    .hasMessageContaining("prompt 0 holds the token " + token)
                    .hasMessageContaining("does the tokenizer belong to this model?");
        }
    }

    @Test
    void weightsThatDivergedAreAnErrorAndTheSessionGoesOn() {
        WeightStore weights = LLAMA.weights(1);
        List<RolloutRequest> requests = requests(5);
        try (RolloutSession session = new OnnxRuntimeRollouts().open(LLAMA.decoder(), weights, 4, SETTINGS)) {
            List<List<Completion>> before = session.generate(requests, SAMPLING);
            weights.get("head").floats().put(0, Float.NaN);
            session.refresh();
            assertThatThrownBy(() -> session.generate(requests, SAMPLING))
                    .hasMessageContaining("the policy's logits are not finite");
            weights.copyFrom(WEIGHTS);
            session.refresh();
            assertSame(session.generate(requests, SAMPLING), before);
        }
    }

    @Test
    void aGraphThatIsNoDecoderIsRefused() {
        DecoderGraph decoder = LLAMA.decoder();
        DecoderGraph misnamed = new DecoderGraph(decoder.graph(), 3, 2, 16, 61, 48);
        assertThatThrownBy(() -> new OnnxRuntimeRollouts().open(misnamed, WEIGHTS, 2, SETTINGS))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("cannot be sampled from: of the inputs of a decoder it lacks "
                        + "[past_key_values.2.key, past_key_values.2.value]");
        assertThatThrownBy(() -> new OnnxRuntimeRollouts().open(decoder, WEIGHTS, 0, SETTINGS))
                .hasMessageContaining("a rollout needs at least one slot, not 0");
    }

    @Test
    void aCacheThatDoesNotFitIsReportedWithItsSize() {
        DecoderGraph decoder = LLAMA.decoder();
        assertThatThrownBy(() -> new OnnxRuntimeRollouts().open(decoder, WEIGHTS, decoder.mostSlots(), SETTINGS))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(SaveException.Kind.RESOURCES))
                .hasMessageContaining(
                        "the key-value cache, with the logits, of 349525 sequences of 48 tokens takes 8273 MiB")
                .hasMessageContaining("decode fewer sequences at once");
    }

    @Test
    void aCacheLargerThanABufferIsTheCallersMistake() {
        assertThatThrownBy(() -> new OnnxRuntimeRollouts().open(LLAMA.decoder(), WEIGHTS, 349_526, SETTINGS))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage(
                        "the key-value cache and the logits hold at most 349525 sequences of 48 tokens and 61 logits, because no buffer is larger"
                                + " than 2 GiB, but 349526 were asked for; decode fewer sequences at once");
    }

    @Test
    void closesTwiceAndRefusesToSampleAfterwards() {
        RolloutSession session = open(2);
        session.close();
        session.close();
        assertThatThrownBy(() -> session.generate(requests(1), SAMPLING)).hasMessageContaining("is closed");
        assertThatThrownBy(session::refresh).hasMessageContaining("is closed");
    }
}
