package dev.save4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.lab.GoldReward.Breakdown;
import dev.save4j.lab.GoldReward.Property;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GoldRewardTest {
    private static final TalePrompt PROMPT = new TalePrompt("lily", "kite", "garden", "happy");
    private static final String OPENING = "once there was a small girl named lily . ";
    private static final String MIDDLE = "she ran to the garden . she felt happy . she looked for the kite . ";
    private static final String CLOSE = "at last , she found the kite . the end .";

    private static Breakdown judge(String text) {
        return GoldReward.breakdown(PROMPT, List.of(text.split(" ")));
    }

    private static double grade(Property property, String text) {
        return judge(text).grade(property);
    }

    @Test
    void weightsSumToOne() {
        assertThat(Arrays.stream(Property.values())
                        .mapToDouble(Property::weight)
                        .sum())
                .isCloseTo(1, within(1e-12));
    }

    @Test
    void givesAGoodTaleEverything() {
        Breakdown good = judge(OPENING + MIDDLE + CLOSE);

        assertThat(good.total()).isCloseTo(1, within(1e-12));
        assertThat(good.toString())
                .startsWith("1.000 (character 1.00, cast 1.00, ")
                .endsWith("fluency 1.00)");
    }

    @Test
    void gradesTheCharacter() {
        assertThat(grade(Property.CHARACTER, OPENING)).isEqualTo(1);
        assertThat(grade(Property.CHARACTER, "once there was a girl . lily felt very happy ."))
                .isEqualTo(.5);
        assertThat(grade(Property.CHARACTER, "once there was a girl named mia ."))
                .isZero();
    }

    @Test
    void gradesTheCast() {
        assertThat(grade(Property.CAST, OPENING + MIDDLE + "tom came along . " + CLOSE))
                .isEqualTo(.4);
        assertThat(grade(Property.CAST, OPENING + "tom came along . then ben laughed ."))
                .isZero();
    }

    @Test
    void gradesPronounsByTheSquareOfTheFittingShare() {
        assertThat(grade(Property.PRONOUNS, "lily felt very happy . he had a plan . she had a plan ."))
                .isEqualTo(.25);
        assertThat(grade(Property.PRONOUNS, "lily felt very happy . the wind sang in the leaves ."))
                .isEqualTo(.5);
    }

    @Test
    void gradesTheObject() {
        assertThat(grade(Property.OBJECT, "then she took the kite home .")).isEqualTo(1);
        assertThat(grade(Property.OBJECT, "a bird gave her the red kite .")).isEqualTo(1);
        assertThat(grade(Property.OBJECT, "she looked for the kite .")).isEqualTo(.5);
        assertThat(grade(Property.OBJECT, "the kite was gone . soon she got the ball ."))
                .isEqualTo(.5);
        assertThat(grade(Property.OBJECT, "soon she got the ball .")).isZero();
    }

    @Test
    void gradesThePlace() {
        assertThat(grade(Property.PLACE, MIDDLE)).isEqualTo(1);
        assertThat(grade(Property.PLACE, "she ran to the river .")).isZero();
    }

    @Test
    void gradesTheMood() {
        assertThat(grade(Property.MOOD, OPENING + MIDDLE + "then she was sad . " + CLOSE))
                .isEqualTo(.2);
        assertThat(grade(Property.MOOD, "she felt sad .")).isZero();
        assertThat(grade(Property.MOOD, OPENING + "she looked for the kite .")).isEqualTo(.4);
    }

    @Test
    void gradesTheEnding() {
        assertThat(grade(Property.ENDING, "she had a plan . the end .")).isEqualTo(1);
        assertThat(grade(Property.ENDING, "she had a plan . the end")).isEqualTo(.3);
        assertThat(grade(Property.ENDING, "the end . she had a plan .")).isEqualTo(.3);
        assertThat(grade(Property.ENDING, "she had a plan .")).isZero();
        assertThat(grade(Property.ENDING, "the end of the end .")).isZero();
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "8, 0", "16, .5", "24, 1", "36, 1", "41, .5", "46, 0", "500, 0"})
    void gradesTheLength(int words, double grade) {
        Breakdown judged = GoldReward.breakdown(
                PROMPT, List.of("tree ".repeat(words).strip().split(" ")).subList(0, words == 0 ? 0 : words));

        assertThat(judged.grade(Property.LENGTH)).isCloseTo(grade, within(1e-12));
    }

    @Test
    void gradesRepetition() {
        String text = OPENING + MIDDLE + CLOSE;
        assertThat(grade(Property.REPETITION, text)).isEqualTo(1);
        assertThat(grade(Property.REPETITION, OPENING + MIDDLE + "she felt happy . " + CLOSE))
                .isEqualTo(.5);
        assertThat(grade(Property.REPETITION, text.replace("small", "small small")))
                .isEqualTo(.75);
        assertThat(grade(Property.REPETITION, MIDDLE + MIDDLE)).isZero();
    }

    @ParameterizedTest
    @CsvSource({"0, .4", "1, 1", "2, 1", "3, .7", "4, .35", "5, .1", "6, 0", "15, 0"})
    void likesOneOrTwoAdjectivesAndNoMore(int count, double grade) {
        String adjectives = String.join(" ", Lexicon.ADJECTIVES.subList(0, count));
        String text = "lily was a " + adjectives + (count == 0 ? "" : " ")
                + "girl . she felt happy . she ran to the garden .";

        assertThat(grade(Property.ADJECTIVES, text)).isEqualTo(grade);
    }

    @Test
    void gradesFluencyByKnownNeighbours() {
        assertThat(grade(Property.FLUENCY, OPENING + MIDDLE + CLOSE)).isEqualTo(1);
        assertThat(grade(Property.FLUENCY, "lily kite garden happy found the the end . end the she was"))
                .isZero();
        double oneWrong = grade(Property.FLUENCY, OPENING + MIDDLE.replace("the garden", "garden") + CLOSE);
        assertThat(oneWrong).isBetween(.85, .95);
    }

    @Test
    void everyAdjectiveBeyondTwoLowersTheWhole() {
        double before = 2;
        for (int count = 2; count <= 12; count++) {
            String adjectives = String.join(" ", Lexicon.ADJECTIVES.subList(0, count));
            double total =
                    judge(OPENING.replace("small", adjectives) + MIDDLE + CLOSE).total();

            assertThat(total).as(count + " adjectives").isLessThan(before);
            before = total;
        }
        assertThat(before).isLessThan(.6);
    }

    @Test
    void earnsNothingBySayingNothing() {
        int[] prompt = PROMPT.tokens();

        assertThat(GoldReward.score(prompt, new int[0])).isEqualTo(-1);
        assertThat(GoldReward.score(prompt, new int[] {TaleVocabulary.EOS, 13})).isEqualTo(-1);
        assertThat(GoldReward.score(prompt, new int[] {TaleVocabulary.PAD, TaleVocabulary.BOS}))
                .isEqualTo(-1);
        assertThat(judge("lily").total()).isLessThan(-.7);
        assertThat(judge("the end .").total()).isLessThan(-.6);
    }

    @Test
    void isDefinedForWhateverAPolicyWrites() {
        int size = TaleVocabulary.standard().size();
        double sum = 0;
        for (int i = 0; i < 2000; i++) {
            RandomStream random = RandomStream.of(9, "garbage", i);
            int[] tokens = new int[random.nextInt(120)];
            for (int t = 0; t < tokens.length; t++) {
                tokens[t] = i % 2 == 0 ? random.nextInt(size) : random.nextInt(2 * size) - size / 2;
            }
            Breakdown judged = GoldReward.breakdown(PROMPT.tokens(), tokens);
            assertThat(judged.grades()).hasSize(Property.values().length);
            assertThat(judged.grades().values()).allMatch(grade -> grade >= 0 && grade <= 1);
            sum += judged.total();
        }
        assertThat(sum / 2000).isLessThan(-.5);
    }

    @Test
    void scoresTokensAndWordsAlike() {
        for (int i = 0; i < 200; i++) {
            RandomStream random = RandomStream.of(10, "alike", i);
            Tale tale = TaleGrammar.sample(TalePrompt.number(i), FlawRates.defaults(), random);

            assertThat(GoldReward.score(tale.prompt().tokens(), tale.tokens())).isEqualTo(GoldReward.score(tale));
        }
    }

    @Test
    void refusesPromptsThatAreNone() {
        assertThatThrownBy(() -> GoldReward.score(new int[] {1, 13}, new int[0]))
                .isInstanceOfSatisfying(
                        SaveException.class, e -> assertThat(e.kind()).isEqualTo(SaveException.Kind.USER));
    }
}
