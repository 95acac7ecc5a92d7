package dev.save4j.report;

import dev.save4j.run.ScoredPair;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** What the scores of held-out pairs say about a reward model. A tie counts as wrong. At least one pair. */
public record HeldOut(List<ScoredPair> pairs) {
    /** Bins of confidence between 0.5 and 1. */
    public static final int BINS = 10;

    public HeldOut {
        pairs = List.copyOf(pairs);
    }

    /**
     * The pairs about which the model is about equally sure.
     *
     * @param low lower edge of the bin of confidence
     * @param high upper edge
     * @param confidence mean of σ(|margin|)
     * @param correct how many of them are ordered as labelled
     */
    public record Bin(double low, double high, double confidence, Proportion correct) {}

    /** Of the reward model. */
    Proportion accuracy() {
        return share(HeldOut::ordered);
    }

    /** Of preferring the longer answer. */
    Proportion lengthAccuracy() {
        return share(HeldOut::longer);
    }

    /** Accuracy of the reward model minus that of length; the error takes into account that both judge the same pairs. */
    Estimate gain() {
        double sum = 0;
        double squares = 0;
        for (ScoredPair pair : pairs) {
            int difference = (ordered(pair) ? 1 : 0) - (longer(pair) ? 1 : 0);
            sum += difference;
            squares += difference * difference;
        }
        double mean = sum / pairs.size();
        return Estimate.of(mean, Math.sqrt((squares / pairs.size() - mean * mean) / pairs.size()));
    }

    /** Pairs whose answers score the same. */
    int ties() {
        return (int) pairs.stream().filter(pair -> pair.margin() == 0).count();
    }

    /** Pairs whose answers are equally long. */
    int lengthTies() {
        return (int) pairs.stream()
                .filter(pair -> pair.chosenLength() == pair.rejectedLength())
                .count();
    }

    /** Mean of −log σ(margin), without margins of labels and centring; log 2 for a model that knows nothing. */
    double loss() {
        return mean(pair -> Math.log1p(Math.exp(-Math.abs(pair.margin()))) + Math.max(0, -pair.margin()));
    }

    double margin() {
        return mean(ScoredPair::margin);
    }

    /** The bins that have pairs, by ascending confidence. */
    public List<Bin> calibration() {
        List<Bin> bins = new ArrayList<>();
        for (int i = 0; i < BINS; i++) {
            int bin = i;
            List<ScoredPair> members =
                    pairs.stream().filter(pair -> bin(pair) == bin).toList();
            if (!members.isEmpty()) {
                HeldOut part = new HeldOut(members);
                bins.add(new Bin(edge(i), edge(i + 1), part.mean(HeldOut::confidence), part.accuracy()));
            }
        }
        return bins;
    }

    /** Mean distance of confidence and accuracy over the bins, weighted by their pairs. */
    public double calibrationError() {
        return calibration().stream()
                        .mapToDouble(bin -> bin.correct().trials()
                                * Math.abs(bin.confidence() - bin.correct().value()))
                        .sum()
                / pairs.size();
    }

    private static double edge(int bin) {
        return 0.5 + 0.5 * bin / BINS;
    }

    private static int bin(ScoredPair pair) {
        return Math.min(BINS - 1, (int) ((confidence(pair) - 0.5) * 2 * BINS));
    }

    /** The probability that the model gives to the answer which it prefers. */
    private static double confidence(ScoredPair pair) {
        return 1 / (1 + Math.exp(-Math.abs(pair.margin())));
    }

    private static boolean ordered(ScoredPair pair) {
        return pair.chosen() > pair.rejected();
    }

    private static boolean longer(ScoredPair pair) {
        return pair.chosenLength() > pair.rejectedLength();
    }

    private Proportion share(Predicate<ScoredPair> holds) {
        return new Proportion((int) pairs.stream().filter(holds).count(), pairs.size());
    }

    private double mean(java.util.function.ToDoubleFunction<ScoredPair> of) {
        return pairs.stream().mapToDouble(of).average().orElseThrow();
    }
}
