package dev.save4j.lab;

import dev.save4j.SaveException;
import java.util.Arrays;
import java.util.List;

/**
 * What a tale is asked for: somebody called {@code name} comes to an {@code object} at a {@code place}, in one {@code mood}. As words
 * {@code lily kite garden happy :}, as tokens the same with a begin token in front, six in all.
 */
public record TalePrompt(String name, String object, String place, String mood) {
    private static final String MARK = ":";

    /** The number of different prompts. */
    static final int COUNT = (Lexicon.GIRLS.size() + Lexicon.BOYS.size())
            * Lexicon.OBJECTS.size()
            * Lexicon.PLACES.size()
            * Lexicon.MOODS.size();

    public TalePrompt {
        if (!Lexicon.isName(name)) {
            throw unknown("name", name, "such as " + Lexicon.GIRLS.get(0));
        }
        if (!Lexicon.OBJECTS.contains(object)) {
            throw unknown("object", object, "one of " + Lexicon.OBJECTS);
        }
        if (!Lexicon.PLACES.contains(place)) {
            throw unknown("place", place, "one of " + Lexicon.PLACES);
        }
        if (!Lexicon.MOODS.contains(mood)) {
            throw unknown("mood", mood, "one of " + Lexicon.MOODS);
        }
    }

    private static SaveException unknown(String part, String word, String expected) {
        return SaveException.user("A tale has no " + part + " \"" + word + "\"; expected " + expected);
    }

    /** One of all prompts, by its number in [0, {@link #COUNT}). */
    static TalePrompt number(int number) {
        int rest = number;
        int names = Lexicon.GIRLS.size() + Lexicon.BOYS.size();
        int name = rest % names;
        rest /= names;
        String object = Lexicon.OBJECTS.get(rest % Lexicon.OBJECTS.size());
        rest /= Lexicon.OBJECTS.size();
        String place = Lexicon.PLACES.get(rest % Lexicon.PLACES.size());
        rest /= Lexicon.PLACES.size();
        String person =
                name < Lexicon.GIRLS.size() ? Lexicon.GIRLS.get(name) : Lexicon.BOYS.get(name - Lexicon.GIRLS.size());
        return new TalePrompt(person, object, place, Lexicon.MOODS.get(rest));
    }

    /**
     * Reads a prompt back from its tokens; padding and begin tokens are ignored.
     *
     * @throws SaveException of kind USER when these are not the tokens of a prompt
     */
    public static TalePrompt of(int[] tokens) {
        List<String> words = TaleVocabulary.standard().decode(tokens);
        if (words.size() != 5 || !words.get(4).equals(MARK)) {
            throw SaveException.user("The prompt of a tale is name, object, place, mood and a colon, but got tokens "
                    + Arrays.toString(tokens) + " = " + words);
        }
        return new TalePrompt(words.get(0), words.get(1), words.get(2), words.get(3));
    }

    public List<String> words() {
        return List.of(name, object, place, mood, MARK);
    }

    /** The words joined by spaces. */
    public String text() {
        return String.join(" ", words());
    }

    /** Begin token and words. */
    public int[] tokens() {
        int[] words = TaleVocabulary.standard().encode(words());
        int[] tokens = new int[words.length + 1];
        tokens[0] = TaleVocabulary.BOS;
        System.arraycopy(words, 0, tokens, 1, words.length);
        return tokens;
    }

    /** Whether the tale is about a girl, so that its pronouns are she and her. */
    boolean isGirl() {
        return Lexicon.isGirl(name);
    }
}
