package dev.save4j.algorithms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AlgorithmSettingsTest {
    @Test
    void allProblemsAreListedAtOnce() {
        Map<String, Object> overrides = new LinkedHashMap<>();
        overrides.put("epsilon_lo", 0.1);
        overrides.put("scale", "groups");
        overrides.put("forceful", true);
        overrides.put("ddof", 1.5);
        overrides.put("beta", -1);
        overrides.put("dual_clip", 0.5);
        assertThatThrownBy(() -> Presets.of("paper", "grpo").with(overrides))
                .isInstanceOf(SaveException.class)
                .hasMessageStartingWith("algorithm 'grpo' cannot run with these settings:\n")
                .hasMessageContaining("  - unknown setting 'epsilon_lo'; did you mean 'epsilon_low'?\n")
                .hasMessageContaining("  - unknown setting 'forceful'; known are baseline, scale, ddof,")
                .hasMessageContaining("  - scale must be one of group, leave-one-out, batch, none, but is 'groups'\n")
                .hasMessageContaining("  - ddof must be a whole number, but is '1.5'\n")
                .hasMessageContaining("  - dual_clip must be above 1, or none, but is 0.5\n")
                .hasMessageEndingWith("  - beta must be 0 or more, but is -1.0");
    }

    @Test
    void aClipRangeThatNeverActsIsRefusedUnlessForced() {
        Map<String, Object> wide = Map.of("epsilon_low", 0.2, "epsilon_high", 0.2);
        for (String name : new String[] {"gspo", "gspo-token"}) {
            assertThatThrownBy(() -> Presets.of("paper", name).with(wide))
                    .hasMessageContaining("a clip range of 0.2/0.2 (epsilon_low/epsilon_high) practically never clips a"
                            + " ratio that is normalised by length")
                    .hasMessageContaining("set 3e-4 and 4e-4 as in the GSPO paper, or force_clip: true");
            AlgorithmSettings forced =
                    Presets.of("paper", name).with(Map.of("epsilon_low", 0.2, "epsilon_high", 0.2, "force_clip", true));
            assertThat(forced.epsilonLow()).isEqualTo(0.2);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "advantage_epsilon|0|advantage_epsilon must be above 0, but is 0.0",
                "advantage_limit|-1|advantage_limit must be above 0, or none, but is -1.0",
                "epsilon_low|1.1|epsilon_low must lie in [0, 1], but is 1.1",
                "epsilon_high|none|epsilon_high must be 0 or more, but is Infinity",
                "delta|1.1|delta must be above 1 + epsilon_high, or it acts inside the clip range, but is 1.1",
                "surrogate|cispo|surrogate cispo needs delta, the cap of the ratio, above 1, but it is Infinity",
                "entropy_coefficient|none|entropy_coefficient must be finite, but is Infinity",
                "ddof|2|ddof must be 0 or 1, but is 2",
                "force_clip|yes|force_clip must be true or false, but is 'yes'",
                "beta|much|beta must be a number or none, but is 'much'",
                "algorithm|rloo|unknown setting 'algorithm'"
            })
    void aSettingOutsideItsRangeIsNamed(String key, String value, String message) {
        assertThatThrownBy(() -> Presets.of("paper", "grpo").with(Map.of(key, value)))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("\n  - " + message);
    }

    @Test
    void settingsThatContradictEachOtherAreRefused() {
        assertThatThrownBy(() -> Presets.of("paper", "dr-grpo").with(Map.of("longest_answer", 0)))
                .hasMessageContaining(
                        "normaliser constant needs longest_answer, the limit of answer tokens, but it is 0");
        assertThatThrownBy(() -> Presets.of("openrlhf", "reinforce++").with(Map.of("whitening", "answers")))
                .hasMessageContaining("whitening answers needs one advantage per answer");
    }

    @Test
    void oneAnswerIsNotEnoughForAComparison() {
        assertThatThrownBy(() -> Presets.of("paper", "rloo").requireGroup(1))
                .hasMessage(
                        "algorithm 'rloo' compares the answers to a prompt (baseline leave-one-out) and needs at least 2"
                                + " of them, but the group has 1: every advantage would be 0; set rollout.group to 2 or more");
        assertThatThrownBy(() -> Presets.of("verl", "grpo").requireGroup(1)).hasMessageContaining("group-mean");
        AlgorithmSettings leaveOneOut = Presets.of("paper", "grpo").with(Map.of("scale", "leave-one-out"));
        assertThatThrownBy(() -> leaveOneOut.requireGroup(2))
                .hasMessageContaining("needs at least 3 answers per prompt, but the group has 2");
        leaveOneOut.requireGroup(3);
        Presets.of("paper", "rloo").requireGroup(2);
        Presets.of("paper", "reinforce++").requireGroup(1);
    }

    @Test
    void settingsSurviveBeingWrittenAndRead() {
        for (String preset : Presets.names()) {
            for (String algorithm : Presets.algorithms(preset)) {
                AlgorithmSettings settings = Presets.of(preset, algorithm);
                Map<String, Object> written = new LinkedHashMap<>(settings.asMap());
                written.remove("algorithm");
                assertThat(settings.with(written)).isEqualTo(settings);
            }
        }
    }

    @Test
    void presetsHoldTheConstantsOfTheirFrameworks() {
        AlgorithmSettings trl = Presets.of("trl", "grpo");
        assertThat(List.of(trl.advantageEpsilon(), trl.epsilonLow(), trl.epsilonHigh(), trl.beta()))
                .containsExactly(1e-4, 0.2, 0.2, 0.0);
        assertThat(trl.asMap()).containsEntry("normaliser", "token-mean").containsEntry("ratio", "token");
        AlgorithmSettings verl = Presets.of("verl", "grpo");
        assertThat(List.of(verl.advantageEpsilon(), verl.dualClip(), verl.logRatioLimit()))
                .containsExactly(1e-6, 3.0, 20.0);
        AlgorithmSettings openrlhf = Presets.of("openrlhf", "grpo");
        assertThat(List.of(openrlhf.advantageEpsilon(), openrlhf.beta(), openrlhf.klLimit(), openrlhf.advantageLimit()))
                .containsExactly(1e-9, 0.01, 10.0, 10.0);
        assertThat(openrlhf.asMap()).containsEntry("kl_place", "token-reward").containsEntry("kl_estimator", "k1");
        AlgorithmSettings rloo = Presets.of("trl", "rloo");
        assertThat(rloo.beta()).isEqualTo(0.05);
        assertThat(rloo.asMap()).containsEntry("ratio", "sequence-sum").containsEntry("kl_place", "reward");
        AlgorithmSettings gspo = Presets.of("paper", "gspo");
        assertThat(List.of(gspo.epsilonLow(), gspo.epsilonHigh())).containsExactly(3e-4, 4e-4);
        assertThat(Presets.of("verl", "gspo").asMap()).containsEntry("ratio", "sequence-mean-token");
        assertThat(Presets.of("openrlhf", "gspo").forceClip()).isTrue();
        assertThat(Presets.of("openrlhf", "reinforce++").ddof()).isZero();
    }

    @Test
    void unknownNamesAreAnsweredWithWhatExists() {
        assertThatThrownBy(() -> Presets.of("vrl", "grpo"))
                .hasMessage("there is no preset 'vrl'. Available: paper, trl, verl, openrlhf. Did you mean 'trl'?");
        assertThatThrownBy(() -> Presets.of("trl", "reinforce++"))
                .hasMessage(
                        "there is no algorithm of preset 'trl' called 'reinforce++'. Available: grpo, dr-grpo, rloo,"
                                + " gspo, gspo-token.");
        assertThatThrownBy(() -> PolicyAlgorithms.builtIn().settings("trl", "reinforce++"))
                .hasMessageStartingWith("there is no algorithm of preset 'trl' called 'reinforce++'");
        assertThatThrownBy(() -> PolicyAlgorithms.builtIn().named("groo"))
                .hasMessageStartingWith("there is no algorithm 'groo'. Available: dr-grpo, grpo, gspo, gspo-token,"
                        + " reinforce++, rloo. Did you mean '");
    }

    @Test
    void aFurtherAlgorithmIsOneFactory() {
        PolicyAlgorithm.Factory own = new PolicyAlgorithm.Factory() {
            @Override
            public String name() {
                return "own";
            }

            @Override
            public AlgorithmSettings defaults() {
                return Presets.of("paper", "grpo");
            }

            @Override
            public PolicyAlgorithm create(AlgorithmSettings settings) {
                return PolicyAlgorithms.builtIn().create(settings);
            }
        };
        PolicyAlgorithms algorithms = PolicyAlgorithms.builtIn().with(own);
        assertThat(algorithms.names()).contains("own", "grpo");
        assertThat(algorithms.named("own")).isSameAs(own);
        assertThat(algorithms.settings("paper", "own")).isEqualTo(own.defaults());
        assertThat(algorithms.settings("verl", "grpo")).isEqualTo(Presets.of("verl", "grpo"));
        assertThatThrownBy(() -> algorithms.with(own)).hasMessage("two algorithms are called 'own'");
    }
}
