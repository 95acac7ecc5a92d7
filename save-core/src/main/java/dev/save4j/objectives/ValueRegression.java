package dev.save4j.objectives;

import dev.save4j.SaveException;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import java.util.Map;

/**
 * Fits the value head: mean (V − target)². With a causal backbone V stands in every row of a prompt and rows are answers; otherwise rows are
 * prompts. The two means agree when every prompt has the same number of answers.
 *
 * <p>Inputs: {@code value [rows]}; {@code target [rows]}, data, so no gradient flows to the rewards it was made of; {@code value_weight [rows]},
 * which sums to one over the whole batch and is 0 where there is no target.
 */
public record ValueRegression() implements Objective {
    @Override
    public String name() {
        return "value-regression";
    }

    @Override
    public Graph graph() {
        GraphBuilder g = new GraphBuilder(name());
        Value value = g.input("value", ElementType.FLOAT, "rows");
        Value target = g.input("target", ElementType.FLOAT, "rows");
        Value weight = g.input("value_weight", ElementType.FLOAT, "rows");
        g.output(LOSS, value.sub(target).square().mul(weight).sum());
        return g.build();
    }

    /**
     * @param target per row; NaN where there is none, which leaves the row out
     * @param unit rows that stay together in a micro-batch
     */
    public Feed feed(double[] target, int unit) {
        double[] finite = target.clone();
        double[] weight = new double[target.length];
        for (int i = 0; i < target.length; i++) {
            if (Double.isInfinite(target[i])) {
                throw SaveException.internal("the target of row " + i + " is " + target[i]);
            }
            weight[i] = Double.isNaN(target[i]) ? 0 : 1;
            finite[i] = Double.isNaN(target[i]) ? 0 : target[i];
        }
        return new Feed(
                Map.of("target", Feed.vector(finite), "value_weight", Feed.vector(Weights.shares(weight))),
                Map.of(),
                unit);
    }
}
