package dev.save4j.tokenizers;

import dev.save4j.SaveException;
import java.util.Arrays;

/** What tokenizers share: one token in front, cuts at the end, ids without a token. */
final class SpecialTokens {
    /** What an id without a token becomes in a text. */
    static final String UNKNOWN = "\uFFFD";

    private SpecialTokens() {}

    static int[] prepend(int first, int[] ids) {
        int[] all = new int[ids.length + 1];
        all[0] = first;
        System.arraycopy(ids, 0, all, 1, ids.length);
        return all;
    }

    /** Cuts a sequence that begins with one special token. */
    static Encoded cut(int[] ids, int maxTokens) {
        requireRoom(1, maxTokens);
        return ids.length <= maxTokens ? new Encoded(ids, false) : new Encoded(Arrays.copyOf(ids, maxTokens), true);
    }

    static void requireRoom(int special, int maxTokens) {
        if (maxTokens < special) {
            throw SaveException.user("a text of at most " + maxTokens + " tokens has no room for the " + special
                    + " special tokens around it; allow more");
        }
    }

    /** Whether there is a token of that id; models whose vocabulary is padded can sample ids beyond the last. */
    static boolean known(int id, int vocabularySize) {
        if (id < 0) {
            throw SaveException.internal("there is no token with the negative id " + id);
        }
        return id < vocabularySize;
    }
}
