package dev.save4j.tokenizers;

import static dev.save4j.tokenizers.SharedData.ints;
import static dev.save4j.tokenizers.SharedData.json;
import static dev.save4j.tokenizers.SharedData.path;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Ids of real tokenizers, computed with the libraries that their models were trained with. */
class TokenizerGoldenTest {
    @ParameterizedTest
    @ValueSource(strings = {"qwen3", "llama3", "bert-base-uncased"})
    void givesTheIdsOfTheReference(String name) {
        JsonNode cases = json("golden/tokenizers/hf-tokenizers-golden.json")
                .path("cases")
                .path(name);
        assertThat(cases).hasSize(10);
        try (Tokenizer tokenizer = Tokenizers.open(path("tokenizers/" + name))) {
            for (JsonNode golden : cases) {
                String text = golden.path("text").stringValue();
                int[] plain = ints(golden.path("ids_no_special"));
                assertThat(tokenizer.encode(text)).as(text).isEqualTo(ints(golden.path("ids_with_special")));
                assertThat(tokenizer.encode(text, false)).as(text).isEqualTo(plain);
                assertThat(tokenizer.decode(plain, false))
                        .isEqualTo(golden.path("decoded_no_special_ids").stringValue());
            }
        }
    }

    @Test
    void gpt2IsBuiltFromItsTwoFiles() {
        JsonNode cases = json("golden/tokenizers/gpt2-golden.json").path("cases");
        assertThat(cases).hasSize(7);
        try (Tokenizer tokenizer = Tokenizers.open(path("tokenizers/gpt2"))) {
            for (JsonNode golden : cases) {
                String text = golden.path("text").stringValue();
                assertThat(tokenizer.encode(text)).as(text).isEqualTo(ints(golden.path("ids")));
                assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
            }
            assertThat(tokenizer.vocabularySize()).isEqualTo(50_257);
            assertThat(tokenizer.endOfText()).hasValue(50_256);
            assertThat(tokenizer.encode("a<|endoftext|>", false)).endsWith(50_256);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"models/stories260k", "models/stories260k/hf"})
    void stories260kGivesTheIdsOfLlamaC(String folder) {
        JsonNode cases = json("golden/stories260k/golden.json").path("cases");
        assertThat(cases).hasSize(4);
        try (Tokenizer tokenizer = Tokenizers.open(path(folder))) {
            for (JsonNode golden : cases) {
                String text = golden.path("prompt").stringValue();
                if (text.isEmpty() && tokenizer instanceof HuggingFaceTokenizer) {
                    continue;
                }
                assertThat(tokenizer.encode(text)).as(text).isEqualTo(ints(golden.path("ids")));
                assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
            }
            assertThat(tokenizer.vocabularySize()).isEqualTo(512);
            assertThat(tokenizer.beginOfText()).hasValue(1);
            assertThat(tokenizer.endOfText()).hasValue(2);
        }
    }

    @Test
    void theTwoTokenizersOfStories260kAgreeOnAThousandStories() {
        JsonNode stories = json("prompts/tinystories/tinystories_1000.json");
        assertThat(stories).hasSize(1000);
        try (Tokenizer own = Tokenizers.open(path("models/stories260k"));
                Tokenizer library = Tokenizers.open(path("models/stories260k/hf"))) {
            for (JsonNode story : stories) {
                String text = story.stringValue();
                int[] ids = own.encode(text);
                assertThat(ids).as(text).isEqualTo(library.encode(text));
                assertThat(own.decode(ids)).isEqualTo(text);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "qwen3, 151669, -1, 151645, 151643, <|im_start|>, 151644",
        "llama3, 128256, 128000, 128001, -1, <|eot_id|>, 128009",
        "bert-base-uncased, 30522, -1, -1, 0, [SEP], 102",
    })
    void knowsTheSpecialTokens(String name, int size, int begin, int end, int padding, String token, int id) {
        try (Tokenizer tokenizer = Tokenizers.open(path("tokenizers/" + name))) {
            assertThat(tokenizer.vocabularySize()).isEqualTo(size);
            assertThat(tokenizer.beginOfText().orElse(-1)).isEqualTo(begin);
            assertThat(tokenizer.endOfText().orElse(-1)).isEqualTo(end);
            assertThat(tokenizer.padding().orElse(-1)).isEqualTo(padding);
            assertThat(tokenizer.specialToken(token)).hasValue(id);
            assertThat(tokenizer.specialToken("nothing of the kind")).isEmpty();
        }
    }

    @Test
    void truncationAndPaddingOfTheFileAreOff() {
        try (Tokenizer tokenizer = Tokenizers.open(path("tokenizers/bert-base-uncased"))) {
            assertThat(tokenizer.encode("one")).containsExactly(101, 2028, 102);
            assertThat(tokenizer.encode("one ".repeat(1000))).hasSize(1002).endsWith(2028, 102);
        }
        try (Tokenizer tokenizer = Tokenizers.open(path("tokenizers/qwen3"))) {
            assertThat(tokenizer.encode(" one".repeat(5000))).hasSize(5000);
        }
    }

    @Test
    void bertJoinsPairs() {
        try (Tokenizer tokenizer = Tokenizers.open(path("tokenizers/bert-base-uncased"))) {
            assertThat(tokenizer.encodesPairs()).isTrue();
            assertThat(tokenizer.encodePair("one two", "three"))
                    .isEqualTo(new EncodedPair(
                            new int[] {101, 2028, 2048, 102, 2093, 102}, new int[] {0, 0, 0, 0, 1, 1}, false));
        }
    }
}
