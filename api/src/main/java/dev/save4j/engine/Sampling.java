package dev.save4j.engine;

import dev.save4j.SaveException;
import java.util.Set;

/**
 * How completions are sampled.
 *
 * @param temperature divides the logits; 0 takes the most likely token, whose log-probability is given at temperature 1
 * @param topK keeps the k most likely tokens; 0 keeps all
 * @param topP keeps the smallest set of tokens whose probability reaches p, among those that top-k keeps; 1 keeps all
 * @param maxTokens the longest completion, stop token included
 * @param stopTokens end a completion; the stop token is its last token
 */
public record Sampling(double temperature, int topK, double topP, int maxTokens, Set<Integer> stopTokens) {
    /** Below, logits times the reciprocal would leave the range of single precision. */
    public static final double LEAST_TEMPERATURE = 1e-30;

    public Sampling {
        stopTokens = Set.copyOf(stopTokens);
        if (temperature != 0 && !divides(temperature)) {
            throw SaveException.user("the temperature of sampling must be 0, or finite and at least "
                    + LEAST_TEMPERATURE + ", but is " + temperature);
        }
        if (topK < 0) {
            throw SaveException.user("top-k must not be negative, but is " + topK);
        }
        if (!(topP > 0 && topP <= 1)) {
            throw SaveException.user("top-p must lie in (0, 1], but is " + topP);
        }
        if (maxTokens < 1) {
            throw SaveException.user("the tokens of an answer must be at least 1, but is " + maxTokens);
        }
    }

    /** Whether logits can be divided by a temperature in single precision: it is finite and at least {@link #LEAST_TEMPERATURE}. */
    public static boolean divides(double temperature) {
        return temperature >= LEAST_TEMPERATURE && temperature <= Double.MAX_VALUE;
    }

    /** Temperature 1 over the whole vocabulary. */
    public static Sampling unbiased(int maxTokens, Set<Integer> stopTokens) {
        return new Sampling(1, 0, 1, maxTokens, stopTokens);
    }

    public static Sampling greedy(int maxTokens, Set<Integer> stopTokens) {
        return new Sampling(0, 0, 1, maxTokens, stopTokens);
    }
}
