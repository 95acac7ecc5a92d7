package dev.save4j.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A tokenizer of ten words with a template like BERT's, and truncation and padding switched on in the file. */
class HuggingFaceTokenizerTest {
    private static final String SPECIAL =
            "{\"id\": %d, \"content\": \"%s\", \"single_word\": false, \"lstrip\": false, \"rstrip\": false,"
                    + " \"normalized\": false, \"special\": true}";
    private static final String TEMPLATE = "{\"type\": \"TemplateProcessing\","
            + " \"single\": [{\"SpecialToken\": {\"id\": \"[CLS]\", \"type_id\": 0}},"
            + " {\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}, {\"SpecialToken\": {\"id\": \"[SEP]\", \"type_id\": 0}}],"
            + " \"pair\": [{\"SpecialToken\": {\"id\": \"[CLS]\", \"type_id\": 0}},"
            + " {\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}, {\"SpecialToken\": {\"id\": \"[SEP]\", \"type_id\": 0}},"
            + " {\"Sequence\": {\"id\": \"B\", \"type_id\": 1}}, {\"SpecialToken\": {\"id\": \"[SEP]\", \"type_id\": 1}}],"
            + " \"special_tokens\": {\"[CLS]\": {\"id\": \"[CLS]\", \"ids\": [8], \"tokens\": [\"[CLS]\"]},"
            + " \"[SEP]\": {\"id\": \"[SEP]\", \"ids\": [9], \"tokens\": [\"[SEP]\"]}}}";

    @TempDir
    Path folder;

    @BeforeEach
    void writeTokenizer() throws IOException {
        writeTokenizer(TEMPLATE);
    }

    private void writeTokenizer(String postProcessor) throws IOException {
        Files.writeString(
                folder.resolve("tokenizer.json"),
                "{\"version\": \"1.0\", \"truncation\": {\"direction\": \"Right\", \"max_length\": 4,"
                        + " \"strategy\": \"LongestFirst\", \"stride\": 0}, \"padding\": {\"strategy\": {\"Fixed\": 16},"
                        + " \"direction\": \"Right\", \"pad_to_multiple_of\": null, \"pad_id\": 7, \"pad_type_id\": 0,"
                        + " \"pad_token\": \"[PAD]\"}, \"added_tokens\": ["
                        + String.join(
                                ", ",
                                SPECIAL.formatted(7, "[PAD]"),
                                SPECIAL.formatted(8, "[CLS]"),
                                SPECIAL.formatted(9, "[SEP]"))
                        + "], \"normalizer\": null, \"pre_tokenizer\": {\"type\": \"WhitespaceSplit\"},"
                        + " \"post_processor\": " + postProcessor
                        + ", \"decoder\": null, \"model\": {\"type\": \"WordLevel\","
                        + " \"unk_token\": \"?\", \"vocab\": {\"?\": 0, \"a\": 1, \"b\": 2, \"c\": 3, \"d\": 4, \"e\": 5,"
                        + " \"f\": 6, \"[PAD]\": 7, \"[CLS]\": 8, \"[SEP]\": 9}}}");
    }

    @Test
    void nothingIsTruncatedOrPadded() {
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            assertThat(tokenizer.encode("a b c d e f")).containsExactly(8, 1, 2, 3, 4, 5, 6, 9);
            assertThat(tokenizer.encode("a b", false)).containsExactly(1, 2);
        }
    }

    @Test
    void cuttingKeepsTheSpecialTokens() {
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            assertThat(tokenizer.encode("a b c d", 5)).isEqualTo(new Encoded(new int[] {8, 1, 2, 3, 9}, true));
            assertThat(tokenizer.encode("a b c d", 6)).isEqualTo(new Encoded(new int[] {8, 1, 2, 3, 4, 9}, false));
            assertThat(tokenizer.encode("a b", 2)).isEqualTo(new Encoded(new int[] {8, 9}, true));
        }
    }

    @Test
    void aSpecialTokenInsideTheTextIsTextWhenCutting() {
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            assertThat(tokenizer.encode("a [SEP] b", 4)).isEqualTo(new Encoded(new int[] {8, 1, 9, 9}, true));
        }
    }

    @Test
    void noRoomForTheSpecialTokensIsAnError() {
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            assertThatThrownBy(() -> tokenizer.encode("a", 1))
                    .hasMessage(
                            "a text of at most 1 tokens has no room for the 2 special tokens around it; allow more");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "a b c d e, f, 8, 8 1 2 3 4 9 6 9, 0 0 0 0 0 0 1 1",
        "a b c d e, f, 6, 8 1 2 9 6 9, 0 0 0 0 1 1",
        "a, b c d e f, 7, 8 1 9 2 3 4 9, 0 0 0 1 1 1 1",
        "a b c, d e f, 8, 8 1 2 9 4 5 6 9, 0 0 0 0 1 1 1 1",
        "a b c, d e f, 7, 8 1 2 9 4 5 9, 0 0 0 0 1 1 1",
        "a b c, d e f, 3, 8 9 9, 0 0 1",
    })
    void pairsLoseTheEndOfTheLongerTextFirst(String first, String second, int max, String ids, String types) {
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            EncodedPair pair = tokenizer.encodePair(first, second, max);
            assertThat(pair.ids()).isEqualTo(numbers(ids));
            assertThat(pair.tokenTypeIds()).isEqualTo(numbers(types));
            assertThat(pair.truncated()).isTrue();
            assertThat(tokenizer.encodePair(first, second).truncated()).isFalse();
        }
    }

    /** The library truncates too, but only to one length fixed when it is opened. */
    @Test
    void cutsLikeTheLibraryItself() throws IOException {
        String words = "a b c d e f";
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            for (int max = 3; max <= 9; max++) {
                try (var library = ai.djl.huggingface.tokenizers.HuggingFaceTokenizer.newInstance(
                        folder.resolve("tokenizer.json"),
                        Map.of("truncation", "true", "padding", "false", "maxLength", String.valueOf(max)))) {
                    for (int i = 0; i <= 6; i++) {
                        for (int j = 0; j <= 6; j++) {
                            String first = words.substring(0, Math.max(0, 2 * i - 1));
                            String second = words.substring(0, Math.max(0, 2 * j - 1));
                            var expected = library.encode(first, second, true, false);
                            EncodedPair pair = tokenizer.encodePair(first, second, max);
                            assertThat(pair.ids())
                                    .as("%s and %s tokens in %s", i, j, max)
                                    .containsExactly(narrow(expected.getIds()));
                            assertThat(pair.tokenTypeIds()).containsExactly(narrow(expected.getTypeIds()));
                        }
                    }
                }
            }
        }
    }

    private static int[] narrow(long[] wide) {
        return Arrays.stream(wide).mapToInt(Math::toIntExact).toArray();
    }

    @Test
    void withoutAPairTemplateThereAreNoPairs() throws IOException {
        writeTokenizer("null");
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            assertThat(tokenizer.encodesPairs()).isFalse();
            assertThatThrownBy(() -> tokenizer.encodePair("a", "b"))
                    .hasMessage("this tokenizer has no form for a pair of texts; put both into one text,"
                            + " or use a tokenizer.json with a pair template");
        }
    }

    @Test
    void aPairTemplateInsideASequenceIsFound() throws IOException {
        writeTokenizer("{\"type\": \"Sequence\", \"processors\": [" + TEMPLATE + "]}");
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            assertThat(tokenizer.encodesPairs()).isTrue();
        }
    }

    @Test
    void decodingLeavesOutSpecialTokensAndMarksIdsWithoutAToken() {
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            assertThat(tokenizer.decode(new int[] {8, 1, 2, 9, 7})).isEqualTo("a b");
            assertThat(tokenizer.decode(new int[] {8, 1, 9}, false)).isEqualTo("[CLS] a [SEP]");
            assertThat(tokenizer.decode(new int[] {1, 2, 4711, 3})).isEqualTo("a b\uFFFDc");
            assertThat(tokenizer.decode(new int[0])).isEmpty();
            assertThatThrownBy(() -> tokenizer.decode(new int[] {-1}))
                    .hasMessage("there is no token with the negative id -1");
        }
    }

    @Test
    void specialTokensAreTextsOrObjects() throws IOException {
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                "{\"bos_token\": {\"content\": \"[CLS]\", \"lstrip\": false}, \"eos_token\": \"[SEP]\", \"pad_token\": null}");
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            assertThat(tokenizer.beginOfText()).hasValue(8);
            assertThat(tokenizer.endOfText()).hasValue(9);
            assertThat(tokenizer.padding()).hasValue(7);
        }
    }

    @Test
    void isWrittenAsItWasRead() throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\": \"[SEP]\"}");
        Path copy = Files.createDirectory(folder.resolve("copy"));
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            tokenizer.writeTo(copy);
        }
        assertThat(copy.resolve("tokenizer.json")).hasSameBinaryContentAs(folder.resolve("tokenizer.json"));
        try (Tokenizer tokenizer = Tokenizers.open(copy)) {
            assertThat(tokenizer.endOfText()).hasValue(9);
        }
    }

    @Test
    void mayBeClosedTwice() {
        Tokenizer tokenizer = Tokenizers.open(folder);
        tokenizer.close();
        tokenizer.close();
    }

    @Test
    void aFileThatIsNoTokenizerIsNamed() throws IOException {
        Path file = folder.resolve("tokenizer.json");
        Files.writeString(file, "{\"model\": {}}");
        assertThatThrownBy(() -> Tokenizers.open(folder))
                .hasMessageStartingWith(file + " is not a tokenizer that can be read: ");
    }

    @Test
    void aFileThatIsNoJsonIsNamedWithThePlace() throws IOException {
        Path file = folder.resolve("tokenizer.json");
        Files.writeString(file, "{\n\"model\": nil}");
        assertThatThrownBy(() -> Tokenizers.open(folder))
                .hasMessageStartingWith(file + " is not valid JSON at line 2, column ");
    }

    @Test
    void aKeyTwiceIsRefused() throws IOException {
        Path file = folder.resolve("tokenizer.json");
        Files.writeString(file, "{\"model\": 1, \"model\": 2}");
        assertThatThrownBy(() -> Tokenizers.open(folder))
                .hasMessageStartingWith(file + " is not valid JSON at line 1, column ")
                .hasMessageContaining("model");
    }

    @Test
    void aListInsteadOfAnObjectIsRefused() throws IOException {
        Path file = folder.resolve("tokenizer.json");
        Files.writeString(file, "[]");
        assertThatThrownBy(() -> Tokenizers.open(folder)).hasMessage(file + " holds ARRAY instead of a JSON object");
    }

    private static int[] numbers(String text) {
        return Arrays.stream(text.split(" ")).mapToInt(Integer::parseInt).toArray();
    }
}
