package dev.save4j.objectives;

import dev.save4j.SaveException;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Several objectives over one forward pass: Σ weight · loss. Inputs of the same name are shared. Besides {@code loss} the outputs are
 * {@code <label>_loss} of each term and the metrics of all terms.
 */
public record WeightedSum(String name, List<Term> terms) implements Objective {
    /**
     * @param label unique within the sum
     * @param weight finite; 0 keeps the term as a metric
     */
    public record Term(String label, Objective objective, double weight) {
        public Term {
            if (!Double.isFinite(weight)) {
                throw SaveException.user("the weight of the " + label + " loss must be finite, but is " + weight);
            }
        }
    }

    public WeightedSum {
        terms = List.copyOf(terms);
        if (terms.isEmpty()) {
            throw SaveException.internal("objective '" + name + "' is a sum of nothing");
        }
    }

    @Override
    public Graph graph() {
        GraphBuilder g = new GraphBuilder(name);
        Map<String, Value> metrics = new LinkedHashMap<>();
        Optional<Value> total = Optional.empty();
        for (Term term : terms) {
            Map<String, Value> outputs =
                    g.scoped(term.label(), () -> g.include(term.objective().graph(), Map.of()));
            for (Map.Entry<String, Value> output : outputs.entrySet()) {
                boolean isLoss = output.getKey().equals(LOSS);
                String metric = isLoss ? term.label() + "_loss" : output.getKey();
                if (metrics.put(metric, output.getValue()) != null) {
                    throw SaveException.internal("objective '" + name + "': two terms give the metric " + metric);
                }
                if (isLoss) {
                    Value weighted = output.getValue().mul(term.weight());
                    total = Optional.of(total.map(sum -> sum.add(weighted)).orElse(weighted));
                }
            }
        }
        g.output(LOSS, total.orElseThrow());
        metrics.forEach(g::output);
        return g.build();
    }
}
