package dev.save4j.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.chat.ChatTemplate;
import dev.save4j.tokenizers.ByteTokenizer;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ChatFormatTest {
    private static final ChatTemplate TURNS = ChatTemplate.parse(
            "{{ bos }}{% for m in messages %}[{{ m.role }}]{{ m.content }}.{% endfor %}"
                    + "{% if add_generation_prompt %}[assistant]{% endif %}",
            "turns");

    @Test
    void readsPromptAndAnswerAsTurnsWithTheTemplatesOwnSpecialTokens() {
        try (ByteTokenizer tokenizer = new ByteTokenizer()) {
            RewardFormat format = new RewardFormat(tokenizer, true, 100, Optional.of(TURNS));
            RewardInput input = format.answer("hi", "yes", true);
            assertThat(input.ids()).isEqualTo(tokenizer.encode("[user]hi.[assistant]yes.", false));
            assertThat(input.promptLength()).isEqualTo("[user]hi.[assistant]".length());
            assertThat(input.cut()).isFalse();
            assertThat(format.prompt("hi")).isEqualTo(tokenizer.encode("[user]hi.[assistant]", false));
        }
    }

    @Test
    void cutsTheEndOfALongAnswer() {
        try (ByteTokenizer tokenizer = new ByteTokenizer()) {
            RewardInput input = new RewardFormat(tokenizer, true, 22, Optional.of(TURNS)).answer("hi", "yes", true);
            assertThat(input.ids()).isEqualTo(tokenizer.encode("[user]hi.[assistant]ye", false));
            assertThat(input.cut()).isTrue();
        }
    }

    @Test
    void refusesATemplateThatRewritesThePrompt() {
        ChatTemplate rewriting = ChatTemplate.parse("{{ messages | length }}{{ messages[0].content }}", "rewriting");
        try (ByteTokenizer tokenizer = new ByteTokenizer()) {
            RewardFormat format = new RewardFormat(tokenizer, true, 100, Optional.of(rewriting));
            assertThatThrownBy(() -> format.answer("hi", "yes", true))
                    .hasMessageContaining("rewriting writes a prompt in another way once it is answered");
        }
    }

    @Test
    void refusesATemplateForAnEncoder() {
        try (ByteTokenizer tokenizer = new ByteTokenizer()) {
            assertThatThrownBy(() -> new RewardFormat(tokenizer, false, 100, Optional.of(TURNS)))
                    .hasMessageContaining("turns is of no use to an encoder");
        }
    }
}
