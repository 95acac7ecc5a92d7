package dev.save4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NamesTest {
    private static final List<String> ENGINES = List.of("onnxruntime", "djl-pytorch", "djl-tensorflow");

    @Test
    void aSlipOfThePenIsUnderstood() {
        assertThat(Names.nearest("onnx-runtime", ENGINES)).contains("onnxruntime");
        assertThat(Names.nearest("DJL-PyTorch", ENGINES)).contains("djl-pytorch");
        assertThat(Names.nearest("pytorch", ENGINES)).isEmpty();
        assertThat(Names.nearest("grop", List.of("grpo", "group"))).contains("group");
    }

    @Test
    void somethingElseIsNot() {
        assertThat(Names.nearest("jax", ENGINES)).isEmpty();
        assertThat(Names.nearest("", ENGINES)).isEmpty();
        assertThat(Names.nearest("x", List.of())).isEmpty();
    }

    @Test
    void theNearestOfSeveralIsTaken() {
        assertThat(Names.nearest("reward.head", List.of("reward.heads", "reward.beta")))
                .contains("reward.heads");
    }
}
