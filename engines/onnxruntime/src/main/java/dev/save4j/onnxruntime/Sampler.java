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
    private static final int BLOCK = 128;

    private final int vocabulary;
    private final Sampling sampling;
    private final float inverseTemperature;
    private final boolean filtered;
    private final BitSet stops = new BitSet();
    private final float[] scaled;
    private final float[] weights;
    private final float[] scratch;
    private final double[] blocks;
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
        this.scratch = new float[vocabulary];
        this.blocks = new double[(vocabulary + BLOCK - 1) / BLOCK];
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
            token = draw(uniform);
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
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < vocabulary; i++) {
            scaled[i] *= inverseTemperature;
        }
        for (int i = 0; i < vocabulary; i++) {
            largest = Math.max(largest, scaled[i]);
        }
        if (!Float.isFinite(largest)) {
            throw SaveException.engine("the policy's logits are not finite (the largest is " + largest
                    + "); its weights have diverged, so lower the learning rate or restore a checkpoint");
        }
        maximum = largest;
        Exponential.ofDifferences(scaled, largest, weights, scratch);
        double sum = 0;
        for (int block = 0; block < blocks.length; block++) {
            blocks[block] = sum(block * BLOCK, Math.min(vocabulary, (block + 1) * BLOCK));
            sum += blocks[block];
        }
        total = sum;
    }

    /** Four sums at a time do not wait for one another. */
    private double sum(int from, int to) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        int i = from;
        for (; i + 3 < to; i += 4) {
            a += weights[i];
            b += weights[i + 1];
            c += weights[i + 2];
            d += weights[i + 3];
        }
        for (; i < to; i++) {
            a += weights[i];
        }
        return (double) a + b + (c + d);
    }

    private int mostLikely() {
        for (int i = 0; i < vocabulary; i++) {
            if (scaled[i] == maximum) {
                return i;
            }
        }
        throw SaveException.internal("no token has the largest logit");
    }

    private int draw(double uniform) {
        double target = uniform * total;
        double below = 0;
        int block = 0;
        while (block < blocks.length - 1 && below + blocks[block] <= target) {
            below += blocks[block];
            block++;
        }
        int chosen = -1;
        int end = Math.min(vocabulary, (block + 1) * BLOCK);
        for (int i = block * BLOCK; i < end; i++) {
            if (weights[i] > 0) {
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

    private int drawFiltered(double uniform) {
        boolean all = sampling.topK() == 0 || sampling.topK() >= vocabulary;
        // All tokens below this weight together have less than the part that top-p leaves out, so none of them is kept.
        double smallest = all ? (1 - sampling.topP()) * total / vocabulary * (1 - 1e-6) : 0;
        int kept = ranking.rank(weights, (float) smallest);
        if (!all) {
            kept = Math.min(kept, sampling.topK());
            ranking.selectFirst(kept);
        }
        long last = sampling.topP() < 1
                ? ranking.selectMass(kept, all ? sampling.topP() * total : sampling.topP() * ranking.mass(kept))
                : ranking.lastOf(kept);
        double mass = 0;
        for (int i = 0; i < vocabulary; i++) {
            mass += TokenRanking.key(weights[i], i) <= last ? weights[i] : 0;
        }
        double target = uniform * mass;
        double below = 0;
        int chosen = -1;
        for (int i = 0; i < vocabulary; i++) {
            if (weights[i] > 0 && TokenRanking.key(weights[i], i) <= last) {
                chosen = i;
                below += weights[i];
                if (below > target) {
                    return i;
                }
            }
        }
        return chosen >= 0 ? chosen : mostLikely();
    }
}
