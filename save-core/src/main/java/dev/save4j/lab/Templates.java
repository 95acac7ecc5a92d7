package dev.save4j.lab;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The sentences of the tales by what they do in a tale. */
final class Templates {
    static final List<Template> OPENINGS = Template.all(
            "once there was a * KIND named NAME .",
            "long ago , a * KIND named NAME lived here .",
            "NAME was a * KIND .",
            "this is a tale of a KIND named NAME .");
    static final List<Template> OPENINGS_WITH_PLACE = Template.all(
            "one day , NAME went to the * PLACE .",
            "in the morning , NAME walked to the PLACE .",
            "NAME lived near the * PLACE .",
            "long ago , a KIND named NAME lived by the PLACE .");
    static final List<Template> OPENINGS_WITHOUT_NAME =
            Template.all("once there was a * KIND .", "one day , a * KIND woke up .", "this is a tale of a KIND .");
    static final List<Template> SETTINGS = Template.all(
            "PRO ran to the * PLACE .",
            "PRO came to the PLACE at noon .",
            "a * path led to the PLACE .",
            "the PLACE was not far .",
            "PRO loved the * PLACE .");
    static final List<Template> MOODS = Template.all(
            "PRO was MOOD that day .",
            "PRO felt MOOD .",
            "POS heart was MOOD .",
            "the KIND was MOOD .",
            "NAME felt very MOOD .");
    static final List<Template> WANTS = Template.all(
            "PRO wanted to find a * OBJ .",
            "PRO looked for the * OBJ .",
            "PRO had lost POS * OBJ .",
            "PRO dreamed of a * OBJ .",
            "the KIND missed POS * OBJ .");
    static final List<Template> EVENTS = Template.all(
            "PRO looked under a * tree .",
            "PRO asked a * bird for help .",
            "PRO sat on a * stone and waited .",
            "then a * light came from the water .",
            "the wind sang in the leaves .",
            "it rained for a while .",
            "PRO heard a * voice and followed it .",
            "nobody was there .",
            "a * cloud hid the sun .");
    static final List<Template> RESOLUTIONS = Template.all(
            "at last , PRO found the * OBJ .",
            "soon PRO got the * OBJ .",
            "then PRO took the * OBJ home .",
            "a bird gave HIM the * OBJ .",
            "in the grass PRO found POS * OBJ .",
            "at last , NAME held the * OBJ .");
    static final List<Template> CLOSINGS = Template.all(
            "PRO was still MOOD .",
            "PRO smiled and went home .",
            "PRO slept well that night .",
            "PRO told everyone about it .");
    static final List<Template> ENDINGS = Template.all("the end .");

    static final List<Template> FAILURES =
            Template.all("but PRO never saw the OBJ .", "the * OBJ was gone .", "but nobody had seen the OBJ .");
    static final List<Template> OTHER_WANTS = Template.all("PRO wanted to play .", "PRO had a plan .");
    static final List<Template> OTHER_RESOLUTIONS = Template.all("PRO played until dark .", "then PRO ran home .");
    static final List<Template> CONTRADICTIONS = Template.all("then PRO was MOOD .", "but PRO felt MOOD .");
    static final List<Template> SECOND_CHARACTERS =
            Template.all("NAME came along .", "then NAME laughed .", "NAME wanted it too .");

    private Templates() {}

    private static Stream<Template> all() {
        return Stream.of(
                        OPENINGS,
                        OPENINGS_WITH_PLACE,
                        OPENINGS_WITHOUT_NAME,
                        SETTINGS,
                        MOODS,
                        WANTS,
                        EVENTS,
                        RESOLUTIONS,
                        CLOSINGS,
                        ENDINGS,
                        FAILURES,
                        OTHER_WANTS,
                        OTHER_RESOLUTIONS,
                        CONTRADICTIONS,
                        SECOND_CHARACTERS)
                .flatMap(List::stream);
    }

    /** All words of the templates that fill no slot, in order of first use. */
    static Set<String> fixedWords() {
        Set<String> words = new LinkedHashSet<>();
        all().forEach(template -> template.pieces().stream()
                .filter(piece -> !Template.isSlot(piece))
                .forEach(words::add));
        return words;
    }

    /**
     * The pairs of neighbours that well-formed tales have, as {@code "left right"} over slots: those inside a sentence, with at most one
     * adjective in an adjective slot, and a full stop followed by any first word.
     */
    static Set<String> neighbours() {
        Set<String> pairs = new HashSet<>();
        all().forEach(template -> {
            String left = Template.STOP;
            for (int i = 0; i < template.pieces().size(); i++) {
                String piece = canonical(template.pieces().get(i));
                pairs.add(left + ' ' + piece);
                if (piece.equals(Template.ADJECTIVE)) {
                    pairs.add(left + ' ' + canonical(template.pieces().get(i + 1)));
                }
                left = piece;
            }
        });
        return Set.copyOf(pairs);
    }

    private static String canonical(String piece) {
        // "her" is both a dative and a possessive, so the two count as one.
        return piece.equals(Template.DATIVE) ? Template.POSSESSIVE : piece;
    }
}
