package dev.save4j.onnxruntime;

/** Which prompts are fed together. */
final class Prefill {
    /** Tokens of one run, padding included; more rows of a matrix product than this gain nothing on a CPU. */
    static final int TOKENS = 512;

    private Prefill() {}

    /**
     * How many prompts from {@code first} on are fed in one run: as many as {@link #TOKENS} allow, of which none is padded by more than a quarter
     * of its length.
     *
     * @param lengths from the longest on
     */
    static int batch(int[] lengths, int first) {
        int longest = lengths[first];
        int count = 1;
        while (first + count < lengths.length
                && (count + 1) * longest <= TOKENS
                && lengths[first + count] * 5 >= longest * 4) {
            count++;
        }
        return count;
    }
}
