package dev.save4j.lab;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The open word classes of the tales; the remaining words come from the sentence templates. Ids follow the order of these lists. */
final class Lexicon {
    static final List<String> GIRLS = List.of("lily", "mia", "anna", "rosa", "emma", "sue", "nora", "kate");
    static final List<String> BOYS = List.of("tom", "ben", "sam", "max", "leo", "jack", "tim", "finn");
    static final List<String> OBJECTS = List.of(
            "kite", "ball", "book", "drum", "shell", "ring", "lamp", "coin", "boat", "hat", "flute", "map", "key",
            "cake", "doll", "bell");
    static final List<String> PLACES = List.of(
            "garden", "forest", "river", "hill", "market", "beach", "farm", "castle", "village", "lake", "barn",
            "cave");
    static final List<String> MOODS = List.of("happy", "sad", "brave", "scared", "calm", "angry", "proud", "shy");
    static final List<String> ADJECTIVES = List.of(
            "big", "small", "red", "blue", "green", "golden", "new", "soft", "warm", "bright", "shiny", "tiny", "round",
            "quiet", "sweet", "deep", "tall", "clean", "smooth", "fine");

    /** Each mood and the one that contradicts it. */
    static final Map<String, String> OPPOSITES = Map.of(
            "happy", "sad", "sad", "happy", "brave", "scared", "scared", "brave", "calm", "angry", "angry", "calm",
            "proud", "shy", "shy", "proud");

    static final Set<String> FEMALE = Set.of("she", "her", "girl");
    static final Set<String> MALE = Set.of("he", "his", "him", "boy");

    /** Verbs by which somebody comes to have something. */
    static final Set<String> REACHING = Set.of("found", "got", "took", "held", "gave");

    private static final Map<String, String> SLOTS = slots();

    private Lexicon() {}

    static boolean isGirl(String name) {
        return GIRLS.contains(name);
    }

    static boolean isName(String word) {
        return slot(word).equals(Template.NAME);
    }

    /** The slot a word can fill in a template, or the word itself. */
    static String slot(String word) {
        return SLOTS.getOrDefault(word, word);
    }

    private static Map<String, String> slots() {
        Map<String, String> slots = new HashMap<>();
        GIRLS.forEach(word -> slots.put(word, Template.NAME));
        BOYS.forEach(word -> slots.put(word, Template.NAME));
        OBJECTS.forEach(word -> slots.put(word, Template.OBJECT));
        PLACES.forEach(word -> slots.put(word, Template.PLACE));
        MOODS.forEach(word -> slots.put(word, Template.MOOD));
        ADJECTIVES.forEach(word -> slots.put(word, Template.ADJECTIVE));
        List.of("he", "she").forEach(word -> slots.put(word, Template.SUBJECT));
        List.of("his", "her", "him").forEach(word -> slots.put(word, Template.POSSESSIVE));
        List.of("boy", "girl").forEach(word -> slots.put(word, Template.KIND));
        return Map.copyOf(slots);
    }
}
