package dev.save4j.algorithms;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExplanationTest {
    private static List<String> explain(String preset, String algorithm, Map<String, ?> overrides) {
        return PolicyAlgorithms.builtIn()
                .create(Presets.of(preset, algorithm).with(overrides))
                .explain();
    }

    private static List<String> formulas(List<String> lines) {
        return lines.stream().filter(line -> !line.startsWith("setting")).toList();
    }

    @Test
    void grpoInWords() {
        assertThat(formulas(explain("verl", "grpo", Map.of("beta", 0.001))))
                .containsExactly(
                        "algorithm   grpo",
                        "unscorable  an answer whose reward is not a number is left out of every mean and deviation, gets A ="
                                + " 0 and is counted",
                        "reward      R_i = r_i",
                        "kl          kl_t = exp(x) - x - 1 with x = clip(ref_t - logp_t, -20, 20), held in [-10, 10] (k3)",
                        "advantage   A_i = (R_i - mean of R over the answers to the prompt) / (std + 1e-6), std of R over the"
                                + " answers to the prompt with divisor n - 1",
                        "ratio       rho = exp(clip(logp_t - old_t, -20, 20)), one per token",
                        "ratio       every exponent is held in [-80, 80], the range of single precision",
                        "surrogate   S = min(rho A, clip(rho, 0.8, 1.2) A)",
                        "surrogate   where A < 0: S = max(S, 3 A)",
                        "loss        the mean over all answer tokens of the batch of (-S + 0.001 kl_t)");
    }

    @Test
    void rlooInWords() {
        assertThat(formulas(explain("paper", "rloo", Map.of())))
                .contains(
                        "reward      R_i = r_i - 0.05 * sum_t kl_t",
                        "kl          kl_t = -x with x = ref_t - old_t (k1)",
                        "advantage   A_i = R_i - mean of R over the other answers to the prompt",
                        "ratio       rho = exp(sum_t (logp_t - old_t)), one per answer, not normalised by length",
                        "loss        the mean over answers of the mean over their tokens of -S");
    }

    @Test
    void everyConstantInForceIsPrinted() {
        AlgorithmSettings settings = Presets.of("paper", "gspo");
        List<String> lines = explain("paper", "gspo", Map.of());
        settings.asMap()
                .keySet()
                .forEach(key -> assertThat(lines).anyMatch(line -> line.startsWith("setting     " + key + " = ")));
        assertThat(lines).contains("setting     epsilon_low = 3e-4", "setting     delta = none");
        assertThat(formulas(lines)).contains("surrogate   S = min(rho A, clip(rho, 0.9997, 1.0004) A)");
    }

    @ParameterizedTest
    @CsvSource({
        "baseline,none",
        "scale,batch",
        "ddof,0",
        "advantage_epsilon,0.5",
        "advantage_limit,3",
        "whitening,tokens",
        "surrogate,reinforce",
        "ratio,sequence-sum",
        "epsilon_low,0.1",
        "epsilon_high,0.3",
        "delta,4",
        "dual_clip,3",
        "log_ratio_limit,10",
        "normaliser,constant",
        "beta,0.1",
        "entropy_coefficient,0.01"
    })
    void formulasFollowTheSettings(String key, String value) {
        assertThat(formulas(explain("paper", "grpo", Map.of(key, value))))
                .isNotEqualTo(formulas(explain("paper", "grpo", Map.of())));
    }

    @ParameterizedTest
    @CsvSource({"kl_place,reward", "kl_place,token-reward", "kl_estimator,k2", "kl_input_limit,5", "kl_limit,5"})
    void formulasFollowTheSettingsOfTheKl(String key, String value) {
        assertThat(formulas(explain("paper", "grpo", Map.of("beta", 0.1, key, value))))
                .isNotEqualTo(formulas(explain("paper", "grpo", Map.of("beta", 0.1))));
    }

    @Test
    void trapsAreNoted() {
        assertThat(explain("paper", "grpo", Map.of("beta", 0.1, "kl_estimator", "k1")))
                .anyMatch(line -> line.startsWith("note        k1 in the loss has a gradient of expectation 0"));
        assertThat(explain("paper", "rloo", Map.of("kl_estimator", "k3")))
                .anyMatch(line -> line.startsWith("note        k3 in the reward"));
        assertThat(explain("openrlhf", "gspo", Map.of()))
                .anyMatch(line -> line.startsWith("note        this clip range practically never meets"));
        assertThat(explain("paper", "gspo", Map.of("normaliser", "token-mean")))
                .anyMatch(line -> line.startsWith("note        normaliser token-mean weights the one ratio"));
        assertThat(explain("paper", "gspo", Map.of())).noneMatch(line -> line.startsWith("note"));
    }
}
