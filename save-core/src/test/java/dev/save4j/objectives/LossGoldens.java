package dev.save4j.objectives;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Losses and advantages of other toolkits: inputs and results from the tests of NVIDIA-NeMo/RL at 7ea279a and OpenRLHF at 3c3be62 (Apache 2.0),
 * {@code exact} being the same in double precision, and results derived from the source of verl at b178a3c and TRL at f2cd577.
 */
public final class LossGoldens {
    private LossGoldens() {}

    public static List<JsonNode> all() {
        List<JsonNode> cases = new ArrayList<>();
        JsonMapper.shared().readTree(CASES).forEach(cases::add);
        return cases;
    }

    public static JsonNode named(String name) {
        return all().stream()
                .filter(golden -> golden.get("name").asString().equals(name))
                .findFirst()
                .orElseThrow();
    }

    public static double[] vector(JsonNode node) {
        double[] values = new double[node.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = node.get(i).asDouble();
        }
        return values;
    }

    public static double[][] matrix(JsonNode node) {
        double[][] rows = new double[node.size()][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = vector(node.get(i));
        }
        return rows;
    }

    private static final String CASES = """
            [
            {"name": "ppo_clip_token", "curr_logprobs": [[-1.69315, -1, -0.59453]], "prev_logprobs": [[-1, -1,
              -1]], "advantages": [[1, -1, 2]], "clip_low": 0.2, "clip_high": 0.2, "agg": "token-mean",
              "expected": {"ratios": [[0.5, 1, 1.5]], "per_token_loss": [[-0.5, 1, -2.4]], "loss": -0.6333},
              "exact": {"ratios": [[0.49999859028196, 1, 1.5000073378557013]],
              "per_token_loss": [[-0.49999859028196, 1, -2.4]], "loss": -0.63333286342732}},
            {"name": "ppo_dual_clip", "curr_logprobs": [[-1.69315, -1, -0.69741]], "prev_logprobs": [[-1, -1,
              -3]], "advantages": [[1, -1, -4]], "clip_low": 0.2, "clip_high": 0.2, "ratio_clip_c": 3,
              "agg": "token-mean", "expected": {"per_token_loss": [[-0.5, 1, 12]], "loss": 4.1667},
              "exact": {"ratios": [[0.49999859028196, 1, 10.000049070179935]],
              "per_token_loss": [[-0.49999859028196, 1, 12]], "loss": 4.16666713657268}},
            {"name": "gspo_b1", "curr_logprobs": [[-1.69315, -1, -0.59453]], "prev_logprobs": [[-1, -1, -1]],
              "advantages": [[1, -1, 2]], "clip_low": 0.2, "clip_high": 0.2, "agg": "seq-mean-token-mean",
              "expected": {"ratio": 0.9086, "per_token_loss": [[-0.9086, 0.9086, -1.8171]], "loss": -0.6057},
              "exact": {"ratios": [[0.9085609240654214, 0.9085609240654214, 0.9085609240654214]],
              "per_token_loss": [[-0.9085609240654214, 0.9085609240654214, -1.8171218481308429]],
              "loss": -0.605707282710281}},
            {"name": "gspo_b2", "curr_logprobs": [[-1.69315, -1, -0.59453], [-1.69315, -1, -0.59453]],
              "prev_logprobs": [[-1, -1, -1], [-2, -2, -2]], "advantages": [[1, -1, 2], [1, -1, 2]],
              "clip_low": 0.2, "clip_high": 0.2, "agg": "seq-mean-token-mean", "expected": {"ratios": [0.9086,
              2.4697], "per_token_loss": [[-0.9086, 0.9086, -1.8171], [-1.2, 2.4697, -2.4]], "loss": -0.4912},
              "exact": {"ratios": [[0.9085609240654214, 0.9085609240654214, 0.9085609240654214],
              [2.4697246499349936, 2.4697246499349936, 2.4697246499349936]],
              "per_token_loss": [[-0.9085609240654214, 0.9085609240654214, -1.8171218481308429], [-1.2,
              2.4697246499349936, -2.4]], "loss": -0.49123286636597485}},
            {"name": "reinforce_no_ratio", "per_token_loss": [0.5, -1, 3], "loss": 0.8333},
            {"name": "kl_estimators", "logprobs": [-1, -1, -1], "logprobs_reference": [0, -15, -30],
              "expected": {"k1": [-1, 14, 29], "k2": [0.5, 98, 420.5], "k3": [0.7183, 13, 28]},
              "expected_clamped_in20_out10": {"k1": [-1, 10, 10], "k2": [0.5, 10, 10], "k3": [0.7183, 10, 10]},
              "exact": {"k1": [-1, 14, 29], "k2": [0.5, 98, 420.5], "k3": [0.7182818284590451,
              13.00000083152872, 28.000000000000256]}},
            {"name": "kl_penalty_term", "curr": [0, -1, -2], "ref": [-1, -1, -1], "beta": 0.1,
              "expected": {"per_token": [0.368, 0, 0.718], "mean": 0.362, "loss": 0.0362},
              "exact": {"per_token": [0.36787944117144233, 0, 0.7182818284590451], "mean": 0.3620537565434958,
              "loss": 0.03620537565434958}},
            {"name": "leave_one_out_baseline_std_basic", "rewards": [1, 2, 3, 4, 5, 6], "group": [0, 0, 0, 1,
              1, 1], "valid_mask": [1, 1, 1, 1, 1, 1], "expected_baseline": [2.5, 2, 1.5, 5.5, 5, 4.5],
              "expected_std": [0.707107, 1.414214, 0.707107, 0.707107, 1.414214, 0.707107]},
            {"name": "leave_one_out_baseline_std_single", "rewards": [2.5, 4], "group": [0, 1],
              "valid_mask": [1, 1], "expected_baseline": [2.5, 4], "expected_std": [0, 0]},
            {"name": "leave_one_out_baseline_std_identical", "rewards": [3, 3, 3, 7, 7, 7], "group": [0, 0, 0,
              1, 1, 1], "valid_mask": [1, 1, 1, 1, 1, 1], "expected_baseline": [3, 3, 3, 7, 7, 7],
              "expected_std": [0, 0, 0, 0, 0, 0]},
            {"name": "leave_one_out_baseline_std_mixed", "rewards": [1, 2, 4, 5, 6], "group": [0, 0, 1, 1, 1],
              "valid_mask": [1, 1, 1, 1, 1], "expected_baseline": [2, 1, 5.5, 5, 4.5], "expected_std": [0, 0,
              0.707107, 1.414214, 0.707107]},
            {"name": "leave_one_out_baseline_std_masked", "rewards": [1, 999, 3, 4, 5, 6], "group": [0, 0, 0,
              1, 1, 1], "valid_mask": [1, 0, 1, 1, 1, 1], "expected_baseline": [3, 4, 1, 5.5, 5, 4.5],
              "expected_std": [0, 0, 0, 0.707107, 1.414214, 0.707107]},
            {"name": "openrlhf_token_mean", "loss": [[1, 2, 0], [3, 4, 5], [7, 0, 0]], "mask": [[1, 1, 0], [1,
              1, 1], [1, 0, 0]], "exact": {"token_mean": 3.6666666666666665}},
            {"name": "openrlhf_seq_mean_token_mean", "loss": [[1, 3, 9], [2, 4, 0], [8, 0, 0]], "mask": [[1, 1,
              0], [1, 1, 0], [1, 0, 0]], "exact": {"seq_mean_token_mean": 4.333333333333333}},
            {"name": "openrlhf_fully_masked_sequence_excluded", "loss": [[1, 3], [5, 7]], "mask": [[1, 1], [0,
              0]], "expected": 2},
            {"name": "openrlhf_policy_loss_token_mean", "log_probs": [[-0.2, -0.4, -0.1], [-0.7, -0.3, -0.2],
              [-0.6, -0.1, -0.5]], "old_log_probs": [[-0.23, -0.36000000000000004, -0.11], [-0.72, -0.35,
              -0.17], [-0.64, -0.1, -0.48]], "advantages": [[1, -0.5, 0], [0.3, -1.2, 0.5], [1.5, 0, -0.7]],
              "mask": [[1, 1, 0], [1, 1, 1], [1, 0, 1]], "clip": 0.2, "exact": {"loss": -0.13641353678318016}},
            {"name": "grpo_advantage", "rewards": [1, 0, 0.5, 2, 3, 3, 3, 3], "group": [0, 0, 0, 0, 1, 1, 1,
              1], "verl_eps1e6": [0.1463848395139093, -1.0246938765973652, -0.43915451854172793,
              1.3174635556251837, 0, 0, 0, 0], "trl_eps1e4": [0.1463678700924679, -1.0245750906472755,
              -0.43910361027740374, 1.3173108308322112, 0, 0, 0, 0], "dr_grpo": [0.125, -0.875, -0.375, 1.125,
              0, 0, 0, 0]},
            {"name": "rloo_advantage", "rewards": [1, 0, 0.5, 2, 3, 3, 3, 3], "group": [0, 0, 0, 0, 1, 1, 1,
              1], "expected": [0.16666666666666663, -1.1666666666666667, -0.5, 1.5, 0, 0, 0, 0]},
            {"name": "bradley_terry", "chosen": [1.2, -0.3, 4, 0], "rejected": [0.2, 0.5, -1, 0], "margin": [0,
              0.5, 1, 2], "loss": 0.546056220628766, "loss_margin": 0.9998370200779993,
              "loss_center_0_01": 0.573556220628766, "accuracy": 0.5, "grad_chosen": [-0.06723535534249878,
              -0.17249362028190313, -0.0016732127310712139, -0.125]},
            {"name": "trl_loss_types", "curr": [[-1.1, -0.7, -2, -0.2], [-0.4, -1.3, -0.9, 0]], "old": [[-1,
              -0.9, -1.6, -0.2], [-0.6, -1, -0.9, 0]], "ref": [[-1.2, -0.6, -1.9, -0.3], [-0.5, -1.2, -1, 0]],
              "mask": [[1, 1, 1, 1], [1, 1, 1, 0]], "advantages": [0.8, -0.5], "eps_low": 0.2, "eps_high": 0.2,
              "beta": 0.04, "max_completion_length": 4, "grpo": -0.12553312817171258,
              "bnpo_or_dapo_single_process": -0.2154328707317661, "dr_grpo": -0.18850376189029533,
              "grpo_beta0": -0.12573218322714574, "gspo_ratio": [0.9277434863285529, 0.9672161004820059],
              "gspo_eps_3e4_4e4_beta0": -0.12117239453142115, "rloo_sequence_ratio": [0.7408182206817179,
              0.9048374180359595], "rloo_loss": -0.0701179337636973,
              "rloo_kl_penalty_in_reward": [0.2999999999999997, 0.19999999999999996],
              "cispo_epshigh_5_beta0": 0.2195631644318874}
            ]
            """;
}
