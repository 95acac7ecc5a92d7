package dev.save4j.onnxruntime;

import dev.save4j.SaveException;
import dev.save4j.engine.Sampling;
import java.nio.FloatBuffer;
import java.util.BitSet;
import java.util.SplittableRandom;

/**
 * Draws tokens from logits. All arithmetic is float and double in a fixed order, without functions whose last bit depends on the machine, so that
 * the same logits and the same stream give the same token everywhere. Nothing is allocated per token. Not thread-safe.
 *
 * <p>A token is drawn by inverting the cumulative distribution in the order of ids with one uniform number, so that rounding of the logits can
 * change a token only when that number falls on a boundary. Log-probabilities are those of the whole vocabulary at the sampling temperature, before
 * top-k and top-p; at temperature 0 those at temperature 1.
 */
final class Sampler {
    /** Weights are summed by blocks, and the block is found before the token in it. */
    private static final int BLOCK = 64;

    /** How many exponentials are computed at once. */
    private static final int PART = 1024;

    private final int vocabulary;
    private final Sampling sampling;
    private final float inverseTemperature;
    private final boolean filtered;
    private final BitSet stops = new BitSet();
    private final float[] scaled;
    private final float[] weights;
    private final double[] blocks;
    private final float[] largestOfBlocks;
    private final Exponential exponential;
    private final TokenRanking ranking;
    private float maximum;
    private double total;
    private float logProb;

    /** A USER error names a stop token outside the vocabulary. */
    Sampler(int vocabulary, Sampling sampling) {
        this.vocabulary = vocabulary;
        this.sampling = sampling;
        this.inverseTemperature = sampling.temperature() == 0 ? 1 : (float) (1 / sampling.temperature());
        this.filtered = sampling.topP() < 1 || sampling.topK() > 0 && sampling.topK() < vocabulary;
        for (int stop : sampling.stopTokens()) {
            if (stop < 0 || stop >= vocabulary) {
                throw SaveException.user("the stop token " + stop + " lies outside the vocabulary of " + vocabulary
                        + " tokens; does the tokenizer belong to this model?");
            }
            stops.set(stop);
        }
        this.scaled = new float[vocabulary];
        this.weights = new float[vocabulary];
        this.blocks = new double[(vocabulary + BLOCK - 1) / BLOCK];
        this.largestOfBlocks = new float[blocks.length];
        this.exponential = new Exponential(Math.min(PART, vocabulary));
        this.ranking = new TokenRanking(filtered && sampling.temperature() > 0 ? vocabulary : 0);
    }

    /**
     * Draws one token.
     *
     * @param logits of several rows; those of this one start at {@code offset}
     * @param stream from which one number is taken, whatever the settings
     */
    int sample(FloatBuffer logits, int offset, SplittableRandom stream) {
        logits.get(offset, scaled, 0, vocabulary);
        double uniform = stream.nextDouble();
        weigh();
        int token;
        if (sampling.temperature() == 0) {
            token = mostLikely();
        } else if (filtered) {
            token = drawFiltered(uniform);
        } else {
            token = draw(uniform * total, Long.MAX_VALUE);
        }
        logProb = (float) ((double) scaled[token] - maximum - StrictMath.log(total));
        return token;
    }

    Sampling sampling() {
        return sampling;
    }

    /** Of the token drawn last. */
    float logProb() {
        return logProb;
    }

    boolean isStop(int token) {
        return stops.get(token);
    }

    private void weigh() {
        if (inverseTemperature != 1) {
            for (int i = 0; i < vocabulary; i++) {
                scaled[i] *= inverseTemperature;
            }
        }
        maximum = largest(scaled, 0, vocabulary);
        requireFinite(maximum);
        exponential.ofDifferences(scaled, maximum, weights);
        double sum = 0;
        for (int block = 0; block < blocks.length; block++) {
            blocks[block] = sum(weights, block * BLOCK, end(block));
            sum += blocks[block];
        }
        total = sum;
        // A logit that is no number is not the largest.
        requireFinite((float) total);
    }

    private static void requireFinite(float largest) {
        if (!Float.isFinite(largest)) {
            throw SaveException.engine("the policy's logits are not finite (the largest is " + largest
                    + "); its weights have diverged, so lower the learning rate or restore a checkpoint");
        }
    }

    /** By a jump that is foreseen; three times as fast as {@link Math#max}, which looks out for signs of zeros. */
    private static float largest(float[] values, int from, int to) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = from; i < to; i++) {
            if (values[i] > largest) {
                largest = values[i];
            }
        }
        return largest;
    }

    /** Eight sums at a time do not wait for one another. */
    private static double sum(float[] weights, int from, int to) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        float e = 0;
        float f = 0;
        float g = 0;
        float h = 0;
        int i = from;
        for (; i + 7 < to; i += 8) {
            a += weights[i];
            b += weights[i + 1];
            c += weights[i + 2];
            d += weights[i + 3];
            e += weights[i + 4];
            f += weights[i + 5];
            g += weights[i + 6];
            h += weights[i + 7];
        }
        for (; i < to; i++) {
            a += weights[i];
        }
        return (double) a + b + ((double) c + d) + ((double) e + f + ((double) g + h));
    }

    private int mostLikely() {
        for (int i = 0; i < vocabulary; i++) {
            if (scaled[i] == maximum) {
                return i;
            }
        }
        throw SaveException.internal("no token has the largest logit");
    }

    private int drawFiltered(double uniform) {
        for (int block = 0; block < blocks.length; block++) {
            largestOfBlocks[block] = largest(weights, block * BLOCK, end(block));
        }
        long last = lastKept();
        float least = TokenRanking.weight(last);
        double mass = 0;
        for (int block = 0; block < blocks.length; block++) {
            double kept = 0;
            if (largestOfBlocks[block] >= least) {
                for (int i = block * BLOCK; i < end(block); i++) {
                    kept += TokenRanking.key(weights[i], i) <= last ? weights[i] : 0;
                }
            }
            blocks[block] = kept;
            mass += kept;
        }
        return draw(uniform * mass, last);
    }

    /** The key of the least likely token that the filters leave. */
    private long lastKept() {
        int count = sampling.topK();
        if (count == 0 || count >= vocabulary) {
            // All tokens below this weight together have less than the part that top-p leaves out: none of them stays.
            double smallest = (1 - sampling.topP()) * total / vocabulary * (1 - 1e-6);
            return ranking.lastOfMass(sampling.topP() * total, weights, (float) smallest, largestOfBlocks, BLOCK);
        }
        float smallest = ranking.reachedBy(count, largestOfBlocks);
        ranking.rank(weights, smallest, Float.POSITIVE_INFINITY, largestOfBlocks, BLOCK);
        ranking.selectFirst(count);
        return sampling.topP() < 1
                ? ranking.selectMass(count, sampling.topP() * ranking.mass(count))
                : ranking.lastOf(count);
    }

    /**
     * By the sums of the blocks.
     *
     * @param last the key of the least likely token that can be drawn
     */
    private int draw(double target, long last) {
        double below = 0;
        int block = 0;
        while (block < blocks.length - 1 && below + blocks[block] <= target) {
            below += blocks[block];
            block++;
        }
        int chosen = -1;
        for (int i = block * BLOCK; i < end(block); i++) {
            if (weights[i] > 0 && TokenRanking.key(weights[i], i) <= last) {
                chosen = i;
                below += weights[i];
                if (below > target) {
                    return i;
                }
            }
        }
        // Rounding can leave the target a hair beyond the last token.
        return chosen >= 0 ? chosen : mostLikely();
    }

    private int end(int block) {
        return Math.min(vocabulary, (block + 1) * BLOCK);
    }
}
