package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.graph.Graph;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RewardModelTest {
    private static final Llama BACKBONE = new Llama(LlamaConfig.small(32, 16, 2, 2, 24));

    private static WeightStore withHeads(Head... heads) {
        return Head.create(Set.of(heads), Backbones.initialize(BACKBONE, 1), 16, 7, 0.25);
    }

    @Test
    void graphsHaveTheDocumentedInputsAndOutputs() {
        RewardModel model = new RewardModel(BACKBONE, Pooling.LAST_TOKEN, withHeads(Head.REWARD, Head.VALUE));
        assertThat(model.rewardGraph().inputs())
                .extracting(ValueInfo::name)
                .containsExactly("input_ids", "attention_mask");
        assertThat(model.rewardGraph().outputs()).hasToString("[" + output("reward") + "]");
        assertThat(model.valueGraph().outputs()).hasToString("[" + output("value") + "]");
        Graph grade = model.gradeGraph();
        assertThat(grade.inputs())
                .extracting(ValueInfo::name)
                .containsExactlyInAnyOrder("input_ids", "attention_mask", "prompt_length");
        assertThat(grade.outputs()).extracting(ValueInfo::name).containsExactly("reward", "value");
    }

    private static ValueInfo output(String name) {
        return new ValueInfo(name, dev.save4j.graph.TensorType.of(dev.save4j.tensor.ElementType.FLOAT, "batch"));
    }

    @Test
    void aMissingRewardHeadIsAnError() {
        WeightStore headless = Backbones.initialize(BACKBONE, 1);
        assertThatThrownBy(() -> new RewardModel(BACKBONE, Pooling.LAST_TOKEN, headless))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageContaining("reward checkpoint has no head 'score.weight'")
                .hasMessageContaining("ask for new heads (--new-heads");
    }

    @Test
    void aMissingValueHeadIsAnErrorOnlyWhenValuesAreAskedFor() {
        RewardModel model = new RewardModel(BACKBONE, Pooling.LAST_TOKEN, withHeads(Head.REWARD));
        assertThat(model.hasValueHead()).isFalse();
        assertThat(model.rewardGraph().nodes()).isNotEmpty();
        assertThatThrownBy(model::valueGraph).hasMessageContaining("has no head 'value.weight'");
        assertThatThrownBy(model::gradeGraph).hasMessageContaining("has no head 'value.weight'");
    }

    @Test
    void newHeadsAreSeededAndTheValueHeadStartsAtTheGivenMean() {
        WeightStore first = withHeads(Head.REWARD, Head.VALUE);
        WeightStore second = withHeads(Head.VALUE, Head.REWARD);
        assertThat(first.names()).containsExactlyElementsOf(second.names());
        assertThat(first.get("score.weight").contentEquals(second.get("score.weight")))
                .isTrue();
        assertThat(first.get("score.weight").toFloats()).doesNotContain(0f);
        assertThat(first.get("value.weight").toFloats()).containsOnly(0f);
        assertThat(first.get("value.bias").item()).isEqualTo(0.25f);
        WeightStore other = Head.create(Set.of(Head.REWARD), Backbones.initialize(BACKBONE, 1), 16, 8, 0);
        assertThat(other.get("score.weight").contentEquals(first.get("score.weight")))
                .isFalse();
    }

    @Test
    void anExistingHeadIsNotReplaced() {
        WeightStore weights = withHeads(Head.REWARD);
        assertThatThrownBy(() -> Head.create(Set.of(Head.REWARD), weights, 16, 1, 0))
                .hasMessageContaining("a new head 'score.weight' was asked for, but the checkpoint has one");
    }

    @Test
    void weightsOfAnotherModelAreRefusedByName() {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        WeightStore fitting = withHeads(Head.REWARD);
        fitting.names().forEach(name -> weights.put(name, fitting.get(name)));
        weights.remove("model.norm.weight");
        weights.put("model.embed_tokens.weight", Tensor.of(new float[32 * 8], 32, 8));
        assertThatThrownBy(() -> new RewardModel(BACKBONE, Pooling.LAST_TOKEN, new WeightStore(weights)))
                .hasMessageContaining("the weights do not fit the configuration of this llama")
                .hasMessageContaining("'model.embed_tokens.weight' is FLOAT[32, 8], expected FLOAT[32, 16]")
                .hasMessageContaining("'model.norm.weight' FLOAT[16] is missing");
    }

    @Test
    void newWeightsDependOnTheSeedAndTheirNameOnly() {
        Llama deeper = new Llama(LlamaConfig.small(32, 16, 3, 2, 24));
        WeightStore two = Backbones.initialize(BACKBONE, 5);
        WeightStore three = Backbones.initialize(deeper, 5);
        String query = "model.layers.1.self_attn.q_proj.weight";
        assertThat(two.get(query).contentEquals(three.get(query))).isTrue();
        assertThat(two.get(query).contentEquals(two.get("model.layers.0.self_attn.q_proj.weight")))
                .isFalse();
        assertThat(two.get("model.norm.weight").toFloats()).containsOnly(1f);
    }

    @Test
    void residualProjectionsStartSmaller() {
        assertThat(BACKBONE.initial("model.layers.0.mlp.down_proj.weight").deviation())
                .isEqualTo(0.02 / Math.sqrt(4));
        assertThat(BACKBONE.initial("model.layers.0.mlp.up_proj.weight").deviation())
                .isEqualTo(0.02);
        double squares = 0;
        float[] values = Backbones.initialize(BACKBONE, 3)
                .get("model.layers.0.mlp.up_proj.weight")
                .toFloats();
        for (float value : values) {
            squares += value * (double) value;
        }
        assertThat(Math.sqrt(squares / values.length)).isBetween(0.017, 0.023);
    }
}
