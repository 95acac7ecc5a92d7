package dev.save4j.lab;

import dev.save4j.SaveException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Writes tales: an opening, perhaps a setting, a mood, a want, events, a resolution, perhaps a closing, and the end. A tale without flaws has
 * between {@value #SHORTEST_GOOD} and {@value #LONGEST_GOOD} words, one or two adjectives, and the whole gold reward. Stateless; all
 * randomness comes in.
 */
public final class TaleGrammar {
    /** No tale has more words; with the end token 46. */
    public static final int MAX_WORDS = 45;

    static final int SHORTEST_GOOD = 24;
    static final int LONGEST_GOOD = 36;
    private static final int LONG = 42;
    private static final int SPAM_MINIMUM = 5;
    private static final int SPAM_SPREAD = 5;

    private TaleGrammar() {}

    /** A tale without flaws. */
    public static Tale flawless(TalePrompt prompt, RandomGenerator random) {
        return tale(prompt, Set.of(), random);
    }

    /** A tale with flaws drawn at the given rates. */
    public static Tale sample(TalePrompt prompt, FlawRates rates, RandomGenerator random) {
        return tale(prompt, rates.draw(random), random);
    }

    /**
     * A tale with exactly these flaws. With so many of them that they do not fit into {@value #MAX_WORDS} words, there are fewer adjectives.
     *
     * @throws SaveException of kind USER when two flaws exclude each other
     */
    public static Tale tale(TalePrompt prompt, Set<Flaw> flaws, RandomGenerator random) {
        for (Flaw flaw : flaws) {
            flaw.excludedBy(flaws).ifPresent(other -> {
                throw SaveException.user("A tale cannot have the flaws " + flaw + " and " + other + " at once");
            });
        }
        Set<Flaw> wrong = flaws.isEmpty() ? EnumSet.noneOf(Flaw.class) : EnumSet.copyOf(flaws);
        return new Tale(prompt, new Draft(prompt, wrong, random).write(), wrong);
    }

    /** A sentence in the making: its template, the words for its slots, and its adjectives. */
    private static final class Sentence {
        final Template template;
        final String name;
        final String mood;
        boolean girl;
        final List<String> adjectives = new ArrayList<>();

        Sentence(Template template, String name, String mood, boolean girl) {
            this.template = template;
            this.name = name;
            this.mood = mood;
            this.girl = girl;
        }

        int words() {
            return template.words() + adjectives.size();
        }
    }

    /** One tale in the making. */
    private static final class Draft {
        private final TalePrompt prompt;
        private final Set<Flaw> flaws;
        private final RandomGenerator random;
        private final String name;
        private final String object;
        private final String place;
        private List<Sentence> sentences = List.of();
        private int adjectives;

        Draft(TalePrompt prompt, Set<Flaw> flaws, RandomGenerator random) {
            this.prompt = prompt;
            this.flaws = flaws;
            this.random = random;
            List<String> sameKind = prompt.isGirl() ? Lexicon.GIRLS : Lexicon.BOYS;
            this.name = flaws.contains(Flaw.WRONG_NAME) ? other(sameKind, prompt.name()) : prompt.name();
            this.object = flaws.contains(Flaw.WRONG_OBJECT) ? other(Lexicon.OBJECTS, prompt.object()) : prompt.object();
            this.place = flaws.contains(Flaw.WRONG_PLACE) ? other(Lexicon.PLACES, prompt.place()) : prompt.place();
        }

        List<String> write() {
            adjectives = flaws.contains(Flaw.PLAIN)
                    ? 0
                    : flaws.contains(Flaw.SPAM) ? SPAM_MINIMUM + random.nextInt(SPAM_SPREAD) : 1 + random.nextInt(2);
            int limit = LONGEST_GOOD;
            int tries = 0;
            do {
                sentences = required();
                tries++;
                // Several extra sentences may not fit into the good range; many adjectives beside them not even into
                // the maximum.
                if (tries % 16 == 0 && limit < MAX_WORDS) {
                    limit++;
                } else if (tries % 64 == 0 && adjectives > 1) {
                    adjectives--;
                }
            } while (words() + repeated() > limit || slots() == 0);
            fill();
            placeAdjectives();
            flipPronouns();
            repeat();
            return render();
        }

        private List<Sentence> required() {
            List<Sentence> chosen = new ArrayList<>();
            boolean brief = flaws.contains(Flaw.TOO_SHORT);
            boolean noPlace = flaws.contains(Flaw.NO_PLACE);
            boolean placed = !noPlace && !flaws.contains(Flaw.NO_NAME) && random.nextInt(2) == 0;
            chosen.add(sentence(
                    flaws.contains(Flaw.NO_NAME)
                            ? Templates.OPENINGS_WITHOUT_NAME
                            : placed ? Templates.OPENINGS_WITH_PLACE : Templates.OPENINGS));
            if (!brief) {
                if (!noPlace && !placed) {
                    chosen.add(sentence(Templates.SETTINGS));
                }
                List<Sentence> middle = new ArrayList<>();
                if (!flaws.contains(Flaw.NO_MOOD)) {
                    middle.add(sentence(Templates.MOODS));
                }
                middle.add(sentence(flaws.contains(Flaw.NO_OBJECT) ? Templates.OTHER_WANTS : Templates.WANTS));
                if (middle.size() == 2 && random.nextInt(2) == 0) {
                    Collections.swap(middle, 0, 1);
                }
                chosen.addAll(middle);
            }
            if (flaws.contains(Flaw.SECOND_CHARACTER)) {
                chosen.add(second());
            }
            if (brief && flaws.contains(Flaw.CONTRADICTION)) {
                chosen.add(sentence(Templates.MOODS));
            }
            chosen.add(sentence(
                    flaws.contains(Flaw.NO_OBJECT)
                            ? Templates.OTHER_RESOLUTIONS
                            : flaws.contains(Flaw.NOT_REACHED) ? Templates.FAILURES : Templates.RESOLUTIONS));
            if (flaws.contains(Flaw.CONTRADICTION)) {
                Template template = pick(Templates.CONTRADICTIONS);
                chosen.add(new Sentence(template, name, opposite(), prompt.isGirl()));
            }
            if (!flaws.contains(Flaw.NO_ENDING)) {
                chosen.add(sentence(Templates.ENDINGS));
            }
            return chosen;
        }

        private String opposite() {
            return Objects.requireNonNull(Lexicon.OPPOSITES.get(prompt.mood()));
        }

        private Sentence second() {
            List<String> all = random.nextInt(2) == 0 ? Lexicon.GIRLS : Lexicon.BOYS;
            String somebody = pick(all);
            while (somebody.equals(prompt.name()) || somebody.equals(name)) {
                somebody = pick(all);
            }
            return new Sentence(pick(Templates.SECOND_CHARACTERS), somebody, prompt.mood(), prompt.isGirl());
        }

        /** Events before the resolution and a closing after it, as far as they fit. */
        private void fill() {
            if (flaws.contains(Flaw.TOO_SHORT)) {
                return;
            }
            boolean filled = flaws.contains(Flaw.TOO_LONG);
            int limit = filled ? MAX_WORDS : LONGEST_GOOD;
            if (random.nextInt(2) == 0) {
                Sentence closing = sentence(Templates.CLOSINGS);
                boolean tellsMood = closing.template.has(Template.MOOD);
                boolean fits = words() + closing.template.words() <= limit;
                boolean consistent = !flaws.contains(Flaw.NO_MOOD) && !flaws.contains(Flaw.CONTRADICTION);
                if (fits && (consistent || !tellsMood)) {
                    sentences.add(sentences.size() - (flaws.contains(Flaw.NO_ENDING) ? 0 : 1), closing);
                }
            }
            List<Template> events = new ArrayList<>(Templates.EVENTS);
            int wanted = filled ? events.size() : random.nextInt(3);
            int at = resolution();
            while (wanted > 0 && !events.isEmpty() && words() < (filled ? LONG : limit)) {
                Template event = events.remove(random.nextInt(events.size()));
                if (words() + event.words() <= limit) {
                    sentences.add(at, new Sentence(event, name, prompt.mood(), prompt.isGirl()));
                    at++;
                    wanted--;
                }
            }
        }

        private int resolution() {
            int index = sentences.size() - 1;
            while (index > 0 && !isResolution(sentences.get(index).template)) {
                index--;
            }
            return index;
        }

        private static boolean isResolution(Template template) {
            return Templates.RESOLUTIONS.contains(template)
                    || Templates.FAILURES.contains(template)
                    || Templates.OTHER_RESOLUTIONS.contains(template);
        }

        private void placeAdjectives() {
            List<Sentence> open = new ArrayList<>();
            for (Sentence sentence : sentences) {
                if (sentence.template.adjectiveSlots() > 0) {
                    open.add(sentence);
                }
            }
            List<String> unused = new ArrayList<>(Lexicon.ADJECTIVES);
            int left = adjectives;
            while (left > 0 && !open.isEmpty()) {
                Sentence sentence = open.get(random.nextInt(open.size()));
                sentence.adjectives.add(unused.remove(random.nextInt(unused.size())));
                left--;
                if (!flaws.contains(Flaw.SPAM)) {
                    open.remove(sentence);
                }
            }
        }

        private void flipPronouns() {
            if (!flaws.contains(Flaw.WRONG_PRONOUN)) {
                return;
            }
            List<Sentence> gendered = new ArrayList<>();
            for (Sentence sentence : sentences) {
                if (sentence.template.isGendered()) {
                    gendered.add(sentence);
                }
            }
            int certain = gendered.isEmpty() ? 0 : random.nextInt(gendered.size());
            for (int i = 0; i < gendered.size(); i++) {
                if (i == certain || random.nextInt(2) == 0) {
                    gendered.get(i).girl = !prompt.isGirl();
                }
            }
        }

        /** The words that a repetition takes at least. */
        private int repeated() {
            return flaws.contains(Flaw.REPETITION)
                    ? told().stream().mapToInt(Sentence::words).min().orElse(0)
                    : 0;
        }

        /** Tells one sentence once more, word for word; one without adjectives where there is one that fits. */
        private void repeat() {
            if (!flaws.contains(Flaw.REPETITION)) {
                return;
            }
            List<Sentence> fitting = new ArrayList<>();
            while (fitting.isEmpty()) {
                for (Sentence sentence : told()) {
                    if (rendered() + sentence.words() <= MAX_WORDS) {
                        fitting.add(sentence);
                    }
                }
                if (fitting.isEmpty()) {
                    makeRoom();
                }
            }
            List<Sentence> plain = fitting.stream()
                    .filter(sentence -> sentence.adjectives.isEmpty())
                    .toList();
            Sentence again = pick(plain.isEmpty() ? fitting : plain);
            int after = sentences.indexOf(again) + 1;
            sentences.add(after + random.nextInt(told().size() - after + 1), again);
        }

        /** The sentences before the end. */
        private List<Sentence> told() {
            return sentences.subList(0, sentences.size() - (flaws.contains(Flaw.NO_ENDING) ? 0 : 1));
        }

        /** Takes out the last sentence that the tale can do without, or else one adjective. */
        private void makeRoom() {
            for (int i = sentences.size() - 1; i >= 0; i--) {
                Template template = sentences.get(i).template;
                if (Templates.EVENTS.contains(template) || Templates.CLOSINGS.contains(template)) {
                    sentences.remove(i);
                    return;
                }
            }
            for (Sentence sentence : sentences) {
                if (!sentence.adjectives.isEmpty()) {
                    sentence.adjectives.remove(sentence.adjectives.size() - 1);
                    return;
                }
            }
            throw SaveException.internal("No room to repeat a sentence in " + render());
        }

        private int rendered() {
            return sentences.stream().mapToInt(Sentence::words).sum();
        }

        /** The words of the tale with all its adjectives, placed or not. */
        private int words() {
            return sentences.stream()
                            .mapToInt(sentence -> sentence.template.words())
                            .sum()
                    + adjectives;
        }

        private int slots() {
            if (adjectives == 0) {
                return 1;
            }
            int slots = sentences.stream()
                    .mapToInt(sentence -> sentence.template.adjectiveSlots())
                    .sum();
            return flaws.contains(Flaw.SPAM) || slots >= adjectives || flaws.contains(Flaw.TOO_SHORT) ? slots : 0;
        }

        private Sentence sentence(List<Template> templates) {
            Template template = pick(templates);
            while (flaws.contains(Flaw.NO_NAME) && template.has(Template.NAME)) {
                template = pick(templates);
            }
            return new Sentence(template, name, prompt.mood(), prompt.isGirl());
        }

        private List<String> render() {
            List<String> words = new ArrayList<>(MAX_WORDS);
            for (Sentence sentence : sentences) {
                for (String piece : sentence.template.pieces()) {
                    switch (piece) {
                        case Template.NAME -> words.add(sentence.name);
                        case Template.KIND -> words.add(sentence.girl ? "girl" : "boy");
                        case Template.SUBJECT -> words.add(sentence.girl ? "she" : "he");
                        case Template.POSSESSIVE -> words.add(sentence.girl ? "her" : "his");
                        case Template.DATIVE -> words.add(sentence.girl ? "her" : "him");
                        case Template.OBJECT -> words.add(object);
                        case Template.PLACE -> words.add(place);
                        case Template.MOOD -> words.add(sentence.mood);
                        case Template.ADJECTIVE -> words.addAll(sentence.adjectives);
                        default -> words.add(piece);
                    }
                }
            }
            return words;
        }

        private String other(List<String> words, String word) {
            String drawn = pick(words);
            while (drawn.equals(word)) {
                drawn = pick(words);
            }
            return drawn;
        }

        private <T> T pick(List<T> choices) {
            return choices.get(random.nextInt(choices.size()));
        }
    }
}
