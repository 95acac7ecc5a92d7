package dev.save4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import java.util.List;
import org.junit.jupiter.api.Test;

class TaleVocabularyTest {
    private final TaleVocabulary vocabulary = TaleVocabulary.standard();

    @Test
    void isSmallClosedAndStable() {
        assertThat(vocabulary.size()).isBetween(130, 200).isEqualTo(189);
        assertThat(vocabulary.words())
                .doesNotHaveDuplicates()
                .startsWith("<pad>", "<bos>", "<eos>", ".", ",", ":", "he", "she");
        assertThat(vocabulary.words()).allMatch(word -> word.matches("[a-z]+|[.,:]|<(pad|bos|eos)>"));
        assertThat(vocabulary.id(".")).isEqualTo(3);
        assertThat(vocabulary.id("lily")).isEqualTo(13);
        assertThat(vocabulary.word(188)).isEqualTo("too");
    }

    @Test
    void decodesWhatItEncodes() {
        String text = "one day , lily went to the garden . the end .";
        int[] tokens = vocabulary.encode(text);

        assertThat(tokens).hasSize(12);
        assertThat(vocabulary.text(tokens)).isEqualTo(text);
        assertThat(vocabulary.decode(new int[] {1, tokens[0], 0, 2})).containsExactly("one");
        assertThat(vocabulary.encode(" ")).isEmpty();
        for (int id = 0; id < vocabulary.size(); id++) {
            assertThat(vocabulary.id(vocabulary.word(id))).isEqualTo(id);
        }
    }

    @Test
    void refusesUnknownWordsAndIds() {
        assertThatThrownBy(() -> vocabulary.encode("once upon"))
                .isInstanceOfSatisfying(
                        SaveException.class, e -> assertThat(e.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageContaining("The word \"upon\" is not among the 186 words of the tales");
        for (int id : new int[] {-1, vocabulary.size()}) {
            assertThatThrownBy(() -> vocabulary.word(id))
                    .isInstanceOf(SaveException.class)
                    .hasMessageContaining(
                            "Token " + id + " is outside the vocabulary of the tales, which has 189 tokens");
        }
    }

    @Test
    void promptsAreSixTokensAndReadBack() {
        TalePrompt prompt = new TalePrompt("lily", "kite", "garden", "happy");

        assertThat(prompt.text()).isEqualTo("lily kite garden happy :");
        assertThat(prompt.tokens()).hasSize(6).startsWith(TaleVocabulary.BOS).endsWith(vocabulary.id(":"));
        assertThat(TalePrompt.of(prompt.tokens())).isEqualTo(prompt);
        assertThat(TalePrompt.of(vocabulary.encode(prompt.text()))).isEqualTo(prompt);
        for (int number = 0; number < TalePrompt.COUNT; number += 97) {
            TalePrompt any = TalePrompt.number(number);
            assertThat(TalePrompt.of(any.tokens())).isEqualTo(any);
        }
    }

    @Test
    void refusesWhatIsNoPrompt() {
        assertThatThrownBy(() -> new TalePrompt("kite", "lily", "garden", "happy"))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("A tale has no name \"kite\"; expected such as lily");
        assertThatThrownBy(() -> new TalePrompt("lily", "kite", "garden", "bored"))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("A tale has no mood \"bored\"; expected one of [happy, sad");
        assertThatThrownBy(() -> TalePrompt.of(vocabulary.encode("lily kite garden")))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("name, object, place, mood and a colon, but got tokens [13, ")
                .hasMessageContaining("[lily, kite, garden]");
    }

    @Test
    void everyMoodHasAnOppositeThatHasItBack() {
        assertThat(Lexicon.OPPOSITES.keySet()).containsExactlyInAnyOrderElementsOf(Lexicon.MOODS);
        Lexicon.OPPOSITES.forEach((mood, opposite) ->
                assertThat(List.of(Lexicon.OPPOSITES.get(opposite))).containsExactly(mood));
    }
}
