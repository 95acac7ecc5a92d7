package dev.save4j.bench.reward;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** What choosing the answer with the highest score brings, and how well scores separate right answers from wrong ones. */
final class BestOfK {
    private BestOfK() {}

    /**
     * How often the best of k answers is right, for k from 1 to the smallest number of answers of an item: the expectation over all choices of k of the
     * answers, answers that share the highest score being chosen equally often. An answer without a score is chosen last.
     *
     * @param items at least one
     */
    static double[] curve(List<Scored> items) {
        int largest = items.stream()
                .mapToInt(item -> item.item().answers().size())
                .min()
                .orElseThrow();
        double[] curve = new double[largest];
        for (Scored item : items) {
            List<double[]> groups = ranked(item);
            int answers = item.item().answers().size();
            for (int k = 1; k <= largest; k++) {
                curve[k - 1] += expected(groups, answers, k) / items.size();
            }
        }
        return curve;
    }

    /** Size and share of right answers of the answers that score the same, highest scores first. */
    private static List<double[]> ranked(Scored item) {
        List<Integer> order = IntStream.range(0, item.item().answers().size())
                .boxed()
                .sorted(Comparator.comparingDouble(answer -> -rank(item.score(answer))))
                .toList();
        List<double[]> groups = new ArrayList<>();
        int from = 0;
        while (from < order.size()) {
            int to = from;
            int right = 0;
            while (to < order.size() && rank(item.score(order.get(to))) == rank(item.score(order.get(from)))) {
                right += item.item().answers().get(order.get(to)).right() ? 1 : 0;
                to++;
            }
            groups.add(new double[] {to - from, right / (double) (to - from)});
            from = to;
        }
        return groups;
    }

    private static double rank(double score) {
        return Double.isNaN(score) ? Double.NEGATIVE_INFINITY : score;
    }

    private static double expected(List<double[]> groups, int answers, int k) {
        double sum = 0;
        int better = 0;
        for (double[] group : groups) {
            // All k come from this group and below, less all k come from below.
            double chance =
                    allFrom(answers - better, answers, k) - allFrom(answers - better - (int) group[0], answers, k);
            sum += chance * group[1];
            better += (int) group[0];
        }
        return sum;
    }

    /** The probability that k of all answers, drawn without putting back, are among a part of them. */
    private static double allFrom(int part, int all, int k) {
        double probability = 1;
        for (int i = 0; i < k; i++) {
            probability *= Math.max(0, part - i) / (double) (all - i);
        }
        return probability;
    }

    /**
     * The mean over items of the area under the ROC curve of scores against rightness: the probability that a right answer scores above a wrong one, a tie
     * counting half. Items whose answers are all right or all wrong say nothing and are left out.
     */
    static double area(List<Scored> items) {
        double sum = 0;
        int counted = 0;
        for (Scored item : items) {
            double above = 0;
            int pairs = 0;
            for (int right = 0; right < item.scores().length; right++) {
                for (int wrong = 0; wrong < item.scores().length; wrong++) {
                    if (item.item().answers().get(right).right()
                            && !item.item().answers().get(wrong).right()) {
                        pairs++;
                        above += item.above(right, wrong) ? 1 : item.score(right) == item.score(wrong) ? 0.5 : 0;
                    }
                }
            }
            if (pairs > 0) {
                sum += above / pairs;
                counted++;
            }
        }
        return counted == 0 ? Double.NaN : sum / counted;
    }
}
