package dev.save4j.engine;

import dev.save4j.SaveException;
import java.util.List;
import java.util.Set;

/**
 * AdamW with decoupled weight decay, by the formulas of {@code torch.optim.AdamW} (Loshchilov and Hutter, arXiv 1711.05101): with
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w(1 − ηλ) − η/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε). A weight that received no gradient since the last
 * step is left as it is, moments included.
 *
 * @param maxGradientNorm gradients are scaled down to this global norm; infinite for no clipping
 * @param groups settings for some weights; the first group that names a weight counts
 */
public record Optimization(
        double beta1, double beta2, double epsilon, double weightDecay, double maxGradientNorm, List<Group> groups) {
    /** PyTorch's defaults but for the decay, which is 0, and a global norm of 1. */
    public static final Optimization DEFAULT = new Optimization(0.9, 0.999, 1e-8, 0, 1, List.of());

    /**
     * Weights that are trained differently.
     *
     * @param learningRateScale multiplies the learning rate; 0 freezes the weights, which then have no gradient and no part in the global norm
     */
    public record Group(Set<String> weights, double learningRateScale, double weightDecay) {
        public Group {
            weights = Set.copyOf(weights);
            if (!(learningRateScale >= 0) || !(weightDecay >= 0)) {
                throw SaveException.user("learning rate scale and weight decay must not be negative");
            }
        }
    }

    public Optimization {
        groups = List.copyOf(groups);
        if (!(beta1 >= 0 && beta1 < 1) || !(beta2 >= 0 && beta2 < 1)) {
            throw SaveException.user("beta1 and beta2 must lie in [0, 1), but are " + beta1 + " and " + beta2);
        }
        if (!(epsilon > 0) || !(weightDecay >= 0)) {
            throw SaveException.user("epsilon must be positive and weight decay not negative, but are " + epsilon
                    + " and " + weightDecay);
        }
        if (!(maxGradientNorm > 0)) {
            throw SaveException.user("the largest gradient norm must be positive, but is " + maxGradientNorm);
        }
    }

    public Optimization withWeightDecay(double decay) {
        return new Optimization(beta1, beta2, epsilon, decay, maxGradientNorm, groups);
    }

    public Optimization withMaxGradientNorm(double norm) {
        return new Optimization(beta1, beta2, epsilon, weightDecay, norm, groups);
    }

    public Optimization withGroups(List<Group> other) {
        return new Optimization(beta1, beta2, epsilon, weightDecay, maxGradientNorm, other);
    }

    /** The settings of one weight. */
    public Group groupOf(String weight) {
        return groups.stream()
                .filter(group -> group.weights().contains(weight))
                .findFirst()
                .orElseGet(() -> new Group(Set.of(weight), 1, weightDecay));
    }
}
