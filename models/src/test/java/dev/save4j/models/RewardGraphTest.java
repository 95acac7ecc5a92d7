package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.graph.TensorType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The numbers that reward graphs give, on ONNX Runtime. */
class RewardGraphTest {
    private static final LlamaConfig CONFIG = LlamaConfig.small(32, 16, 2, 2, 24);
    private static final Llama BACKBONE = new Llama(CONFIG);
    private static final WeightStore WEIGHTS = weights();
    private static final long[] PROMPT = {3, 14, 15};
    private static final long[][] ANSWERED = {{3, 14, 15, 9, 26, 5}, {3, 14, 15, 30}, {3, 14, 15, 8, 2, 2, 1, 7}};

    private static WeightStore weights() {
        Map<String, TensorType> all = new LinkedHashMap<>(BACKBONE.parameters());
        all.putAll(Head.REWARD.parameters(16));
        all.putAll(Head.VALUE.parameters(16));
        return Numbers.noisy(all, 0.4);
    }

    private static RewardModel model(Pooling pooling) {
        return new RewardModel(BACKBONE, pooling, WEIGHTS);
    }

    private static double head(String name, double[] pooled) {
        float[] weight = WEIGHTS.get(name + ".weight").toFloats();
        double result = name.equals("value") ? WEIGHTS.get("value.bias").item() : 0;
        for (int i = 0; i < weight.length; i++) {
            result += weight[i] * pooled[i];
        }
        return result;
    }

    private static double[] pooled(Pooling pooling, double[][] hidden) {
        return switch (pooling) {
            case LAST_TOKEN -> hidden[hidden.length - 1];
            case CLS -> hidden[0];
            case MEAN -> {
                double[] mean = new double[hidden[0].length];
                for (double[] row : hidden) {
                    for (int i = 0; i < mean.length; i++) {
                        mean[i] += row[i] / hidden.length;
                    }
                }
                yield mean;
            }
        };
    }

    @ParameterizedTest
    @EnumSource(Pooling.class)
    void rewardsAreTheHeadOfThePooledAnswer(Pooling pooling) {
        LlamaReference reference = new LlamaReference(CONFIG, WEIGHTS);
        float[] rewards = OnnxRuntime.run(model(pooling).rewardGraph(), WEIGHTS, Numbers.batch(11, ANSWERED))
                .get("reward")
                .toFloats();
        for (int row = 0; row < ANSWERED.length; row++) {
            double expected = head("score", pooled(pooling, reference.hidden(ANSWERED[row])));
            assertThat((double) rewards[row]).isCloseTo(expected, within(2e-5));
        }
    }

    @ParameterizedTest
    @EnumSource(Pooling.class)
    void gradingGivesRewardAndValueInOnePass(Pooling pooling) {
        RewardModel model = model(pooling);
        Map<String, Tensor> inputs = Numbers.batch(9, ANSWERED);
        float[] rewards = OnnxRuntime.run(model.rewardGraph(), WEIGHTS, inputs)
                .get("reward")
                .toFloats();
        float[] values = OnnxRuntime.run(model.valueGraph(), WEIGHTS, Numbers.batch(4, new long[][] {PROMPT}))
                .get("value")
                .toFloats();
        assertThat((double) values[0])
                .isCloseTo(
                        head("value", pooled(pooling, new LlamaReference(CONFIG, WEIGHTS).hidden(PROMPT))),
                        within(2e-5));
        inputs.put("prompt_length", Tensor.of(new long[] {3, 3, 3}, 3, 1));
        Map<String, Tensor> graded = OnnxRuntime.run(model.gradeGraph(), WEIGHTS, inputs);
        assertThat(graded.get("reward").toFloats()).containsExactly(rewards, within(1e-5f));
        assertThat(graded.get("value").toFloats())
                .containsExactly(new float[] {values[0], values[0], values[0]}, within(1e-5f));
    }

    @Test
    void theValueIsTheSameForAllAnswersOfAPrompt() {
        Map<String, Tensor> inputs = Numbers.batch(8, ANSWERED);
        inputs.put("prompt_length", Tensor.of(new long[] {3, 3, 3}, 3, 1));
        float[] values = OnnxRuntime.run(model(Pooling.LAST_TOKEN).gradeGraph(), WEIGHTS, inputs)
                .get("value")
                .toFloats();
        assertThat(values).containsExactly(new float[] {values[0], values[0], values[0]}, within(1e-6f));
    }

    @ParameterizedTest
    @EnumSource(Pooling.class)
    void paddingDoesNotChangeAReward(Pooling pooling) {
        float[] together = OnnxRuntime.run(model(pooling).rewardGraph(), WEIGHTS, Numbers.batch(20, ANSWERED))
                .get("reward")
                .toFloats();
        for (int row = 0; row < ANSWERED.length; row++) {
            float alone = OnnxRuntime.run(
                            model(pooling).rewardGraph(),
                            WEIGHTS,
                            Numbers.batch(ANSWERED[row].length, new long[][] {ANSWERED[row]}))
                    .get("reward")
                    .item();
            assertThat(together[row]).isCloseTo(alone, within(1e-5f));
        }
    }
}
