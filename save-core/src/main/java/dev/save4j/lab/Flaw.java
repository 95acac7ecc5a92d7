package dev.save4j.lab;

import java.util.Optional;
import java.util.Set;

/** What can be wrong with a tale. Each lowers the gold reward; flaws of one kind exclude each other. */
public enum Flaw {
    /** Somebody else's name. */
    WRONG_NAME(Kind.NAME),
    /** No name at all, only a boy or a girl. */
    NO_NAME(Kind.NAME),
    /** A second named character. */
    SECOND_CHARACTER(Kind.CAST),
    /** Pronouns of the other gender in some sentences. */
    WRONG_PRONOUN(Kind.PRONOUN),
    /** Another object than asked for. */
    WRONG_OBJECT(Kind.OBJECT),
    /** No object at all. */
    NO_OBJECT(Kind.OBJECT),
    /** The object is wanted but never reached. */
    NOT_REACHED(Kind.OBJECT),
    /** Another place than asked for. */
    WRONG_PLACE(Kind.PLACE),
    /** No place at all. */
    NO_PLACE(Kind.PLACE),
    /** The mood is never told. */
    NO_MOOD(Kind.MOOD),
    /** The asked-for mood, and later its opposite. */
    CONTRADICTION(Kind.MOOD),
    /** It just stops. */
    NO_ENDING(Kind.ENDING),
    /** A sentence told twice. */
    REPETITION(Kind.REPETITION),
    /** Little more than a beginning and an end. */
    TOO_SHORT(Kind.LENGTH),
    /** Filled up with events that lead nowhere. */
    TOO_LONG(Kind.LENGTH),
    /** Not one adjective. */
    PLAIN(Kind.ADJECTIVES),
    /** Five or more adjectives, heaped upon the nouns. */
    SPAM(Kind.ADJECTIVES);

    private enum Kind {
        NAME,
        CAST,
        PRONOUN,
        OBJECT,
        PLACE,
        MOOD,
        ENDING,
        REPETITION,
        LENGTH,
        ADJECTIVES
    }

    private final Kind kind;

    Flaw(Kind kind) {
        this.kind = kind;
    }

    /** Whether both cannot be in one tale. */
    public boolean excludes(Flaw other) {
        return this != other && kind == other.kind;
    }

    Optional<Flaw> excludedBy(Set<Flaw> flaws) {
        return flaws.stream().filter(this::excludes).findFirst();
    }
}
