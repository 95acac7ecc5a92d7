package dev.save4j.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizersTest {
    private static final String LOOKED_FOR =
            " has no tokenizer: looked for tokenizer.json, words.json, tokenizer.bin, tok512.bin,"
                    + " encoder.json with vocab.bpe, and a tokenizer_config.json with \"tokenizer_class\": \"ByteTokenizer\", found ";

    @TempDir
    Path folder;

    @Test
    void saysWhatItLookedForAndWhatIsThere() throws IOException {
        assertThatThrownBy(() -> Tokenizers.open(folder)).hasMessage("the folder " + folder + LOOKED_FOR + "nothing");
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"LlamaTokenizer\"}");
        Files.createFile(folder.resolve("tokenizer.model"));
        assertThatThrownBy(() -> Tokenizers.open(folder))
                .hasMessage(
                        "the folder " + folder + LOOKED_FOR + "tokenizer.model, tokenizer_config.json."
                                + " Transformers converts it: AutoTokenizer.from_pretrained(…).save_pretrained(…) writes tokenizer.json");
    }

    @Test
    void aFileMayBeNamedInsteadOfAFolder() throws IOException {
        new WordTokenizer(List.of("a", "b")).writeTo(folder);
        Path words = folder.resolve("words.json");
        assertThat(Tokenizers.open(words).encode("b", false)).containsExactly(4);
        Path copy = Files.copy(words, folder.resolve("tale-words.json"));
        assertThat(Tokenizers.open(copy).vocabularySize()).isEqualTo(5);
        Path other = Files.createFile(folder.resolve("tokenizer.model"));
        assertThatThrownBy(() -> Tokenizers.open(other))
                .hasMessage(
                        other + " is not a tokenizer file; expected a tokenizer.json, a words.json or a tokenizer.bin,"
                                + " or the folder of a model");
        Path json = Files.writeString(folder.resolve("mine.json"), "{}");
        assertThatThrownBy(() -> Tokenizers.open(json))
                .hasMessageStartingWith(json + " is not a tokenizer that can be read: ");
        Path bin = Files.write(folder.resolve("mine.bin"), new byte[1]);
        assertThatThrownBy(() -> Tokenizers.open(bin))
                .hasMessage(bin + " is not a tokenizer of llama2.c: it holds 1 bytes");
    }

    @Test
    void aMissingFolderIsNamed() {
        Path missing = folder.resolve("none");
        assertThatThrownBy(() -> Tokenizers.open(missing)).hasMessage("there is no model folder " + missing);
    }

    @Test
    void gpt2IsReadFromBothPairsOfNames() throws IOException {
        String vocabulary = "{\"a\": 0, \"b\": 1, \"ab\": 2, \"\u0120\": 3, \"<|endoftext|>\": 4}";
        String merges = "#version: 0.2\na b\n\n";
        Files.writeString(folder.resolve("encoder.json"), vocabulary);
        Files.writeString(folder.resolve("vocab.bpe"), merges);
        Path newer = Files.createDirectory(folder.resolve("newer"));
        Files.writeString(newer.resolve("vocab.json"), vocabulary);
        Files.writeString(newer.resolve("merges.txt"), merges);
        Files.writeString(newer.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"GPT2TokenizerFast\"}");
        Path copy = Files.createDirectory(folder.resolve("copy"));
        try (Tokenizer older = Tokenizers.open(folder);
                Tokenizer other = Tokenizers.open(newer)) {
            assertThat(older.encode("ab a<|endoftext|>")).containsExactly(2, 3, 0, 4);
            assertThat(other.encode("ab a<|endoftext|>")).containsExactly(2, 3, 0, 4);
            older.writeTo(copy);
        }
        try (Tokenizer again = Tokenizers.open(copy)) {
            assertThat(again.encode("ab a")).containsExactly(2, 3, 0);
            assertThat(again.endOfText()).hasValue(4);
            assertThat(again.beginOfText()).hasValue(4);
        }
    }

    @Test
    void anotherVocabularyIsNotTakenForGpt2() throws IOException {
        Path file = folder.resolve("encoder.json");
        Files.writeString(file, "{\"a\": 0}");
        Files.createFile(folder.resolve("vocab.bpe"));
        assertThatThrownBy(() -> Tokenizers.open(folder))
                .hasMessage(file + " has no token <|endoftext|>; it is not the vocabulary of GPT-2");
    }
}
