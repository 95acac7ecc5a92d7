package dev.save4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TaleGrammarTest {
    private static final int TALES = 1000;

    private static TalePrompt prompt(int index) {
        return TalePrompt.number((index * 7919) % TalePrompt.COUNT);
    }

    private static long adjectives(Tale tale) {
        return tale.words().stream().filter(Lexicon.ADJECTIVES::contains).count();
    }

    @Test
    void talesWithoutFlawsHaveTheWholeGoldReward() {
        for (int i = 0; i < TALES; i++) {
            Tale tale = TaleGrammar.flawless(prompt(i), RandomStream.of(1, "flawless", i));

            assertThat(GoldReward.score(tale)).as(tale.text()).isCloseTo(1, Offset.offset(1e-12));
            assertThat(tale.words().size()).isBetween(TaleGrammar.SHORTEST_GOOD, TaleGrammar.LONGEST_GOOD);
            assertThat(Sentences.split(tale.words()).size()).isGreaterThanOrEqualTo(5);
            assertThat(adjectives(tale)).isBetween(1L, 2L);
            assertThat(tale.flaws()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(Flaw.class)
    void eachFlawLowersTheGoldReward(Flaw flaw) {
        for (int i = 0; i < TALES; i++) {
            Tale tale = TaleGrammar.tale(prompt(i), Set.of(flaw), RandomStream.of(2, flaw.name(), i));

            assertThat(GoldReward.score(tale)).as(flaw + ": " + tale.text()).isLessThan(.98);
            assertThat(tale.words()).hasSizeLessThanOrEqualTo(TaleGrammar.MAX_WORDS);
            assertThat(tale.flaws()).containsExactly(flaw);
        }
    }

    @Test
    void repeatsASentenceWordForWord() {
        for (int i = 0; i < TALES; i++) {
            Tale tale = TaleGrammar.tale(prompt(i), Set.of(Flaw.REPETITION), RandomStream.of(3, "repetition", i));
            var sentences = Sentences.split(tale.words());

            assertThat(new HashSet<>(sentences)).as(tale.text()).hasSize(sentences.size() - 1);
        }
    }

    @Test
    void longTalesAreLongAndShortTalesShort() {
        for (int i = 0; i < TALES; i++) {
            Tale tooLong = TaleGrammar.tale(prompt(i), Set.of(Flaw.TOO_LONG), RandomStream.of(4, "long", i));
            Tale tooShort = TaleGrammar.tale(prompt(i), Set.of(Flaw.TOO_SHORT), RandomStream.of(4, "short", i));
            Tale spam = TaleGrammar.tale(prompt(i), Set.of(Flaw.SPAM), RandomStream.of(4, "spam", i));

            assertThat(tooLong.words().size()).isBetween(39, TaleGrammar.MAX_WORDS);
            assertThat(tooShort.words().size()).isLessThanOrEqualTo(TaleGrammar.SHORTEST_GOOD);
            assertThat(adjectives(spam)).isBetween(5L, 9L);
        }
    }

    @Test
    void neverExceedsTheMaximumWhateverGoesWrong() {
        FlawRates heavy = FlawRates.none();
        for (Flaw flaw : Flaw.values()) {
            heavy = heavy.with(flaw, .5);
        }
        for (int i = 0; i < 5 * TALES; i++) {
            Tale tale = TaleGrammar.sample(prompt(i), heavy, RandomStream.of(5, "heavy", i));

            assertThat(tale.words()).hasSizeBetween(6, TaleGrammar.MAX_WORDS);
            assertThat(tale.tokens()).hasSize(tale.words().size() + 1).endsWith(TaleVocabulary.EOS);
            assertThat(GoldReward.score(tale)).isBetween(-1.0, 1.0);
        }
    }

    @Test
    void variesWhatItTells() {
        TalePrompt prompt = prompt(0);
        Set<String> texts = new HashSet<>();
        for (int i = 0; i < TALES; i++) {
            texts.add(TaleGrammar.flawless(prompt, RandomStream.of(6, "variety", i))
                    .text());
        }

        assertThat(texts).hasSizeGreaterThan(TALES * 99 / 100);
    }

    @Test
    void usesEveryWordOfTheVocabulary() {
        Set<String> used = new HashSet<>();
        for (int i = 0; i < 20 * TALES; i++) {
            used.addAll(TaleGrammar.sample(prompt(i), FlawRates.defaults(), RandomStream.of(7, "words", i))
                    .words());
        }
        Set<String> never = new HashSet<>(TaleVocabulary.standard().words());
        never.removeAll(used);

        assertThat(never).containsExactlyInAnyOrder("<pad>", "<bos>", "<eos>", ":");
    }

    @Test
    void drawsFlawsAtTheirRates() {
        FlawRates rates = FlawRates.defaults();
        int plain = 0;
        int exclusive = 0;
        for (int i = 0; i < 20 * TALES; i++) {
            Set<Flaw> flaws = rates.draw(RandomStream.of(8, "rates", i));
            plain += flaws.contains(Flaw.PLAIN) ? 1 : 0;
            exclusive += flaws.containsAll(EnumSet.of(Flaw.PLAIN, Flaw.SPAM)) ? 1 : 0;
        }
        assertThat(plain / (20.0 * TALES)).isCloseTo(rates.rates().get(Flaw.PLAIN), Offset.offset(.015));
        assertThat(exclusive).isZero();
        assertThat(FlawRates.none().draw(RandomStream.of(8, "none", 0))).isEmpty();
    }

    @Test
    void refusesFlawsThatExcludeEachOtherAndRatesThatAreNone() {
        assertThatThrownBy(() ->
                        TaleGrammar.tale(prompt(0), EnumSet.of(Flaw.PLAIN, Flaw.SPAM), RandomStream.of(1, "any", 0)))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("A tale cannot have the flaws PLAIN and SPAM at once");
        assertThatThrownBy(() -> FlawRates.none().with(Flaw.SPAM, 1.5))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("The rate of SPAM must be in [0, 1], but is 1.5");
    }
}
