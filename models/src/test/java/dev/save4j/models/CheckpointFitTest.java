package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CheckpointFitTest {
    private static final Gpt2 MODEL = new Gpt2(Gpt2Config.small(16, 16, 1, 2, 8));

    private static Map<String, Tensor> withoutPrefix() {
        Map<String, Tensor> stored = new LinkedHashMap<>();
        WeightStore weights = Backbones.initialize(MODEL, 1);
        weights.names().forEach(name -> stored.put(name.replaceFirst("^transformer\\.", ""), weights.get(name)));
        return stored;
    }

    @Test
    void aCheckpointOfTheBareBackboneIsTaken() {
        WeightStore taken = CheckpointFit.take(MODEL.parameters(), Set.of(), new WeightStore(withoutPrefix()));
        assertThat(taken.names()).containsExactlyElementsOf(MODEL.parameters().keySet());
        new PolicyModel(MODEL, taken);
    }

    @Test
    void storedMasksAndFrequenciesAreLeftOut() {
        Map<String, Tensor> stored = withoutPrefix();
        stored.put("h.0.attn.bias", Tensor.of(new float[4], 1, 1, 2, 2));
        stored.put("transformer.h.0.attn.masked_bias", Tensor.scalar(0f));
        stored.put("model.layers.0.self_attn.rotary_emb.inv_freq", Tensor.of(new float[4], 4));
        stored.put("lm_head.weight", Tensor.of(new float[256], 16, 16));
        WeightStore taken = CheckpointFit.take(MODEL.parameters(), Set.of("lm_head.weight"), new WeightStore(stored));
        assertThat(taken.names()).containsExactlyElementsOf(MODEL.parameters().keySet());
    }

    @Test
    void weightsThatBelongToNothingAreAnError() {
        Map<String, Tensor> stored = withoutPrefix();
        stored.put("h.0.attn.c_attn.lora_A.weight", Tensor.of(new float[16], 1, 16));
        assertThatThrownBy(() -> CheckpointFit.take(MODEL.parameters(), Set.of(), new WeightStore(stored)))
                .hasMessageContaining("1 weights that belong to no part of this model: h.0.attn.c_attn.lora_A.weight")
                .hasMessageContaining("adapter that must be merged first");
    }
}
