package dev.save4j.objectives;

import dev.save4j.SaveException;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import java.util.Arrays;
import java.util.Map;

/**
 * The preference loss of Bradley and Terry, −mean log σ(r_c − r_r − margin) + centre · mean((r_c + r_r)²), as in TRL
 * {@code trl/trainer/reward_trainer.py}; the centring term is from arXiv 2312.09244.
 *
 * <p>Inputs: {@code reward [2 pairs]}, all chosen answers before all rejected ones in the same order; {@code margin [pairs]};
 * {@code pair_weight [pairs]}, which sums to one over the whole batch. Metrics: {@code accuracy} (chosen strictly above rejected),
 * {@code margin_mean} of r_c − r_r, {@code mean_reward}.
 *
 * @param centre weight of the term that keeps r_c + r_r near zero; 0 leaves it out, TRL recommends 0.01
 */
public record BradleyTerry(double centre) implements Objective {
    public BradleyTerry {
        if (!(centre >= 0) || Double.isInfinite(centre)) {
            throw SaveException.user("the weight of the centring term must be 0 or more, but is " + centre);
        }
    }

    @Override
    public String name() {
        return "bradley-terry";
    }

    @Override
    public Graph graph() {
        GraphBuilder g = new GraphBuilder(name());
        Value reward = g.input("reward", ElementType.FLOAT, "rows").reshape(2, -1);
        Value margin = g.input("margin", ElementType.FLOAT, "pairs");
        Value weight = g.input("pair_weight", ElementType.FLOAT, "pairs");
        Value chosen = reward.slice(0, 0, 1).squeeze(0);
        Value rejected = reward.slice(0, 1, 2).squeeze(0);
        Value difference = chosen.sub(rejected);
        Value sum = chosen.add(rejected);

        Value loss = difference.sub(margin).logSigmoid().neg();
        if (centre > 0) {
            loss = loss.add(sum.square().mul(centre));
        }
        g.output(LOSS, loss.mul(weight).sum());
        g.output(
                "accuracy",
                chosen.greaterThan(rejected).cast(ElementType.FLOAT).mul(weight).sum());
        g.output("margin_mean", difference.mul(weight).sum());
        g.output("mean_reward", sum.mul(0.5).mul(weight).sum());
        return g.build();
    }

    /** Pairs that count alike. */
    public Feed feed(double[] margin) {
        double[] weight = new double[margin.length];
        Arrays.fill(weight, 1);
        return feed(margin, weight);
    }

    /**
     * @param margin by which chosen should exceed rejected, per pair; 0 where none is known
     * @param weight per pair, 0 or more, in any unit; a batch whose weights are all 0 has loss 0
     */
    public Feed feed(double[] margin, double[] weight) {
        return new Feed(
                Map.of("margin", Feed.vector(margin), "pair_weight", Feed.vector(Weights.shares(weight))), Map.of(), 1);
    }
}
