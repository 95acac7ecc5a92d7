package dev.save4j.onnxruntime;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Which prompts are fed together. */
final class Prefill {
    /** Tokens of one run, padding included; more rows of a matrix product than this gain nothing on a CPU. */
    static final int TOKENS = 512;

    /** Tokens below which a run is not made smaller to give each thread one. */
    private static final int FEW = 64;

    private Prefill() {}

    /**
     * Prompts that are fed in one run each: as many as the limit of tokens allows, of which none is padded by more than a quarter of its length.
     *
     * @param prompts from the longest on
     */
    static List<int[][]> batches(int[][] prompts, int threads) {
        int all = Arrays.stream(prompts).mapToInt(prompt -> prompt.length).sum();
        int limit = Math.max(FEW, Math.min(TOKENS, (all + threads - 1) / threads));
        List<int[][]> batches = new ArrayList<>();
        for (int first = 0; first < prompts.length; ) {
            int end = end(prompts, first, limit);
            batches.add(Arrays.copyOfRange(prompts, first, end));
            first = end;
        }
        return batches;
    }

    private static int end(int[][] prompts, int first, int limit) {
        int longest = prompts[first].length;
        int end = first + 1;
        while (end < prompts.length && (end + 1 - first) * longest <= limit && prompts[end].length * 5 >= longest * 4) {
            end++;
        }
        return end;
    }
}
