package dev.save4j.objectives;

import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import java.util.Map;

/**
 * Supervised fine-tuning: the mean of −log p over the tokens that count.
 *
 * <p>Inputs: {@code log_prob [batch, tokens]}; {@code mask [batch, tokens]}, 1 where a token counts and 0 elsewhere, where {@code log_prob} may be
 * anything; {@code token_share}, one over the tokens that count in the whole batch.
 */
public record LanguageModelling() implements Objective {
    @Override
    public String name() {
        return "language-modelling";
    }

    @Override
    public Graph graph() {
        GraphBuilder g = new GraphBuilder(name());
        Value logProb = g.input("log_prob", ElementType.FLOAT, "batch", "tokens");
        Value mask = g.input("mask", ElementType.FLOAT, "batch", "tokens");
        Value share = g.input("token_share", ElementType.FLOAT);
        Value counted = mask.greaterThan(g.scalar(0.0)).choose(logProb, g.scalar(0.0));
        g.output(LOSS, counted.sum().mul(share).neg());
        return g.build();
    }

    /**
     * Tokens {@code start[i]} to {@code end[i]} (exclusive) of row i count.
     *
     * @param tokens width of the batch
     */
    public Feed feed(int tokens, int[] start, int[] end) {
        TokenRows mask = new TokenRows(start.length, tokens);
        double counted = 0;
        for (int row = 0; row < start.length; row++) {
            float[] ones = new float[end[row] - start[row]];
            java.util.Arrays.fill(ones, 1);
            mask.put(row, start[row], ones);
            counted += ones.length;
        }
        return new Feed(Map.of("mask", mask.tensor()), Map.of("token_share", Feed.share(counted)), 1);
    }
}
