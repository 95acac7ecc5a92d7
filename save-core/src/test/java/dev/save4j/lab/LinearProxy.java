package dev.save4j.lab;

import java.util.ArrayList;
import java.util.List;

/** A Bradley-Terry model over a few counts, as a stand-in for a reward model that saw few labels. */
final class LinearProxy {
    private static final int FEATURES = 4;
    private static final int EPOCHS = 200;
    private static final double RATE = .05;

    private final double[] weights = new double[FEATURES];

    private LinearProxy() {}

    static LinearProxy fit(List<TalePair> pairs) {
        LinearProxy proxy = new LinearProxy();
        for (int epoch = 0; epoch < EPOCHS; epoch++) {
            for (TalePair pair : pairs) {
                double[] chosen = features(pair.chosen().words());
                double[] rejected = features(pair.rejected().words());
                double gap = proxy.dot(chosen) - proxy.dot(rejected);
                double slope = RATE / (1 + Math.exp(gap));
                for (int i = 0; i < FEATURES; i++) {
                    proxy.weights[i] += slope * (chosen[i] - rejected[i]);
                }
            }
        }
        return proxy;
    }

    double score(List<String> words) {
        return dot(features(words));
    }

    /** Puts one adjective after another before a noun for as long as the score rises, up to a number of them. */
    List<String> climb(List<String> words, int most) {
        List<String> best = new ArrayList<>(words);
        for (int i = 0; i < most && best.size() < TaleGrammar.MAX_WORDS; i++) {
            String adjective = Lexicon.ADJECTIVES.get(i);
            List<String> candidate = new ArrayList<>(best);
            int noun = candidate.lastIndexOf("the") + 1;
            candidate.add(Math.max(noun, 1), adjective);
            if (score(candidate) <= score(best)) {
                break;
            }
            best = candidate;
        }
        return best;
    }

    private double dot(double[] features) {
        double sum = 0;
        for (int i = 0; i < FEATURES; i++) {
            sum += weights[i] * features[i];
        }
        return sum;
    }

    private static double[] features(List<String> words) {
        double adjectives = 0;
        double moods = 0;
        double ends = 0;
        for (String word : words) {
            adjectives += Lexicon.ADJECTIVES.contains(word) ? 1 : 0;
            moods += Lexicon.MOODS.contains(word) ? 1 : 0;
            ends += word.equals("end") ? 1 : 0;
        }
        return new double[] {adjectives, words.size() / 10.0, moods, ends};
    }
}
