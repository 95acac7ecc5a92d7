package dev.save4j.loop;

import dev.save4j.SaveException;
import dev.save4j.data.BadRowLimit;
import dev.save4j.data.DataOptions;
import dev.save4j.data.DataSet;
import dev.save4j.data.Preference;
import dev.save4j.data.Prompt;
import dev.save4j.data.Prompts;
import dev.save4j.run.Experiment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Prompts and preference pairs from whole texts. The first words of a text are the prompt, the sentences that follow are the chosen answer. The
 * rejected answer is corrupted in one of three ways, by turns: the continuation of another text, the sentences in another order, or words exchanged
 * within sentences.
 */
final class StorySource {
    /** Marks of text that was decoded with the wrong character set, as in some copies of TinyStories. */
    private static final List<String> MISDECODED = List.of("\u00e2\u20ac", "\u00c3", "\ufffd");

    private StorySource() {}

    private record Story(String opening, List<String> sentences) {
        String continuation() {
            return ' ' + String.join(" ", sentences);
        }
    }

    static TrainingData read(Experiment experiment) {
        Experiment.Stories settings = experiment.data().stories();
        Path file = Path.of(settings.file().orElseThrow());
        DataSet<Prompt> texts = Prompts.readAll(
                file,
                DataOptions.defaults()
                        .withBadRows(new BadRowLimit(0, experiment.data().badRows())));
        List<Story> stories = new ArrayList<>();
        for (Prompt text : texts.rows()) {
            story(text.text(), settings).ifPresent(stories::add);
        }
        Seeds seeds = new Seeds(experiment.seed());
        int[] order = Seeds.permutation(stories.size(), seeds.of("stories", 0));
        List<Story> shuffled = Arrays.stream(order).mapToObj(stories::get).toList();
        int evaluated = experiment.evaluation().prompts();
        int pairs = settings.preferences() + settings.heldOut();
        if (shuffled.size() <= evaluated + pairs) {
            throw SaveException.user(file + " has " + shuffled.size() + " usable texts of " + texts.size() + ", but "
                    + (evaluated + pairs)
                    + " are wanted for evaluation.prompts, data.stories.preferences and data.stories.held_out, and some must"
                    + " be left as prompts; lower these numbers");
        }
        List<Preference> labelled = pairs(shuffled.subList(evaluated, evaluated + pairs), seeds);
        List<String> prompts = shuffled.stream().map(Story::opening).toList();
        List<String> notes = new ArrayList<>(texts.report().lines());
        notes.add(
                "%d of %d texts usable (the others are too short or were decoded wrongly): %d evaluation prompts, %d labelled pairs, %d held-out pairs, %d training prompts"
                        .formatted(
                                shuffled.size(),
                                texts.size(),
                                evaluated,
                                settings.preferences(),
                                settings.heldOut(),
                                shuffled.size() - evaluated - pairs));
        return new TrainingData(
                List.of(),
                labelled.subList(0, settings.preferences()),
                labelled.subList(settings.preferences(), pairs),
                prompts.subList(evaluated + pairs, prompts.size()),
                prompts.subList(0, evaluated),
                Optional.empty(),
                notes);
    }

    private static Optional<Story> story(String text, Experiment.Stories settings) {
        if (MISDECODED.stream().anyMatch(text::contains)) {
            return Optional.empty();
        }
        String[] words = text.strip().split("\\s+");
        if (words.length < settings.openingWords() + settings.answerWords()) {
            return Optional.empty();
        }
        String opening = String.join(" ", Arrays.copyOf(words, settings.openingWords()));
        List<String> sentences = new ArrayList<>();
        int start = settings.openingWords();
        for (int i = start; i < words.length; i++) {
            if (words[i].matches(".*[.!?][\"']?")) {
                sentences.add(String.join(" ", Arrays.copyOfRange(words, start, i + 1)));
                start = i + 1;
                if (start >= settings.openingWords() + settings.answerWords()) {
                    return Optional.of(new Story(opening, List.copyOf(sentences)));
                }
            }
        }
        return Optional.empty();
    }

    private static List<Preference> pairs(List<Story> stories, Seeds seeds) {
        List<Preference> pairs = new ArrayList<>();
        for (int i = 0; i < stories.size(); i++) {
            Story story = stories.get(i);
            Random random = new Random(seeds.of("corruption", i));
            List<String> corrupted = switch (i % 3) {
                case 0 -> stories.get((i + 1) % stories.size()).sentences();
                case 1 -> reordered(story.sentences(), random);
                default -> exchanged(story.sentences(), random);
            };
            pairs.add(Preference.of(story.opening(), story.continuation(), ' ' + String.join(" ", corrupted)));
        }
        return pairs;
    }

    /** Another order of the sentences, or of the words when there is one sentence. */
    private static List<String> reordered(List<String> sentences, Random random) {
        if (sentences.size() < 2) {
            return exchanged(sentences, random);
        }
        List<String> other = new ArrayList<>(sentences);
        Collections.rotate(other, 1 + random.nextInt(sentences.size() - 1));
        return other;
    }

    private static List<String> exchanged(List<String> sentences, Random random) {
        List<String> changed = new ArrayList<>();
        for (String sentence : sentences) {
            List<String> words = new ArrayList<>(List.of(sentence.split(" ")));
            Collections.shuffle(words, random);
            changed.add(String.join(" ", words));
        }
        return changed;
    }
}
