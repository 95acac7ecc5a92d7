package dev.save4j.lab;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * An answer to a prompt, written by {@link TaleGrammar}.
 *
 * @param words the words, at most {@value TaleGrammar#MAX_WORDS}
 * @param flaws what was done wrong on purpose
 */
public record Tale(TalePrompt prompt, List<String> words, Set<Flaw> flaws) {
    public Tale {
        words = List.copyOf(words);
        flaws = flaws.isEmpty() ? Set.of() : Collections.unmodifiableSet(EnumSet.copyOf(flaws));
    }

    /** The words joined by spaces. */
    public String text() {
        return String.join(" ", words);
    }

    /** The tokens of the answer with the end token. */
    public int[] tokens() {
        int[] ids = TaleVocabulary.standard().encode(words);
        int[] tokens = new int[ids.length + 1];
        System.arraycopy(ids, 0, tokens, 0, ids.length);
        tokens[ids.length] = TaleVocabulary.EOS;
        return tokens;
    }
}
