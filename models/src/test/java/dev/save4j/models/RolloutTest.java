package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.engine.Completion;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the sampler says of its tokens is what the training form says of them. */
class RolloutTest {
    static Stream<Named<CausalBackbone>> backbones() {
        return Stream.concat(
                LlamaTest.configurations()
                        .map(config -> Named.of(config.getName(), (CausalBackbone) new Llama(config.getPayload()))),
                Stream.of(Named.of("gpt2", new Gpt2(Gpt2Config.small(32, 16, 2, 2, 16)))));
    }

    @ParameterizedTest
    @MethodSource("backbones")
    void sampledLogProbabilitiesAreThoseOfTheTrainingForm(CausalBackbone backbone) {
        WeightStore weights = Numbers.noisy(backbone.parameters(), 0.4);
        PolicyModel policy = new PolicyModel(backbone, weights);
        List<RolloutRequest> requests = List.of(
                new RolloutRequest(new int[] {1, 5, 9}, 3, 1),
                new RolloutRequest(new int[] {7}, 2, 2),
                new RolloutRequest(new int[] {3, 4, 31, 2, 8, 8}, 2, 3));
        Sampling sampling = new Sampling(0.8, 0, 1, 8, Set.of(6));
        List<List<Completion>> answers;
        try (RolloutSession session = Engines.rollout()
                .named("onnxruntime")
                .open(policy.decoder(16), weights, 4, EngineSettings.singleThreaded())) {
            answers = session.generate(requests, sampling);
        }
        List<long[]> rows = new ArrayList<>();
        List<Completion> completions = new ArrayList<>();
        for (int i = 0; i < requests.size(); i++) {
            int[] prompt = requests.get(i).prompt();
            for (Completion completion : answers.get(i)) {
                int[] row = Arrays.copyOf(prompt, prompt.length + completion.tokens().length);
                System.arraycopy(completion.tokens(), 0, row, prompt.length, completion.tokens().length);
                rows.add(Arrays.stream(row).asLongStream().toArray());
                completions.add(completion);
            }
        }
        assertThat(completions).hasSize(7);
        Tensor logProbs = OnnxRuntime.run(
                        policy.logProbGraph(0.8), weights, Numbers.batch(16, rows.toArray(long[][]::new)))
                .get("log_prob");
        for (int row = 0; row < rows.size(); row++) {
            float[] sampled = completions.get(row).logProbs();
            int to = row * 15 + rows.get(row).length - 1;
            assertThat(Arrays.copyOfRange(logProbs.toFloats(), to - sampled.length, to))
                    .containsExactly(sampled, within(1e-4f));
        }
    }
}
