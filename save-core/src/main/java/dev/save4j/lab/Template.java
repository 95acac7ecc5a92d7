package dev.save4j.lab;

import java.util.Arrays;
import java.util.List;

/** A sentence with slots for the words that vary; an adjective slot may stay empty. */
record Template(List<String> pieces) {
    static final String NAME = "NAME";
    static final String KIND = "KIND";
    static final String SUBJECT = "PRO";
    static final String POSSESSIVE = "POS";
    static final String DATIVE = "HIM";
    static final String OBJECT = "OBJ";
    static final String PLACE = "PLACE";
    static final String MOOD = "MOOD";
    static final String ADJECTIVE = "*";
    static final String STOP = ".";

    Template {
        pieces = List.copyOf(pieces);
    }

    static List<Template> all(String... texts) {
        return Arrays.stream(texts)
                .map(text -> new Template(List.of(text.split(" "))))
                .toList();
    }

    boolean has(String slot) {
        return pieces.contains(slot);
    }

    boolean isGendered() {
        return has(KIND) || has(SUBJECT) || has(POSSESSIVE) || has(DATIVE);
    }

    int adjectiveSlots() {
        return (int) pieces.stream().filter(ADJECTIVE::equals).count();
    }

    /** The number of words without adjectives. */
    int words() {
        return pieces.size() - adjectiveSlots();
    }

    static boolean isSlot(String piece) {
        return switch (piece) {
            case NAME, KIND, SUBJECT, POSSESSIVE, DATIVE, OBJECT, PLACE, MOOD, ADJECTIVE -> true;
            default -> false;
        };
    }
}
