package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.engine.DecoderGraph;
import dev.save4j.graph.Graph;
import dev.save4j.graph.ValueInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

class PolicyModelTest {
    private static final Llama BACKBONE = new Llama(LlamaConfig.small(32, 16, 2, 2, 24));
    private static final PolicyModel POLICY = new PolicyModel(BACKBONE, Backbones.initialize(BACKBONE, 1));

    @Test
    void entropyIsMadeOnlyWhenAskedFor() {
        assertThat(names(POLICY.logProbGraph(1).outputs())).containsExactly("log_prob");
        Graph graph = POLICY.logProbGraph(0.7, true);
        assertThat(names(graph.outputs())).containsExactly("log_prob", "entropy");
        assertThat(graph.outputs()).allMatch(output -> output.type().rank() == 2);
    }

    @Test
    void aTemperatureOfZeroHasNoLogProbabilities() {
        assertThatThrownBy(() -> POLICY.logProbGraph(0))
                .hasMessageContaining("positive, finite temperature, at least 1.0E-30, not 0.0");
    }

    @Test
    void theDecoderKeepsItsContract() {
        DecoderGraph decoder = POLICY.decoder(20);
        assertThat(names(decoder.graph().inputs()))
                .containsExactly(
                        "input_ids",
                        "last_position",
                        "seqlens_k",
                        "total_sequence_length",
                        "past_key_values.0.key",
                        "past_key_values.0.value",
                        "past_key_values.1.key",
                        "past_key_values.1.value");
        assertThat(decoder.graph().input("past_key_values.1.key").type()).hasToString("FLOAT[batch, 2, 20, 8]");
        assertThat(names(decoder.graph().outputs()))
                .containsExactlyInAnyOrder(
                        "logits", "present.0.key", "present.0.value", "present.1.key", "present.1.value");
        assertThat(decoder.graph().parameters().keySet())
                .isEqualTo(BACKBONE.parameters().keySet());
    }

    @Test
    void aCacheLongerThanTheModelIsRefused() {
        assertThatThrownBy(() -> POLICY.decoder(25))
                .hasMessageContaining("25 positions")
                .hasMessageContaining("1 to 24");
    }

    private static List<String> names(List<ValueInfo> values) {
        return values.stream().map(ValueInfo::name).toList();
    }
}
