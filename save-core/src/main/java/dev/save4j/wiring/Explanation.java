package dev.save4j.wiring;

import dev.save4j.algorithms.Anchor;
import dev.save4j.engine.Device;
import dev.save4j.engine.WeightPrecision;
import dev.save4j.objectives.ContrastObjective;
import dev.save4j.run.Experiment;
import java.util.ArrayList;
import java.util.List;

/** Says in formulas what an experiment does, with every constant in force. */
public final class Explanation {
    private final Experiment experiment;
    private final List<String> lines = new ArrayList<>();

    private Explanation(Experiment experiment) {
        this.experiment = experiment;
    }

    /** One statement per line. */
    public static List<String> of(Experiment experiment, Registry registry) {
        Explanation explanation = new Explanation(experiment);
        Registry.Chosen chosen = registry.resolve(experiment);
        explanation.run();
        explanation.rewardModel();
        explanation.line("");
        explanation.line("Policy update");
        chosen.algorithm().explain().forEach(line -> explanation.line("  " + line));
        explanation.policyOptimizer();
        return List.copyOf(explanation.lines);
    }

    private void line(String text, Object... values) {
        lines.add(values.length == 0 ? text : text.formatted(values));
    }

    private void run() {
        Experiment.Rollout rollout = experiment.rollout();
        line(
                "Experiment %s, seed %d, %d steps, modes %s",
                experiment.name(),
                experiment.seed(),
                experiment.steps(),
                experiment.modes().stream().map(Experiment.Mode::label).toList());
        line(
                "  engines: rollout %s, scoring %s, gradient %s, %d thread(s) each",
                experiment.engines().rollout(),
                experiment.engines().scoring(),
                experiment.engines().gradient(),
                experiment.engines().threads());
        Device device = experiment.engines().onDevice();
        if (!device.isCpu()) {
            line(
                    "  rollouts and scoring on %s %d; models that learn on %s, attention while sampling in %s",
                    experiment.engines().device(),
                    device.id(),
                    device.forChangingWeights().kind(),
                    device.half());
        }
        if (experiment.engines().rolloutWeights() == WeightPrecision.INT8) {
            line(
                    "  rollouts with weights in int8: old log-probs are those of that policy, ratios start near 1, not at 1");
        }
        line("");
        line("Rollout");
        line(
                "  each step: %d prompts x %d answers, at most %d tokens, temperature %s, top_k %s, top_p %s",
                rollout.prompts(),
                rollout.group(),
                rollout.maxTokens(),
                rollout.temperature(),
                rollout.topK() == 0 ? "off" : rollout.topK(),
                rollout.topP() == 1 ? "off" : rollout.topP());
    }

    private void rewardModel() {
        Experiment.Save save = experiment.save();
        line("");
        line("Reward model (modes save, labelled-only and oracle; static leaves it as it is)");
        line("  r(x, y) = w_r . h at the %s position, V(x) = w_v . h + b_v over the prompt alone", pooled());
        line(
                "  before grading: %d step(s) on (V(x) - mean_g r)^2 with the value head alone",
                save.value().steps());
        line("  anchor a = %s", anchor(save.anchor()));
        line("  A_i = r_i - a; %s", filter());
        if (save.anchor().kind() == Anchor.Kind.VALUE || save.anchor().kind() == Anchor.Kind.BLEND) {
            line(
                    "  labels of a prompt are dropped when |mean_g r - V| > %s standard deviations of its rewards",
                    save.anchor().trust());
        }
        line("  L_contrast = %s", contrast());
        line(
                "  L = L_contrast + %s L_V + %s L_BT over %d replayed pairs%s",
                save.value().weight(),
                save.replay().weight(),
                save.replay().pairs(),
                save.centre() == 0 ? "" : " + " + save.centre() + " mean r^2");
        line(
                "  L_V = mean_x (V(x) - target)^2, target: %s of the group's rewards",
                save.value().target().name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '));
        line(
                "  AdamW: learning rate %s (value head x %s), weight decay %s, gradient norm clipped at %s, %d pass(es) a step",
                save.update().learningRate(),
                save.value().learningRateScale(),
                save.update().weightDecay(),
                save.update().maxGradientNorm(),
                save.update().epochs());
        line(
                save.gate().every() == 0
                        ? "  no gate"
                        : "  gate: every %d updates on %d held-out pairs; roll back when accuracy falls by more than %s and its standard error"
                                .formatted(
                                        save.gate().every(),
                                        save.gate().pairs(),
                                        save.gate().delta()));
        line(
                "  the policy is then updated on %s",
                switch (save.rescore()) {
                    case FRESH -> "fresh answers, scored by the improved reward model";
                    case SAME -> "the same answers, scored again by the improved reward model";
                    case NEXT -> "the scores before the improvement, which serves the next step";
                });
    }

    private String pooled() {
        return experiment
                .reward()
                .pooling()
                .map(pooling ->
                        pooling.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '))
                .orElse("model's own");
    }

    private static String anchor(Anchor anchor) {
        return switch (anchor.kind()) {
            case VALUE -> "V(x)";
            case GROUP_MEAN -> "mean_g r";
            case LEAVE_ONE_OUT -> "mean of the other rewards of the group";
            case BLEND -> anchor.alpha() + " V(x) + " + (1 - anchor.alpha()) + " mean_g r";
        };
    }

    private String filter() {
        double strength = experiment.save().filter().strength();
        return switch (experiment.save().filter().rule()) {
            case STD ->
                "positive above " + strength + " std(A), negative below -" + strength + " std(A), the rest dropped";
            case FIXED -> "positive above " + strength + ", negative below -" + strength + ", the rest dropped";
            case QUANTILE -> "the top and bottom " + strength + " of each group, the rest dropped";
        };
    }

    private String contrast() {
        Experiment.Save save = experiment.save();
        double t = save.temperature();
        return switch (save.contrast()) {
                    case ANCHORED_LOGISTIC -> "-mean_P log s((r - a)/%s) - mean_N log s((a - r)/%s)".formatted(t, t);
                    case GROUP_CONTRASTIVE ->
                        "log(1 + sum_N e^((r - a)/%s)) + log(1 + sum_P e^(-(r - a)/%s)), per group".formatted(t, t);
                    case PAIRWISE -> "-mean over P x N of log s(r_p - r_n); the anchor only selects";
                    case HINGE ->
                        "mean_P max(0, %s - (r - a)) + mean_N max(0, %s + (r - a))"
                                .formatted(save.margin(), save.margin());
                }
                + (save.contrast() == ContrastObjective.Variant.HINGE ? "" : " (s: logistic function)");
    }

    private void policyOptimizer() {
        Experiment.Policy policy = experiment.policy();
        line(
                "  AdamW: learning rate %s, %s after %d step(s) of warm-up, weight decay %s, gradient norm clipped at %s",
                policy.learningRate(),
                policy.schedule().name().toLowerCase(java.util.Locale.ROOT),
                policy.warmUp(),
                policy.weightDecay(),
                policy.maxGradientNorm());
        line("  %d pass(es) of %d mini-batch(es) a step", policy.epochs(), policy.miniBatches());
    }
}
