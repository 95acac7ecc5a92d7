package dev.save4j.lab;

import dev.save4j.SaveException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The words of the tales and their token ids. One token is one word; {@code .}, {@code ,} and {@code :} are words of their own; texts are
 * words joined by single spaces. Ids are stable: 0 padding, 1 begin, 2 end, then the words in a fixed order. Immutable.
 */
public final class TaleVocabulary {
    /** Fills up batches; never part of a tale. */
    public static final int PAD = 0;

    /** Begins a prompt. */
    public static final int BOS = 1;

    /** Ends an answer. */
    public static final int EOS = 2;

    private static final int SPECIALS = 3;
    private static final TaleVocabulary STANDARD = new TaleVocabulary();

    private final List<String> words;
    private final Map<String, Integer> ids = new HashMap<>();

    private TaleVocabulary() {
        Set<String> ordered = new LinkedHashSet<>(List.of("<pad>", "<bos>", "<eos>", ".", ",", ":"));
        ordered.addAll(List.of("he", "she", "his", "her", "him", "boy", "girl"));
        ordered.addAll(Lexicon.GIRLS);
        ordered.addAll(Lexicon.BOYS);
        ordered.addAll(Lexicon.OBJECTS);
        ordered.addAll(Lexicon.PLACES);
        ordered.addAll(Lexicon.MOODS);
        ordered.addAll(Lexicon.ADJECTIVES);
        ordered.addAll(Templates.fixedWords());
        this.words = List.copyOf(ordered);
        for (int id = 0; id < words.size(); id++) {
            ids.put(words.get(id), id);
        }
    }

    /** The one vocabulary there is. */
    public static TaleVocabulary standard() {
        return STANDARD;
    }

    /** All tokens by id, the three special ones first. */
    public List<String> words() {
        return words;
    }

    public int size() {
        return words.size();
    }

    public boolean contains(String word) {
        return ids.containsKey(word);
    }

    /**
     * The id of a word.
     *
     * @throws SaveException of kind USER for a word that is not in the vocabulary
     */
    public int id(String word) {
        Integer id = ids.get(word);
        if (id == null) {
            throw SaveException.user("The word \"" + word + "\" is not among the " + (size() - SPECIALS)
                    + " words of the tales; tales are lower-case words joined by spaces");
        }
        return id;
    }

    /**
     * The word of an id.
     *
     * @throws SaveException of kind USER for an id outside [0, size)
     */
    public String word(int id) {
        if (id < 0 || id >= words.size()) {
            throw SaveException.user(
                    "Token " + id + " is outside the vocabulary of the tales, which has " + size() + " tokens");
        }
        return words.get(id);
    }

    /** The ids of words. */
    public int[] encode(List<String> text) {
        return text.stream().mapToInt(this::id).toArray();
    }

    /** The ids of the words of a text, split at white space. */
    public int[] encode(String text) {
        return text.isBlank() ? new int[0] : encode(List.of(text.strip().split("\\s+")));
    }

    /** The words of ids, special tokens left out. */
    public List<String> decode(int[] tokens) {
        return Arrays.stream(tokens)
                .filter(id -> !isSpecial(id))
                .mapToObj(this::word)
                .toList();
    }

    /** The words of ids joined by spaces, special tokens left out. */
    public String text(int[] tokens) {
        return decode(tokens).stream().collect(Collectors.joining(" "));
    }

    /**
     * The words a policy has written, read with forbearance: everything from the first end token on is left out, so are padding and begin
     * tokens, and an id outside the vocabulary counts as a word that nothing recognises.
     */
    List<String> answerWords(int[] tokens) {
        List<String> answer = new ArrayList<>(tokens.length);
        for (int id : tokens) {
            if (id == EOS) {
                break;
            }
            if (!isSpecial(id)) {
                answer.add(id > 0 && id < words.size() ? words.get(id) : "<unknown>");
            }
        }
        return answer;
    }

    private static boolean isSpecial(int id) {
        return id >= 0 && id < SPECIALS;
    }
}
