package dev.save4j.testkit.reference;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Losses of classification: scores {@code [batch, classes, …]} against labels {@code [batch, …]}. */
final class LossReference {
    private LossReference() {}

    static List<ReferenceOperator> operators() {
        return List.of(
                ReferenceOperator.of(
                        "NegativeLogLikelihoodLoss",
                        in -> likelihood(in, in.get(0), in.get(1), in.optional(2)),
                        "ignore_index",
                        "reduction"),
                ReferenceOperator.several(
                        "SoftmaxCrossEntropyLoss", LossReference::crossEntropy, "ignore_index", "reduction"));
    }

    private static Numbers likelihood(Operands in, Numbers logProbs, Numbers labels, Optional<Numbers> weights) {
        int classes = logProbs.shape()[1];
        int inner = Numbers.size(Arrays.copyOfRange(logProbs.shape(), 2, logProbs.rank()));
        double[] losses = new double[labels.size()];
        double total = 0;
        for (int i = 0; i < losses.length; i++) {
            int label = (int) labels.values()[i];
            if (!in.node().has("ignore_index") || label != in.integer("ignore_index", 0)) {
                double weight = weights.map(w -> w.values()[label]).orElse(1.0);
                losses[i] = -weight * logProbs.values()[(i / inner * classes + label) * inner + i % inner];
                total += weight;
            }
        }
        double sum = Arrays.stream(losses).sum();
        return switch (in.node().text("reduction", "mean")) {
            case "none" -> new Numbers(logProbs.type(), labels.shape(), losses);
            case "sum" -> new Numbers(logProbs.type(), new int[0], new double[] {sum});
            default -> new Numbers(logProbs.type(), new int[0], new double[] {sum / total});
        };
    }

    private static List<Numbers> crossEntropy(Operands in) {
        Numbers logProbs = ReductionReference.along(in.get(0), 1, scores -> {
            double total = ReductionReference.logSumExp(scores);
            return IntStream.range(0, scores.length)
                    .mapToDouble(i -> scores[i] - total)
                    .toArray();
        });
        return List.of(likelihood(in, logProbs, in.get(1), in.optional(2)), logProbs);
    }
}
