package dev.save4j.objectives;

import static dev.save4j.objectives.LossGoldens.matrix;
import static dev.save4j.objectives.LossGoldens.named;
import static dev.save4j.objectives.LossGoldens.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.objectives.KlPenalty.Estimator;
import dev.save4j.objectives.PolicyObjective.Normaliser;
import dev.save4j.objectives.PolicyObjective.Ratio;
import dev.save4j.objectives.PolicyObjective.Surrogate;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/**
 * The losses of other toolkits, number by number. Numbers in double precision are met to 1e-6 (relative above 1): inputs and constants are FLOAT.
 * Numbers that the peers print are met to the digits they print.
 */
class GoldenLossesTest {
    static Stream<Named<Executor>> executors() {
        return Executors.all();
    }

    private static void assertLoss(double actual, JsonNode expected) {
        assertClose(actual, expected.asDouble());
    }

    private static void assertClose(double actual, double expected) {
        assertThat(actual).isCloseTo(expected, within(1e-6 * Math.max(1, Math.abs(expected))));
    }

    private static double[] constant(double value, int size) {
        double[] values = new double[size];
        Arrays.fill(values, value);
        return values;
    }

    /** One token of a case as a batch of its own. */
    private static PolicyBatch token(PolicyObjective objective, JsonNode golden, int row, int t) {
        return PolicyBatch.of(
                objective,
                new double[][] {{matrix(golden.get("curr_logprobs"))[row][t]}},
                new double[][] {{matrix(golden.get("prev_logprobs"))[row][t]}},
                new double[][] {{matrix(golden.get("advantages"))[row][t]}},
                new double[0][]);
    }

    @ParameterizedTest
    @MethodSource("executors")
    void clippedAndDualClippedTokens(Executor executor) {
        for (String name : new String[] {"ppo_clip_token", "ppo_dual_clip"}) {
            JsonNode golden = named(name);
            Policies policy = Policies.GRPO.perToken().normaliser(Normaliser.TOKEN_MEAN);
            if (golden.has("ratio_clip_c")) {
                policy = policy.dualClip(golden.get("ratio_clip_c").asDouble());
            }
            PolicyObjective objective = policy.objective();
            PolicyBatch batch = PolicyBatch.of(
                    objective,
                    matrix(golden.get("curr_logprobs")),
                    matrix(golden.get("prev_logprobs")),
                    matrix(golden.get("advantages")),
                    new double[0][]);
            double loss = executor.run(objective.graph(), batch.inputs()).get("loss");
            assertLoss(loss, golden.get("exact").get("loss"));
            assertThat(loss).isCloseTo(golden.get("expected").get("loss").asDouble(), within(5e-5));
            for (int t = 0; t < 3; t++) {
                PolicyBatch single = token(objective, golden, 0, t);
                Map<String, Double> outputs = executor.run(objective.graph(), single.inputs());
                assertClose(outputs.get("loss"), matrix(golden.get("exact").get("per_token_loss"))[0][t]);
                assertClose(
                        outputs.get("ratio_mean"), matrix(golden.get("exact").get("ratios"))[0][t]);
                assertThat(outputs.get("loss"))
                        .isCloseTo(matrix(golden.get("expected").get("per_token_loss"))[0][t], within(5e-5));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("executors")
    void sequenceRatiosOfGspo(Executor executor) {
        for (String name : new String[] {"gspo_b1", "gspo_b2"}) {
            for (Ratio ratio : new Ratio[] {Ratio.SEQUENCE_MEAN, Ratio.SEQUENCE_MEAN_TOKEN}) {
                JsonNode golden = named(name);
                PolicyObjective objective =
                        Policies.GRPO.ratio(ratio).perToken().objective();
                double[][] now = matrix(golden.get("curr_logprobs"));
                double[][] old = matrix(golden.get("prev_logprobs"));
                double[][] advantages = matrix(golden.get("advantages"));
                PolicyBatch batch = PolicyBatch.of(objective, now, old, advantages, new double[0][]);
                Map<String, Double> outputs = executor.run(objective.graph(), batch.inputs());
                assertLoss(outputs.get("loss"), golden.get("exact").get("loss"));
                double[][] ratios = matrix(golden.get("exact").get("ratios"));
                assertClose(
                        outputs.get("ratio_mean"),
                        Arrays.stream(ratios)
                                .flatMapToDouble(Arrays::stream)
                                .average()
                                .orElseThrow());
                for (int row = 0; row < now.length; row++) {
                    for (int t = 0; t < 3; t++) {
                        // Only this token has an advantage, so the mean holds its loss alone.
                        double[][] only = new double[now.length][3];
                        only[row][t] = advantages[row][t];
                        PolicyBatch single = PolicyBatch.of(objective, now, old, only, new double[0][]);
                        double perToken =
                                executor.run(objective.graph(), single.inputs()).get("loss") * 3 * now.length;
                        assertThat(perToken)
                                .isCloseTo(matrix(golden.get("exact").get("per_token_loss"))[row][t], within(3e-6));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("executors")
    void reinforceWithoutARatio(Executor executor) {
        JsonNode golden = named("reinforce_no_ratio");
        PolicyObjective objective =
                Policies.GRPO.surrogate(Surrogate.REINFORCE).perToken().objective();
        // Log-probs and advantages of that test: -A logp is 0.5, -1 and 3.
        double[] logProb = {-0.5, -1, -1.5};
        double[] advantage = {1, -1, 2};
        PolicyBatch batch = PolicyBatch.of(
                objective,
                new double[][] {logProb},
                new double[][] {new double[3]},
                new double[][] {advantage},
                new double[0][]);
        assertThat(executor.run(objective.graph(), batch.inputs()).get("loss"))
                .isCloseTo(golden.get("loss").asDouble(), within(5e-5));
        for (int t = 0; t < 3; t++) {
            PolicyBatch single = PolicyBatch.of(
                    objective,
                    new double[][] {{logProb[t]}},
                    new double[1][1],
                    new double[][] {{advantage[t]}},
                    new double[0][]);
            assertClose(
                    executor.run(objective.graph(), single.inputs()).get("loss"),
                    vector(golden.get("per_token_loss"))[t]);
        }
    }

    @ParameterizedTest
    @MethodSource("executors")
    void estimatorsOfTheKl(Executor executor) {
        JsonNode golden = named("kl_estimators");
        double[] now = vector(golden.get("logprobs"));
        double[] reference = vector(golden.get("logprobs_reference"));
        for (Estimator estimator : Estimator.values()) {
            String key = estimator.name().toLowerCase(java.util.Locale.ROOT);
            double[] exact = vector(golden.get("exact").get(key));
            double[] printed = vector(golden.get("expected").get(key));
            double[] clamped = vector(golden.get("expected_clamped_in20_out10").get(key));
            for (int t = 0; t < 3; t++) {
                assertThat(new KlPenalty(1, estimator).of(now[t], reference[t])).isCloseTo(exact[t], within(1e-12));
                double kl = kl(executor, new KlPenalty(1, estimator), now[t], reference[t]);
                assertClose(kl, exact[t]);
                assertThat(kl).isCloseTo(printed[t], within(5e-5));
                KlPenalty limited = new KlPenalty(1, estimator, 20, 10);
                assertThat(limited.of(now[t], reference[t])).isCloseTo(clamped[t], within(5e-5));
                assertThat(kl(executor, limited, now[t], reference[t])).isCloseTo(clamped[t], within(5e-5));
            }
        }
    }

    private static double kl(Executor executor, KlPenalty penalty, double now, double reference) {
        PolicyObjective objective = Policies.GRPO.kl(penalty).objective();
        PolicyBatch batch = PolicyBatch.of(
                objective, new double[][] {{now}}, new double[][] {{now}}, new double[][] {{0}}, new double[][] {
                    {reference}
                });
        Map<String, Double> outputs = executor.run(objective.graph(), batch.inputs());
        assertClose(outputs.get("loss"), outputs.get("kl") * penalty.beta());
        return outputs.get("kl");
    }

    @ParameterizedTest
    @MethodSource("executors")
    void theKlTermOfTheLoss(Executor executor) {
        JsonNode golden = named("kl_penalty_term");
        double[] now = vector(golden.get("curr"));
        double[] reference = vector(golden.get("ref"));
        KlPenalty penalty = new KlPenalty(golden.get("beta").asDouble(), Estimator.K3);
        PolicyObjective objective =
                Policies.GRPO.kl(penalty).normaliser(Normaliser.TOKEN_MEAN).objective();
        PolicyBatch batch = PolicyBatch.of(
                objective, new double[][] {now}, new double[][] {now}, new double[][] {{0}}, new double[][] {reference
                });
        Map<String, Double> outputs = executor.run(objective.graph(), batch.inputs());
        assertLoss(outputs.get("loss"), golden.get("exact").get("loss"));
        assertLoss(outputs.get("kl"), golden.get("exact").get("mean"));
        for (int t = 0; t < 3; t++) {
            assertClose(
                    kl(executor, penalty, now[t], reference[t]) * penalty.beta(),
                    vector(golden.get("exact").get("per_token"))[t] * penalty.beta());
        }
    }

    @ParameterizedTest
    @MethodSource("executors")
    void averagesOverTokensAndAnswers(Executor executor) {
        assertLoss(
                average(executor, named("openrlhf_token_mean"), Normaliser.TOKEN_MEAN),
                named("openrlhf_token_mean").get("exact").get("token_mean"));
        assertLoss(
                average(executor, named("openrlhf_seq_mean_token_mean"), Normaliser.SEQUENCE_MEAN),
                named("openrlhf_seq_mean_token_mean").get("exact").get("seq_mean_token_mean"));
        assertLoss(
                average(executor, named("openrlhf_fully_masked_sequence_excluded"), Normaliser.SEQUENCE_MEAN),
                named("openrlhf_fully_masked_sequence_excluded").get("expected"));
    }

    /** −A log π with A = 1 and log π = −loss is the loss of the case. */
    private static double average(Executor executor, JsonNode golden, Normaliser normaliser) {
        PolicyObjective objective = Policies.GRPO
                .surrogate(Surrogate.REINFORCE)
                .normaliser(normaliser)
                .objective();
        double[][] loss = matrix(golden.get("loss"));
        double[][] mask = matrix(golden.get("mask"));
        double[][] logProb = new double[loss.length][];
        double[][] advantage = new double[loss.length][];
        for (int row = 0; row < loss.length; row++) {
            int length = (int) Arrays.stream(mask[row]).sum();
            logProb[row] =
                    Arrays.stream(loss[row]).limit(length).map(value -> -value).toArray();
            advantage[row] = new double[] {1};
        }
        PolicyBatch batch = PolicyBatch.of(objective, logProb, logProb, advantage, new double[0][]);
        return executor.run(objective.graph(), batch.inputs(-99)).get("loss");
    }

    @ParameterizedTest
    @MethodSource("executors")
    void aMaskWithHoles(Executor executor) {
        JsonNode golden = named("openrlhf_policy_loss_token_mean");
        PolicyObjective objective =
                Policies.GRPO.perToken().normaliser(Normaliser.TOKEN_MEAN).objective();
        double[][] mask = matrix(golden.get("mask"));
        double tokens = Arrays.stream(mask).flatMapToDouble(Arrays::stream).sum();
        Map<String, Array> inputs = new HashMap<>();
        inputs.put("log_prob", Array.matrix(matrix(golden.get("log_probs"))));
        inputs.put("old_log_prob", Array.matrix(matrix(golden.get("old_log_probs"))));
        inputs.put("advantage", Array.matrix(matrix(golden.get("advantages"))));
        inputs.put("mask", Array.matrix(mask));
        inputs.put("sequence_weight", Array.vector(constant(1 / tokens, 3)));
        inputs.put("metric_weight", Array.vector(constant(1 / tokens, 3)));
        assertLoss(
                executor.run(objective.graph(), inputs).get("loss"),
                golden.get("exact").get("loss"));
    }

    @ParameterizedTest
    @MethodSource("executors")
    void bradleyTerry(Executor executor) {
        JsonNode golden = named("bradley_terry");
        double[] chosen = vector(golden.get("chosen"));
        double[] rejected = vector(golden.get("rejected"));
        Array reward = Array.vector(java.util.stream.DoubleStream.concat(Arrays.stream(chosen), Arrays.stream(rejected))
                .toArray());
        BradleyTerry plain = new BradleyTerry(0);
        Map<String, Double> outputs =
                executor.run(plain.graph(), Feeds.with(plain.feed(new double[4]).whole(), "reward", reward));
        assertLoss(outputs.get("loss"), golden.get("loss"));
        assertLoss(outputs.get("accuracy"), golden.get("accuracy"));
        assertLoss(
                executor.run(
                                plain.graph(),
                                Feeds.with(
                                        plain.feed(vector(golden.get("margin"))).whole(), "reward", reward))
                        .get("loss"),
                golden.get("loss_margin"));
        BradleyTerry centred = new BradleyTerry(0.01);
        assertLoss(
                executor.run(
                                centred.graph(),
                                Feeds.with(centred.feed(new double[4]).whole(), "reward", reward))
                        .get("loss"),
                golden.get("loss_center_0_01"));
    }

    @ParameterizedTest
    @MethodSource("executors")
    void lossTypesOfTrl(Executor executor) {
        JsonNode golden = named("trl_loss_types");
        Policies grpo = Policies.GRPO.kl(new KlPenalty(golden.get("beta").asDouble(), Estimator.K3));
        assertLoss(trl(executor, grpo).get("loss"), golden.get("grpo"));
        assertLoss(
                trl(executor, grpo.normaliser(Normaliser.TOKEN_MEAN)).get("loss"),
                golden.get("bnpo_or_dapo_single_process"));
        assertLoss(trl(executor, grpo.normaliser(Normaliser.CONSTANT)).get("loss"), golden.get("dr_grpo"));
        assertLoss(trl(executor, Policies.GRPO).get("loss"), golden.get("grpo_beta0"));
        for (Ratio ratio : new Ratio[] {Ratio.SEQUENCE_MEAN, Ratio.SEQUENCE_MEAN_TOKEN}) {
            assertLoss(
                    trl(executor, Policies.GRPO.ratio(ratio).clip(3e-4, 4e-4)).get("loss"),
                    golden.get("gspo_eps_3e4_4e4_beta0"));
        }
        assertClose(
                trl(executor, Policies.GRPO.ratio(Ratio.SEQUENCE_MEAN)).get("ratio_mean"),
                Arrays.stream(vector(golden.get("gspo_ratio"))).average().orElseThrow());
        Map<String, Double> rloo = trl(executor, Policies.GRPO.ratio(Ratio.SEQUENCE_SUM));
        assertLoss(rloo.get("loss"), golden.get("rloo_loss"));
        assertClose(
                rloo.get("ratio_mean"),
                Arrays.stream(vector(golden.get("rloo_sequence_ratio")))
                        .average()
                        .orElseThrow());
        assertLoss(
                trl(executor, Policies.GRPO.surrogate(Surrogate.CISPO).delta(5).normaliser(Normaliser.TOKEN_MEAN))
                        .get("loss"),
                golden.get("cispo_epshigh_5_beta0"));
    }

    private static Map<String, Double> trl(Executor executor, Policies policy) {
        JsonNode golden = named("trl_loss_types");
        double[] advantages = vector(golden.get("advantages"));
        PolicyObjective objective =
                policy.objective(golden.get("max_completion_length").asInt());
        PolicyBatch batch = PolicyBatch.of(
                objective,
                answers(golden, "curr"),
                answers(golden, "old"),
                new double[][] {{advantages[0]}, {advantages[1]}},
                answers(golden, "ref"));
        if (objective.kl().beta() == 0) {
            batch = PolicyBatch.of(
                    objective,
                    answers(golden, "curr"),
                    answers(golden, "old"),
                    new double[][] {{advantages[0]}, {advantages[1]}},
                    new double[0][]);
        }
        return executor.run(objective.graph(), batch.inputs());
    }

    /** Without the masked tokens, which stand last. */
    private static double[][] answers(JsonNode golden, String key) {
        double[][] rows = matrix(golden.get(key));
        double[][] mask = matrix(golden.get("mask"));
        for (int row = 0; row < rows.length; row++) {
            rows[row] = Arrays.copyOf(rows[row], (int) Arrays.stream(mask[row]).sum());
        }
        return rows;
    }

    @org.junit.jupiter.api.Test
    void theLiteralsAreThoseOfTheSharedFile() throws java.io.IOException {
        java.nio.file.Path file = java.nio.file.Path.of(
                System.getProperty("save4j.shared", "../shared"), "data", "golden", "losses", "losses.json");
        org.junit.jupiter.api.Assumptions.assumeTrue(
                java.nio.file.Files.exists(file), "skipped: there is no shared/data/golden/losses");
        JsonNode shared =
                tools.jackson.databind.json.JsonMapper.shared().readTree(java.nio.file.Files.readString(file));
        List<JsonNode> literals = LossGoldens.all();
        int i = 0;
        for (String part : new String[] {"peer", "derived"}) {
            for (JsonNode expected : shared.get(part)) {
                assertSame(literals.get(i++), expected);
            }
        }
        assertThat(i).isEqualTo(literals.size()).isEqualTo(20);
    }

    private static void assertSame(JsonNode literal, JsonNode shared) {
        if (literal.isNumber()) {
            assertThat(literal.asDouble()).isEqualTo(shared.asDouble());
        } else if (literal.isString()) {
            assertThat(literal.asString()).isEqualTo(shared.asString());
        } else if (literal.isArray()) {
            assertThat(literal.size()).isEqualTo(shared.size());
            for (int i = 0; i < literal.size(); i++) {
                assertSame(literal.get(i), shared.get(i));
            }
        } else {
            literal.propertyNames().forEach(name -> assertSame(literal.get(name), shared.get(name)));
        }
    }
}
