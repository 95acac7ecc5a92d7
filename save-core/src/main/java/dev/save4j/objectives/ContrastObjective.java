package dev.save4j.objectives;

import dev.save4j.SaveException;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Pushes the rewards of positive answers above and those of negative answers below an anchor. Positives P, negatives N and anchor a are data
 * (labels were made from the rewards before the update), so the anchor carries no gradient.
 *
 * <p>Inputs: {@code reward [rows]}, rows being prompts × group in order; {@code positive [rows]} and {@code negative [rows]}, 1 or 0;
 * {@code anchor [rows]} unless PAIRWISE; the shares {@code positive_share} 1/|P| and {@code negative_share} 1/|N|, {@code group_share} one over the
 * groups with both sides (GROUP_CONTRASTIVE), {@code pair_share} one over the pairs (PAIRWISE), {@code row_share} one over the rows (with a score
 * penalty). A side or batch without answers has share 0 and loss 0. Metrics: {@code positive_reward}, {@code negative_reward}, the means of r over
 * P and N.
 *
 * @param group answers per prompt
 * @param temperature t of ANCHORED_LOGISTIC and GROUP_CONTRASTIVE, in units of reward
 * @param margin m of HINGE, in units of reward
 * @param scorePenalty c of c · mean(r²) over all rows, which holds the score scale; 0 leaves it out
 */
public record ContrastObjective(Variant variant, int group, double temperature, double margin, double scorePenalty)
        implements Objective {
    /** The four losses. */
    public enum Variant {
        /** −mean_P log σ((r − a)/t) − mean_N log σ((a − r)/t). */
        ANCHORED_LOGISTIC,
        /** mean over groups of log(1 + Σ_N e^{(r−a)/t}) + log(1 + Σ_P e^{−(r−a)/t}); groups without both sides are skipped. */
        GROUP_CONTRASTIVE,
        /** −mean log σ(r_p − r_n) over the pairs of a positive and a negative answer to the same prompt; the anchor only selects. */
        PAIRWISE,
        /** mean_P max(0, m − (r − a)) + mean_N max(0, m + (r − a)); stops once the margin is met. */
        HINGE
    }

    public ContrastObjective {
        if (group < 1) {
            throw SaveException.user("a group needs at least one answer, not " + group);
        }
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw SaveException.user("the temperature of the contrast must be positive, but is " + temperature);
        }
        if (!(margin >= 0) || Double.isInfinite(margin)) {
            throw SaveException.user("the margin of the contrast must be 0 or more, but is " + margin);
        }
        if (!(scorePenalty >= 0) || Double.isInfinite(scorePenalty)) {
            throw SaveException.user("the score penalty must be 0 or more, but is " + scorePenalty);
        }
    }

    @Override
    public String name() {
        return "contrast-" + variant.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    @Override
    public Graph graph() {
        GraphBuilder g = new GraphBuilder(name());
        Value reward = g.input("reward", ElementType.FLOAT, "rows");
        Value positive = g.input("positive", ElementType.FLOAT, "rows");
        Value negative = g.input("negative", ElementType.FLOAT, "rows");
        Value positiveShare = g.input("positive_share", ElementType.FLOAT);
        Value negativeShare = g.input("negative_share", ElementType.FLOAT);

        Value loss = switch (variant) {
            case ANCHORED_LOGISTIC -> {
                Value above = advantage(g, reward).div(temperature);
                Value lift = above.logSigmoid().neg().mul(positive).sum().mul(positiveShare);
                Value press = above.neg().logSigmoid().neg().mul(negative).sum().mul(negativeShare);
                yield lift.add(press);
            }
            case GROUP_CONTRASTIVE -> {
                Value above = advantage(g, reward).div(temperature).reshape(-1, group);
                Value ups = positive.reshape(-1, group);
                Value downs = negative.reshape(-1, group);
                Value both =
                        ups.sum(1, false).clip(0, 1).mul(downs.sum(1, false).clip(0, 1));
                Value pull = logOnePlusSumExp(g, above, downs).add(logOnePlusSumExp(g, above.neg(), ups));
                yield pull.mul(both).sum().mul(g.input("group_share", ElementType.FLOAT));
            }
            case PAIRWISE -> {
                Value rewards = reward.reshape(-1, group);
                Value difference = rewards.unsqueeze(2).sub(rewards.unsqueeze(1));
                Value pair = positive.reshape(-1, group)
                        .unsqueeze(2)
                        .mul(negative.reshape(-1, group).unsqueeze(1));
                yield difference.logSigmoid().neg().mul(pair).sum().mul(g.input("pair_share", ElementType.FLOAT));
            }
            case HINGE -> {
                Value above = advantage(g, reward);
                Value lift = above.neg().add(margin).relu().mul(positive).sum().mul(positiveShare);
                Value press = above.add(margin).relu().mul(negative).sum().mul(negativeShare);
                yield lift.add(press);
            }
        };
        if (scorePenalty > 0) {
            Value spread = reward.square().sum().mul(g.input("row_share", ElementType.FLOAT));
            loss = loss.add(spread.mul(scorePenalty));
        }
        g.output(LOSS, loss);
        g.output("positive_reward", reward.mul(positive).sum().mul(positiveShare));
        g.output("negative_reward", reward.mul(negative).sum().mul(negativeShare));
        return g.build();
    }

    private static Value advantage(GraphBuilder g, Value reward) {
        return reward.sub(g.input("anchor", ElementType.FLOAT, "rows"));
    }

    /** log(1 + Σ mask · e^x) over axis 1, shifted by the largest exponent so that it does not overflow. */
    private static Value logOnePlusSumExp(GraphBuilder g, Value exponent, Value mask) {
        // A masked exponent counts as 0, the exponent of the 1, which is there anyway.
        Value counted = exponent.mul(mask);
        Value largest = counted.max(1, true).max(g.scalar(0.0)).stopGradient();
        Value sum = counted.sub(largest).exp().mul(mask).sum(1, true);
        return largest.neg().exp().add(sum).log().add(largest).squeeze(1);
    }

    /**
     * The data of one batch.
     *
     * @param anchor per row; may be NaN where the label is 0
     * @param label per row: above 0 positive, below 0 negative, 0 dropped
     */
    public Feed feed(double[] anchor, int[] label) {
        int rows = label.length;
        if (anchor.length != rows || rows % group != 0) {
            throw SaveException.internal(
                    anchor.length + " anchors and " + rows + " labels do not make groups of " + group + " answers");
        }
        double[] positive = new double[rows];
        double[] negative = new double[rows];
        double[] finite = anchor.clone();
        double positives = 0;
        double negatives = 0;
        double pairs = 0;
        double contrasted = 0;
        for (int from = 0; from < rows; from += group) {
            int up = 0;
            int down = 0;
            for (int i = from; i < from + group; i++) {
                positive[i] = label[i] > 0 ? 1 : 0;
                negative[i] = label[i] < 0 ? 1 : 0;
                if (!Double.isFinite(anchor[i])) {
                    requireDropped(i, anchor[i], label[i]);
                    finite[i] = 0;
                }
                up += label[i] > 0 ? 1 : 0;
                down += label[i] < 0 ? 1 : 0;
            }
            positives += up;
            negatives += down;
            pairs += (double) up * down;
            contrasted += up > 0 && down > 0 ? 1 : 0;
        }
        Map<String, Tensor> data = new LinkedHashMap<>();
        data.put("positive", Feed.vector(positive));
        data.put("negative", Feed.vector(negative));
        Map<String, Tensor> shares = new LinkedHashMap<>();
        shares.put("positive_share", Feed.share(positives));
        shares.put("negative_share", Feed.share(negatives));
        if (variant != Variant.PAIRWISE) {
            data.put("anchor", Feed.vector(finite));
        }
        if (variant == Variant.GROUP_CONTRASTIVE) {
            shares.put("group_share", Feed.share(contrasted));
        }
        if (variant == Variant.PAIRWISE) {
            shares.put("pair_share", Feed.share(pairs));
        }
        if (scorePenalty > 0) {
            shares.put("row_share", Feed.share(rows));
        }
        return new Feed(data, shares, group);
    }

    private static void requireDropped(int row, double anchor, int label) {
        if (label != 0) {
            throw SaveException.internal("row " + row + " has label " + label + " but its anchor is " + anchor);
        }
    }
}
