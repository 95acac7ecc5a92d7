package dev.save4j.onnxruntime.gradient;

import dev.save4j.tensor.ElementType;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Layer and root-mean-square normalisation over the trailing axes, of n elements each. The operator computes the inverse deviation r in the forward
 * pass and hands it out, so that it is not computed again; x̂ is the normalised operand.
 */
final class NormalizationGradients {
    private NormalizationGradients() {}

    static void addTo(GradientRules.Registry rules) {
        rules.add("LayerNormalization", NormalizationGradients::layer);
        rules.add("SimplifiedLayerNormalization", NormalizationGradients::rootMeanSquare);
    }

    private static long[] axes(Step step) {
        return LongStream.range(step.axis("axis", -1), step.rank(0)).toArray();
    }

    /** y = γ x̂ with x̂ = x r: dx = r (dx̂ − x̂ mean(dx̂ x̂)) with dx̂ = γ dy, and dγ = Σ dy x̂. */
    private static void rootMeanSquare(Step step) {
        Term inverse = step.output(1, ElementType.FLOAT).cast(step.type(0).element());
        Term slope = step.slope();
        Term normal = step.input(0).mul(inverse);
        if (step.wants(0)) {
            Term scaled = slope.mul(step.input(1));
            Term mean = scaled.mul(normal).mean(true, axes(step));
            step.give(0, scaled.sub(normal.mul(mean)).mul(inverse));
        }
        step.giveSummed(1, slope.mul(normal));
    }

    /**
     * y = γ x̂ + β with x̂ = (x − m) r: dx = r (dx̂ − mean(dx̂) − x̂ mean(dx̂ x̂)) with dx̂ = γ dy, dγ = Σ dy x̂, dβ = Σ dy. The mean m and r are
     * results themselves, with derivatives dm/dx = 1/n and dr/dx = −r² x̂ / n.
     */
    private static void layer(Step step) {
        Term mean = step.output(1, ElementType.FLOAT).cast(step.type(0).element());
        Term inverse = step.output(2, ElementType.FLOAT).cast(step.type(0).element());
        Term normal = step.input(0).sub(mean).mul(inverse);
        Optional<Term> slope = step.slope(0);
        if (slope.isPresent()) {
            if (step.wants(0)) {
                Term scaled = slope.get().mul(step.input(1));
                Term along = scaled.mul(normal).mean(true, axes(step));
                Term level = scaled.mean(true, axes(step));
                step.give(0, scaled.sub(level).sub(normal.mul(along)).mul(inverse));
            }
            if (step.wants(1)) {
                step.giveSummed(1, slope.get().mul(normal));
            }
            step.giveSummed(2, slope.get());
        }
        if (step.wants(0)) {
            statistics(step, normal, inverse);
        }
    }

    private static void statistics(Step step, Term normal, Term inverse) {
        Optional<Term> ofMean = step.slope(1);
        Optional<Term> ofInverse = step.slope(2);
        if (ofMean.isEmpty() && ofInverse.isEmpty()) {
            return;
        }
        Term count = normal.count().div(inverse.count()).cast(normal.element());
        ofMean.ifPresent(slope -> step.give(0, slope.div(count).expand(step.shape(0))));
        ofInverse.ifPresent(slope ->
                step.give(0, normal.mul(slope.mul(inverse.square()).div(count)).neg()));
    }
}
