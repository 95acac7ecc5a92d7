package dev.save4j.algorithms;

import dev.save4j.SaveException;
import dev.save4j.algorithms.AlgorithmSettings.Baseline;
import dev.save4j.algorithms.AlgorithmSettings.KlPlace;
import dev.save4j.algorithms.AlgorithmSettings.Scale;
import dev.save4j.algorithms.AlgorithmSettings.Whitening;
import dev.save4j.objectives.KlPenalty.Estimator;
import dev.save4j.objectives.PolicyObjective.Normaliser;
import dev.save4j.objectives.PolicyObjective.Ratio;
import dev.save4j.objectives.PolicyObjective.Surrogate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Settings that reproduce the constants of other frameworks, under one name each:
 *
 * <dl>
 *   <dt>{@code paper}
 *   <dd>what the algorithm's own paper writes: GRPO arXiv 2402.03300, Dr. GRPO 2503.20783, RLOO 2402.14740, GSPO 2507.18071, REINFORCE++ 2501.03262
 *   <dt>{@code trl}
 *   <dd>huggingface/trl at f2cd577: {@code trl/trainer/grpo_config.py} and {@code grpo_trainer.py} (loss type dapo, ε_A 1e-4, β 0),
 *       {@code rloo_config.py} and {@code rloo_trainer.py} (β 0.05), {@code docs/source/paper_index.md} (GSPO and Dr. GRPO)
 *   <dt>{@code verl}
 *   <dd>verl-project/verl at 1dda039: {@code verl/trainer/ppo/core_algos.py} and {@code verl/trainer/config/actor/actor.yaml} (ε_A 1e-6, dual
 *       clip 3, log-ratio in ±20, token mean); the clip range of GSPO is that of {@code examples/gspo_trainer}, the library's default of 0.2 never
 *       acts; {@code gspo} is always the token form there. verl gives a group of one its reward as advantage; save4j refuses such a group.
 *   <dt>{@code openrlhf}
 *   <dd>OpenRLHF/OpenRLHF at 3c3be62: {@code openrlhf/trainer/ppo_utils/experience_maker.py}, {@code openrlhf/models/loss.py} and
 *       {@code openrlhf/cli/train_ppo_ray.py} (estimators group_norm, dr_grpo, rloo and reinforce; k1 with 0.01 and limit 10 as a reward of
 *       tokens, rewards held in ±10 after the baseline). {@code gspo} keeps its clip range of 0.2 there, so {@code force_clip} is set. Its
 *       whitening divides by √max(variance, 1e-8), which save4j writes as √(variance + 1e-8).
 * </dl>
 */
public final class Presets {
    private static final double NONE = Double.POSITIVE_INFINITY;

    /** TRL's {@code max_completion_length}; whoever knows the limit of a run overrides it. */
    private static final int LONGEST_ANSWER = 512;

    private static final Map<String, Map<String, AlgorithmSettings>> ALL = all();

    private Presets() {}

    /** Names of the presets. */
    public static List<String> names() {
        return List.copyOf(ALL.keySet());
    }

    /** Names of the algorithms for which a preset has settings. */
    public static List<String> algorithms(String preset) {
        return List.copyOf(preset(preset).keySet());
    }

    /** The settings of one algorithm in one preset; a USER error lists what exists. */
    public static AlgorithmSettings of(String preset, String algorithm) {
        Map<String, AlgorithmSettings> known = preset(preset);
        AlgorithmSettings settings = known.get(algorithm);
        if (settings == null) {
            throw SaveException.user(
                    PolicyAlgorithms.unknown("algorithm of preset '" + preset + "' called", algorithm, known.keySet()));
        }
        return settings;
    }

    private static Map<String, AlgorithmSettings> preset(String name) {
        Map<String, AlgorithmSettings> settings = ALL.get(name);
        if (settings == null) {
            throw SaveException.user(PolicyAlgorithms.unknown("preset", name, ALL.keySet()));
        }
        return settings;
    }

    private static Map<String, Map<String, AlgorithmSettings>> all() {
        Map<String, Map<String, AlgorithmSettings>> presets = new LinkedHashMap<>();
        presets.put("paper", paper());
        presets.put("trl", trl());
        presets.put("verl", verl());
        presets.put("openrlhf", openrlhf());
        return presets;
    }

    /** GRPO as in its paper; every other entry says how it differs. */
    private static AlgorithmSettings base(String algorithm) {
        return new AlgorithmSettings(
                algorithm,
                Baseline.GROUP_MEAN,
                Scale.GROUP,
                1,
                1e-4,
                NONE,
                Whitening.NONE,
                1e-8,
                Surrogate.CLIPPED,
                Ratio.TOKEN,
                0.2,
                0.2,
                NONE,
                NONE,
                NONE,
                Normaliser.SEQUENCE_MEAN,
                LONGEST_ANSWER,
                0,
                KlPlace.LOSS,
                Estimator.K3,
                NONE,
                NONE,
                0,
                false);
    }

    private static Map<String, AlgorithmSettings> paper() {
        Map<String, AlgorithmSettings> settings = new LinkedHashMap<>();
        settings.put("grpo", base("grpo"));
        settings.put("dr-grpo", base("dr-grpo").with(Map.of("scale", "none", "normaliser", "constant")));
        settings.put("rloo", rlooWithSequenceRatio());
        settings.put("gspo", base("gspo").with(gspo("sequence-mean")));
        settings.put("gspo-token", base("gspo-token").with(gspo("sequence-mean-token")));
        settings.put(
                "reinforce++",
                base("reinforce++")
                        .with(Map.of(
                                "baseline",
                                "none",
                                "scale",
                                "none",
                                "whitening",
                                "tokens",
                                "normaliser",
                                "token-mean",
                                "beta",
                                0.01,
                                "kl_place",
                                "token-reward",
                                "kl_estimator",
                                "k1")));
        return settings;
    }

    private static Map<String, AlgorithmSettings> trl() {
        Map<String, AlgorithmSettings> settings = new LinkedHashMap<>();
        settings.put("grpo", base("grpo").with(Map.of("normaliser", "token-mean")));
        settings.put("dr-grpo", base("dr-grpo").with(Map.of("scale", "none", "normaliser", "constant")));
        settings.put("rloo", rlooWithSequenceRatio());
        settings.put("gspo", base("gspo").with(gspo("sequence-mean")));
        settings.put("gspo-token", base("gspo-token").with(gspo("sequence-mean-token")));
        return settings;
    }

    private static Map<String, AlgorithmSettings> verl() {
        Map<String, Object> common = Map.of(
                "advantage_epsilon", 1e-6,
                "dual_clip", 3,
                "log_ratio_limit", 20,
                "normaliser", "token-mean",
                "kl_input_limit", 20,
                "kl_limit", 10);
        Map<String, Object> gspo = gspo("sequence-mean-token");
        gspo.put("dual_clip", "none");
        gspo.put("log_ratio_limit", 10);
        gspo.put("normaliser", "sequence-mean");
        Map<String, AlgorithmSettings> settings = new LinkedHashMap<>();
        settings.put("grpo", base("grpo").with(common));
        settings.put("dr-grpo", base("dr-grpo").with(common).with(Map.of("scale", "none", "normaliser", "constant")));
        settings.put("rloo", base("rloo").with(common).with(Map.of("baseline", "leave-one-out", "scale", "none")));
        settings.put("gspo", base("gspo").with(common).with(gspo));
        settings.put("gspo-token", base("gspo-token").with(common).with(gspo));
        settings.put(
                "reinforce++",
                base("reinforce++")
                        .with(common)
                        .with(Map.of("baseline", "none", "scale", "none", "whitening", "tokens")));
        return settings;
    }

    private static Map<String, AlgorithmSettings> openrlhf() {
        Map<String, Object> common = Map.of(
                "advantage_epsilon",
                1e-9,
                "advantage_limit",
                10,
                "log_ratio_limit",
                20,
                "normaliser",
                "token-mean",
                "beta",
                0.01,
                "kl_place",
                "token-reward",
                "kl_estimator",
                "k1",
                "kl_limit",
                10);
        Map<String, AlgorithmSettings> settings = new LinkedHashMap<>();
        settings.put("grpo", base("grpo").with(common));
        settings.put("dr-grpo", base("dr-grpo").with(common).with(Map.of("scale", "none")));
        settings.put("rloo", base("rloo").with(common).with(Map.of("baseline", "leave-one-out", "scale", "none")));
        settings.put(
                "gspo",
                base("gspo")
                        .with(common)
                        .with(Map.of(
                                "ratio",
                                "sequence-mean",
                                "normaliser",
                                "sequence-mean",
                                "log_ratio_limit",
                                "none",
                                "force_clip",
                                true)));
        settings.put(
                "reinforce++",
                base("reinforce++")
                        .with(common)
                        .with(Map.of("baseline", "none", "scale", "none", "whitening", "tokens", "ddof", 0)));
        return settings;
    }

    private static AlgorithmSettings rlooWithSequenceRatio() {
        return base("rloo")
                .with(Map.of(
                        "baseline",
                        "leave-one-out",
                        "scale",
                        "none",
                        "ratio",
                        "sequence-sum",
                        "beta",
                        0.05,
                        "kl_place",
                        "reward",
                        "kl_estimator",
                        "k1"));
    }

    private static Map<String, Object> gspo(String ratio) {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("ratio", ratio);
        settings.put("epsilon_low", 3e-4);
        settings.put("epsilon_high", 4e-4);
        return settings;
    }
}
