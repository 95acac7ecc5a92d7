package dev.save4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import java.util.List;
import org.junit.jupiter.api.Test;

class EnginesTest {
    private record Named(String name) implements Engine {
        @Override
        public EngineCapabilities capabilities() {
            throw new UnsupportedOperationException("not asked for");
        }
    }

    @Test
    void enginesAreFoundByName() {
        Engines<Engine> engines = new Engines<>("gradient", List.of(new Named("b"), new Named("a")));
        assertThat(engines.named("b")).isEqualTo(new Named("b"));
        assertThat(engines.names()).containsExactly("a", "b");
        assertThat(engines.all()).hasSize(2);
    }

    @Test
    void anUnknownNameIsAnsweredWithWhatThereIs() {
        Engines<Engine> engines =
                new Engines<>("gradient", List.of(new Named("djl-pytorch"), new Named("onnxruntime")));
        assertThatThrownBy(() -> engines.named("djl-pytorsh"))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage("there is no gradient engine 'djl-pytorsh'. Available: djl-pytorch, onnxruntime."
                        + " Did you mean 'djl-pytorch'?");
        assertThatThrownBy(() -> engines.named("jax"))
                .hasMessage("there is no gradient engine 'jax'. Available: djl-pytorch, onnxruntime.");
    }

    @Test
    void noEngineAtAllSaysWhatToAdd() {
        assertThatThrownBy(() -> Engines.gradient().named("djl-pytorch"))
                .hasMessage("there is no gradient engine 'djl-pytorch'. None is on the class path:"
                        + " add save4j-engine-onnxruntime or save4j-engine-djl-pytorch.");
        assertThat(Engines.inference().all()).isEmpty();
        assertThat(Engines.rollout().names()).isEmpty();
    }

    @Test
    void twoEnginesOfOneNameAreRefused() {
        assertThatThrownBy(() -> new Engines<Engine>("rollout", List.of(new Named("a"), new Named("a"))))
                .hasMessage("two rollout engines are called 'a': " + Named.class.getName() + " and "
                        + Named.class.getName() + "; remove one from the class path");
    }
}
