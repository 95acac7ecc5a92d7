package dev.save4j.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.chat.ChatTemplate;
import dev.save4j.data.Conversation;
import dev.save4j.data.Message;
import dev.save4j.tokenizers.ByteTokenizer;
import dev.save4j.tokenizers.Tokenizer;
import dev.save4j.tokenizers.Tokenizers;
import dev.save4j.tokenizers.WordTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatFormatTest {
    @TempDir
    private Path folder;

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

    @Test
    void readsAPromptOfSeveralTurnsAsSuch() {
        try (ByteTokenizer tokenizer = new ByteTokenizer()) {
            RewardFormat format = new RewardFormat(tokenizer, true, 100, Optional.of(TURNS));
            Conversation asked =
                    new Conversation(List.of(Message.user("a"), Message.assistant("b"), Message.user("c")));
            assertThat(format.answer(asked, "d", true).ids())
                    .isEqualTo(tokenizer.encode("[user]a.[assistant]b.[user]c.[assistant]d.", false));
        }
    }

    @Test
    void aQuestionThatIsNotKeptDoesNotDisturb() {
        ChatTemplate thinking = ChatTemplate.parse(
                "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
                        + "{% if add_generation_prompt %}[assistant]<think>{% endif %}",
                "thinking");
        try (ByteTokenizer tokenizer = new ByteTokenizer()) {
            RewardInput input = new RewardFormat(tokenizer, true, 100, Optional.of(thinking)).answer("hi", "yes", true);
            assertThat(input.ids()).isEqualTo(tokenizer.encode("[user]hi[assistant]yes", false));
            assertThat(input.promptLength()).isEqualTo("[user]hi".length());
        }
    }

    @Test
    void refusesTextsThatBeginTwice() throws IOException {
        Path tokenizer = Files.writeString(folder.resolve("tokenizer.json"), """
                {"added_tokens": [{"id": 2, "content": "<s>", "special": true, "single_word": false, "lstrip": false,
                  "rstrip": false, "normalized": false}],
                 "pre_tokenizer": {"type": "Whitespace"},
                 "model": {"type": "WordLevel", "vocab": {"question": 0, "reply": 1, "<s>": 2, "?": 3}, "unk_token": "?"}}
                """);
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"bos_token\": \"<s>\"}");
        ChatTemplate twice = ChatTemplate.parse("<s><s>{% for m in messages %} {{ m.content }}{% endfor %}", "twice");
        try (Tokenizer words = Tokenizers.open(tokenizer)) {
            RewardFormat format = new RewardFormat(words, true, 100, Optional.of(twice));
            assertThatThrownBy(format::check)
                    .hasMessage("a text would begin twice: the token 2 of the beginning comes from the tokenizer and"
                            + " from the chat template twice; remove it from the post-processor in tokenizer.json or"
                            + " from the template");
            new RewardFormat(words, true, 100).check();
        }
    }

    @Test
    void checksATokenizerOfAClosedListOfWords() {
        try (Tokenizer words = new WordTokenizer(List.of("once", "upon"))) {
            RewardFormat format = new RewardFormat(words, true, 100);
            format.check();
            assertThat(format.answer("once", "upon", true).ids()).hasSize(4);
        }
    }

    @Test
    void aTokenThatBeginsAndEndsTextsIsNoTextThatBeginsTwice() throws IOException {
        Path tokenizer = Files.writeString(folder.resolve("tokenizer.json"), """
                {"added_tokens": [{"id": 2, "content": "<s>", "special": true, "single_word": false, "lstrip": false,
                  "rstrip": false, "normalized": false}],
                 "pre_tokenizer": {"type": "Whitespace"},
                 "model": {"type": "WordLevel", "vocab": {"yes": 0, "no": 1, "<s>": 2, "?": 3}, "unk_token": "?"}}
                """);
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"bos_token\": \"<s>\", \"eos_token\": \"<s>\"}");
        try (Tokenizer words = Tokenizers.open(tokenizer)) {
            RewardFormat format = new RewardFormat(words, true, 100);
            format.check();
            assertThat(format.answer("", "", true).ids()).containsExactly(2, 2);
        }
    }

    @Test
    void wordsOfAClosedListNeedNotHoldThoseOfTheTrial() {
        WordTokenizer words = new WordTokenizer(List.of("yes", "no"));
        ChatTemplate plain = ChatTemplate.parse("{% for m in messages %} {{ m.content }}{% endfor %}", "plain");
        RewardFormat turns = new RewardFormat(words, true, 100, Optional.of(plain));
        turns.check();
        assertThat(turns.answer("no", "yes", true).ids()).isEqualTo(words.encode("no yes", false));
    }

    @Test
    void refusesATemplateThatDropsTheAnswer() {
        ChatTemplate first = ChatTemplate.parse("{{ messages[0].content }}", "first");
        try (ByteTokenizer tokenizer = new ByteTokenizer()) {
            RewardFormat format = new RewardFormat(tokenizer, true, 100, Optional.of(first));
            assertThatThrownBy(format::check)
                    .hasMessageContaining("first drops the prompt or the answer: the prompt 'question' with the answer"
                            + " 'reply' becomes 'question'");
        }
    }
}
