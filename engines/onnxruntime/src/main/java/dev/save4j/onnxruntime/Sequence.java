package dev.save4j.onnxruntime;

import dev.save4j.engine.Completion;
import dev.save4j.engine.Completion.FinishReason;
import java.util.Arrays;
import java.util.SplittableRandom;

/** What is being decoded in one row; used again for the next sequence. */
final class Sequence {
    private final int[] tokens;
    private final float[] logProbs;
    private int request;
    private int completion;
    private int cached;
    private int sampled;
    private int limit;
    private boolean stopped;
    private SplittableRandom stream = new SplittableRandom(0);

    /**
     * Room for the longest sequence.
     *
     * @param capacity sampled tokens
     */
    Sequence(int capacity) {
        this.tokens = new int[capacity];
        this.logProbs = new float[capacity];
    }

    /**
     * Starts over.
     *
     * @param cachedTokens of the prompt
     * @param tokenLimit of sampled tokens
     */
    void begin(int ofRequest, int ofCompletion, int cachedTokens, int tokenLimit, SplittableRandom ownStream) {
        request = ofRequest;
        completion = ofCompletion;
        cached = cachedTokens;
        limit = tokenLimit;
        stream = ownStream;
        sampled = 0;
        stopped = false;
    }

    int request() {
        return request;
    }

    int completion() {
        return completion;
    }

    SplittableRandom stream() {
        return stream;
    }

    /** Tokens in the cache. */
    int cached() {
        return cached;
    }

    /** The token drawn last, which the cache is about to get. */
    int feed() {
        cached++;
        return tokens[sampled - 1];
    }

    void append(int token, float logProb, boolean stop) {
        tokens[sampled] = token;
        logProbs[sampled] = logProb;
        sampled++;
        stopped = stop;
    }

    boolean ended() {
        return stopped || sampled == limit;
    }

    Completion toCompletion() {
        return new Completion(
                Arrays.copyOf(tokens, sampled),
                Arrays.copyOf(logProbs, sampled),
                stopped ? FinishReason.STOP : FinishReason.LENGTH);
    }
}
