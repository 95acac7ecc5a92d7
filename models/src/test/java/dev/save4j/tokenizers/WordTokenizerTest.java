package dev.save4j.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WordTokenizerTest {
    @TempDir
    Path folder;

    private final WordTokenizer tokenizer = new WordTokenizer(List.of("Lily", "saw", "a", "bird", ".", ",", "don't"));

    @Test
    void wordsAndMarksAreTokens() {
        assertThat(tokenizer.encode(" Lily saw a\nbird, a bird.")).containsExactly(1, 3, 4, 5, 6, 8, 5, 6, 7);
        assertThat(tokenizer.encode("don't", false)).containsExactly(9);
        assertThat(tokenizer.encode("", false)).isEmpty();
        assertThat(tokenizer.vocabularySize()).isEqualTo(10);
    }

    @Test
    void decodingJoinsWithSpacesButNotBeforeMarks() {
        assertThat(tokenizer.decode(tokenizer.encode("Lily saw a bird, a bird.")))
                .isEqualTo("Lily saw a bird, a bird.");
        assertThat(tokenizer.decode(new int[] {1, 3, 99, 7, 2, 0})).isEqualTo("Lily \uFFFD.");
        assertThat(tokenizer.decode(new int[] {1, 3, 7, 2, 0}, false)).isEqualTo("<s> Lily. </s> <pad>");
    }

    @Test
    void cutsTheEnd() {
        assertThat(tokenizer.encode("Lily saw a", 3)).isEqualTo(new Encoded(new int[] {1, 3, 4}, true));
    }

    @Test
    void unknownWordsAreNamedTogether() {
        assertThatThrownBy(() -> tokenizer.encode("Lily sam a birds, x."))
                .hasMessage("the text has words that are not among the 7 of this tokenizer: sam, birds, x."
                        + " Did you mean 'saw' for 'sam'?");
    }

    @Test
    void knowsItsSpecialTokens() {
        assertThat(tokenizer.specialToken("<pad>"))
                .isEqualTo(tokenizer.padding())
                .hasValue(0);
        assertThat(tokenizer.specialToken("<s>"))
                .isEqualTo(tokenizer.beginOfText())
                .hasValue(1);
        assertThat(tokenizer.specialToken("</s>"))
                .isEqualTo(tokenizer.endOfText())
                .hasValue(2);
        assertThat(tokenizer.specialToken("Lily")).isEmpty();
    }

    @Test
    void isWrittenAndOpenedAgain() {
        tokenizer.writeTo(folder);
        Tokenizer again = Tokenizers.open(folder);
        assertThat(again)
                .isInstanceOfSatisfying(
                        WordTokenizer.class, words -> assertThat(words.words()).isEqualTo(tokenizer.words()));
    }

    @Test
    void badListsAreRefused() throws IOException {
        assertThatThrownBy(() -> new WordTokenizer(List.of("a", "b", "a")))
                .hasMessage("the word 'a' is in the list twice");
        assertThatThrownBy(() -> new WordTokenizer(List.of("a b")))
                .hasMessage(
                        "'a b' is not one word; words hold no white space and none of .,!?;: except as a word of its own");
        assertThatThrownBy(() -> new WordTokenizer(List.of(""))).hasMessageStartingWith("'' is not one word;");
        Path file = folder.resolve("words.json");
        Files.writeString(file, "{\"words\": [\"a\", \"a\"]}");
        assertThatThrownBy(() -> Tokenizers.open(folder)).hasMessage(file + ": the word 'a' is in the list twice");
        Files.writeString(file, "{\"words\": [1]}");
        assertThatThrownBy(() -> Tokenizers.open(folder)).hasMessage(file + ": 'words' holds 1, which is not a text");
        Files.writeString(file, "{}");
        assertThatThrownBy(() -> Tokenizers.open(folder)).hasMessage(file + " has no list 'words'");
    }
}
