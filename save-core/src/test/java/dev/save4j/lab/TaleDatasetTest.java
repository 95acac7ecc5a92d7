package dev.save4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.data.Preference;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class TaleDatasetTest {
    private static final TaleSizes SIZES = new TaleSizes(2000, 2000, 1000, 500, 64);
    private static final TaleDataset DATA = TaleDataset.generate(1, SIZES);

    private static String hash(TaleDataset data) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        data.supervised().forEach(tale -> update(digest, tale.prompt().text() + tale.text()));
        data.preferences()
                .forEach(pair -> update(
                        digest,
                        pair.prompt().text() + pair.chosen().text() + "|"
                                + pair.rejected().text()));
        data.heldOut()
                .forEach(pair -> update(
                        digest,
                        pair.prompt().text() + pair.chosen().text() + "|"
                                + pair.rejected().text()));
        data.trainingPrompts().forEach(prompt -> update(digest, prompt.text()));
        data.evaluationPrompts().forEach(prompt -> update(digest, prompt.text()));
        return HexFormat.of().formatHex(digest.digest()).substring(0, 16);
    }

    private static void update(MessageDigest digest, String text) {
        digest.update((text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void sameSeedGivesTheSameBytesOnEveryJavaVersion() throws Exception {
        TaleSizes small = new TaleSizes(50, 30, 20, 10, 5);

        assertThat(hash(TaleDataset.generate(42, small))).isEqualTo("25255fdd4c192424");
        assertThat(TaleDataset.generate(42, small)).isEqualTo(TaleDataset.generate(42, small));
        assertThat(hash(TaleDataset.generate(43, small))).isNotEqualTo("25255fdd4c192424");
    }

    @Test
    void theSizeOfOneSetChangesNoOther() {
        TaleDataset small = TaleDataset.generate(1, new TaleSizes(3, 10, 2, 7, 5));

        assertThat(small.supervised()).isEqualTo(DATA.supervised().subList(0, 3));
        assertThat(small.preferences()).isEqualTo(DATA.preferences().subList(0, 10));
        assertThat(small.heldOut()).isEqualTo(DATA.heldOut().subList(0, 2));
        assertThat(small.trainingPrompts()).isEqualTo(DATA.trainingPrompts().subList(0, 7));
        assertThat(small.evaluationPrompts()).isEqualTo(DATA.evaluationPrompts().subList(0, 5));
    }

    @Test
    void talesAreOfMixedQuality() {
        double[] gold =
                DATA.supervised().stream().mapToDouble(GoldReward::score).toArray();
        double mean = mean(gold);
        double deviation = Math.sqrt(
                mean(Arrays.stream(gold).map(g -> (g - mean) * (g - mean)).toArray()));

        assertThat(mean).isBetween(.55, .65);
        assertThat(deviation).isBetween(.15, .30);
        assertThat(DATA.supervised()).allMatch(tale -> tale.tokens().length <= 46);
        assertThat(DATA.supervised().stream()
                        .filter(tale -> tale.flaws().isEmpty())
                        .count())
                .isBetween(40L, 300L);
    }

    @Test
    void preferencesAreInformativeAndMislabelledAtTheGivenRate() {
        assertThat(DATA.preferences()).allMatch(pair -> Math.abs(pair.goldGap()) >= TaleDataset.SMALLEST_GAP);
        double wrong =
                DATA.preferences().stream().filter(TalePair::isMislabelled).count() / 2000.0;

        assertThat(wrong).isCloseTo(.15, within(.025));
        assertThat(DATA.heldOut()).noneMatch(TalePair::isMislabelled);
    }

    @Test
    void bradleyTerryLabelsFollowTheGap() {
        TaleDataset data = TaleDataset.generate(
                1, new TaleSizes(0, 3000, 0, 0, 0), FlawRates.defaults(), new Labels.BradleyTerry(.1));
        double wrong =
                data.preferences().stream().filter(TalePair::isMislabelled).count() / 3000.0;
        double expected = mean(data.preferences().stream()
                .mapToDouble(pair -> 1 / (1 + Math.exp(Math.abs(pair.goldGap()) / .1)))
                .toArray());

        assertThat(wrong).isCloseTo(expected, within(.02));
    }

    @Test
    void evaluationPromptsAreInNoTrainingSet() {
        Set<TalePrompt> training =
                DATA.supervised().stream().map(Tale::prompt).collect(Collectors.toCollection(HashSet::new));
        DATA.preferences().forEach(pair -> training.add(pair.prompt()));
        training.addAll(DATA.trainingPrompts());

        assertThat(DATA.evaluationPrompts()).hasSize(64).doesNotHaveDuplicates().noneMatch(training::contains);
        assertThat(DATA.heldOut()).hasSize(1000).noneMatch(pair -> training.contains(pair.prompt()));
        assertThat(DATA.trainingPrompts()).hasSize(500).doesNotHaveDuplicates();
        TaleDataset other = TaleDataset.generate(2, SIZES);
        assertThat(other.evaluationPrompts()).noneMatch(training::contains).isNotEqualTo(DATA.evaluationPrompts());
    }

    @Test
    void pairsBecomePreferences() {
        TalePair pair = DATA.preferences().get(0);
        Preference preference = pair.preference();

        assertThat(preference.promptText()).isEqualTo(pair.prompt().text());
        assertThat(TaleVocabulary.standard().encode(preference.promptText() + preference.chosenText()))
                .hasSize(5 + pair.chosen().words().size());
    }

    @Test
    void refusesSizesThatCannotBe() {
        assertThatThrownBy(() -> new TaleSizes(1, -1, 0, 0, 0))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("must not be negative");
        assertThatThrownBy(() -> TaleDataset.generate(1, new TaleSizes(0, 0, 0, 0, 100_000)))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("different evaluation prompts, but 100000 were asked for");
        assertThatThrownBy(() -> new Labels.GoldOrder(.7))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("is 0.7");
        assertThatThrownBy(() -> new Labels.BradleyTerry(0))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("is 0.0");
    }

    @Test
    void aProxyFromFewPairsPrefersWhatTheGoldRewardPunishes() {
        LinearProxy proxy = LinearProxy.fit(DATA.preferences().subList(0, 300));

        long right = DATA.heldOut().stream()
                .filter(pair -> proxy.score(pair.chosen().words())
                        > proxy.score(pair.rejected().words()))
                .count();
        assertThat(right / 1000.0).isBetween(.55, .85);

        double proxyBefore = 0;
        double proxyAfter = 0;
        double goldBefore = 0;
        double goldAfter = 0;
        List<Tale> tales = DATA.supervised().subList(0, 200);
        for (Tale tale : tales) {
            List<String> hacked = proxy.climb(tale.words(), 12);
            proxyBefore += proxy.score(tale.words());
            proxyAfter += proxy.score(hacked);
            goldBefore += GoldReward.score(tale);
            goldAfter += GoldReward.breakdown(tale.prompt(), hacked).total();
        }
        assertThat(proxyAfter / tales.size()).isGreaterThan(proxyBefore / tales.size() + 1);
        assertThat(goldAfter / tales.size()).isLessThan(goldBefore / tales.size() - .2);
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }
}
