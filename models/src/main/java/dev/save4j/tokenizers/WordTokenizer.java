package dev.save4j.tokenizers;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.engine.Names;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * One token per word of a closed list and three special tokens, for small synthetic languages. Words are separated by white space; the marks
 * {@code . , ! ? ; :} are words of their own, written without a space before them.
 */
public final class WordTokenizer implements Tokenizer {
    private static final String MARKS = ".,!?;:";
    private static final int PADDING = 0;
    private static final int BEGIN = 1;
    private static final int END = 2;
    private static final int FIRST_WORD = 3;
    private static final List<String> SPECIAL = List.of("<pad>", "<s>", "</s>");

    private final List<String> words;
    private final Map<String, Integer> ids = new LinkedHashMap<>();

    /** The words in the order of their ids, which begin at 3, after padding, begin and end of text. */
    public WordTokenizer(List<String> words) {
        this.words = List.copyOf(words);
        for (String word : this.words) {
            if (!List.of(word).equals(split(word))) {
                throw SaveException.user("'" + word + "' is not one word; words hold no white space and none of "
                        + MARKS + " except as a word of its own");
            }
            if (ids.put(word, FIRST_WORD + ids.size()) != null) {
                throw SaveException.user("the word '" + word + "' is in the list twice");
            }
        }
    }

    static WordTokenizer open(Path path) {
        JsonNode list = JsonFiles.readObject(path).path("words");
        if (!list.isArray()) {
            throw SaveException.user(path + " has no list 'words'");
        }
        List<String> words = new ArrayList<>();
        for (JsonNode word : list) {
            if (!word.isString()) {
                throw SaveException.user(path + ": 'words' holds " + word + ", which is not a text");
            }
            words.add(word.stringValue());
        }
        try {
            return new WordTokenizer(words);
        } catch (SaveException wrong) {
            throw SaveException.user(path + ": " + wrong.getMessage(), wrong);
        }
    }

    /** The words in the order of their ids. */
    public List<String> words() {
        return words;
    }

    /** A USER error naming all words that are not in the list. */
    @Override
    public int[] encode(String text, boolean addSpecialTokens) {
        List<String> parts = split(text);
        Set<String> unknown = new LinkedHashSet<>(parts);
        unknown.removeAll(ids.keySet());
        if (!unknown.isEmpty()) {
            String first = unknown.iterator().next();
            throw SaveException.user(
                    "the text has words that are not among the " + words.size() + " of this tokenizer: "
                            + String.join(", ", unknown)
                            + Names.nearest(first, words)
                                    .map(near -> ". Did you mean '" + near + "' for '" + first + "'?")
                                    .orElse(""));
        }
        int[] encoded = parts.stream().mapToInt(ids::get).toArray();
        return addSpecialTokens ? SpecialTokens.prepend(BEGIN, encoded) : encoded;
    }

    @Override
    public Encoded encode(String text, int maxTokens) {
        return SpecialTokens.cut(encode(text, true), maxTokens);
    }

    private static List<String> split(String text) {
        List<String> parts = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        text.codePoints().forEach(codePoint -> {
            boolean mark = MARKS.indexOf(codePoint) >= 0;
            if (mark || Character.isWhitespace(codePoint)) {
                if (word.length() > 0) {
                    parts.add(word.toString());
                    word.setLength(0);
                }
                if (mark) {
                    parts.add(Character.toString(codePoint));
                }
            } else {
                word.appendCodePoint(codePoint);
            }
        });
        if (word.length() > 0) {
            parts.add(word.toString());
        }
        return parts;
    }

    /** The words joined with spaces, without one before a mark. */
    @Override
    public String decode(int[] ids, boolean skipSpecialTokens) {
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            boolean known = SpecialTokens.known(id, vocabularySize());
            if (id >= FIRST_WORD || !skipSpecialTokens) {
                String word =
                        id < FIRST_WORD ? SPECIAL.get(id) : known ? words.get(id - FIRST_WORD) : SpecialTokens.UNKNOWN;
                boolean mark = word.length() == 1 && MARKS.contains(word);
                text.append(text.length() == 0 || mark ? "" : " ").append(word);
            }
        }
        return text.toString();
    }

    @Override
    public int vocabularySize() {
        return FIRST_WORD + words.size();
    }

    /** {@code <pad>}, {@code <s>} and {@code </s>}, which no text encodes to unless the list has such words. */
    @Override
    public OptionalInt specialToken(String text) {
        int id = SPECIAL.indexOf(text);
        return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
    }

    @Override
    public OptionalInt beginOfText() {
        return OptionalInt.of(BEGIN);
    }

    @Override
    public OptionalInt endOfText() {
        return OptionalInt.of(END);
    }

    @Override
    public OptionalInt padding() {
        return OptionalInt.of(PADDING);
    }

    @Override
    public void writeTo(Path folder) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ArrayNode list = root.putArray("words");
        words.forEach(list::add);
        AtomicFiles.write(folder.resolve(Tokenizers.WORDS), JsonFiles.text(root));
    }

    @Override
    public void close() {}
}
