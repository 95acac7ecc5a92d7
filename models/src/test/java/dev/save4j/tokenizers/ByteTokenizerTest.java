package dev.save4j.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ByteTokenizerTest {
    private final Tokenizer tokenizer = new ByteTokenizer();

    @Test
    void everyByteIsAToken() {
        assertThat(tokenizer.encode("aé")).containsExactly(256, 97, 195, 169);
        assertThat(tokenizer.encode("a", false)).containsExactly(97);
        assertThat(tokenizer.encode("abc", 3)).isEqualTo(new Encoded(new int[] {256, 97, 98}, true));
        assertThat(tokenizer.vocabularySize()).isEqualTo(259);
    }

    @Test
    void decodingLeavesOutSpecialTokensAndMarksBrokenCharacters() {
        assertThat(tokenizer.decode(tokenizer.encode("tabs\t and 😀"))).isEqualTo("tabs\t and 😀");
        assertThat(tokenizer.decode(new int[] {256, 97, 257, 258, 300, 195})).isEqualTo("a\uFFFD\uFFFD");
        assertThat(tokenizer.decode(new int[] {256, 97, 257, 258}, false)).isEqualTo("<s>a</s><pad>");
    }

    @Test
    void knowsItsSpecialTokens() {
        assertThat(tokenizer.specialToken("<s>"))
                .isEqualTo(tokenizer.beginOfText())
                .hasValue(256);
        assertThat(tokenizer.specialToken("</s>"))
                .isEqualTo(tokenizer.endOfText())
                .hasValue(257);
        assertThat(tokenizer.specialToken("<pad>"))
                .isEqualTo(tokenizer.padding())
                .hasValue(258);
        assertThat(tokenizer.specialToken("a")).isEmpty();
    }

    @Test
    void isOpenedByItsMarker(@TempDir Path folder) {
        tokenizer.writeTo(folder);
        assertThat(Tokenizers.open(folder)).isInstanceOf(ByteTokenizer.class);
    }
}
