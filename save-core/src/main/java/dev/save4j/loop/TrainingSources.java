package dev.save4j.loop;

import dev.save4j.SaveException;
import dev.save4j.data.BadRowLimit;
import dev.save4j.data.DataOptions;
import dev.save4j.data.DataReport;
import dev.save4j.data.DataSet;
import dev.save4j.data.MarginSource;
import dev.save4j.data.Preference;
import dev.save4j.data.Preferences;
import dev.save4j.data.Prompt;
import dev.save4j.data.Prompts;
import dev.save4j.lab.FlawRates;
import dev.save4j.lab.GoldReward;
import dev.save4j.lab.Labels;
import dev.save4j.lab.Tale;
import dev.save4j.lab.TaleDataset;
import dev.save4j.lab.TalePair;
import dev.save4j.lab.TalePrompt;
import dev.save4j.lab.TaleSizes;
import dev.save4j.run.Experiment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Where training data comes from: the generator of the lab, stories, or files of prompts and pairs. */
public final class TrainingSources {
    private TrainingSources() {}

    /** The data of an experiment; a USER error names the file that is missing, empty or damaged. */
    public static TrainingData of(Experiment experiment) {
        if (experiment.data().lab().isPresent()) {
            return tales(experiment);
        }
        return experiment.data().stories().file().isPresent() ? StorySource.read(experiment) : files(experiment);
    }

    private static TrainingData tales(Experiment experiment) {
        Experiment.Tales sizes = experiment.data().tales();
        TaleDataset tales = TaleDataset.generate(
                experiment.seed(),
                new TaleSizes(
                        sizes.fineTuning(),
                        sizes.preferences(),
                        sizes.heldOut(),
                        sizes.prompts(),
                        experiment.evaluation().prompts()),
                FlawRates.defaults(),
                new Labels.GoldOrder(sizes.labelNoise()));
        long mislabelled =
                tales.preferences().stream().filter(TalePair::isMislabelled).count();
        double gold = tales.supervised().stream()
                .mapToDouble(GoldReward::score)
                .average()
                .orElse(Double.NaN);
        return new TrainingData(
                tales.supervised().stream().map(TrainingSources::demonstration).toList(),
                tales.preferences().stream().map(TalePair::preference).toList(),
                tales.heldOut().stream().map(TalePair::preference).toList(),
                tales.trainingPrompts().stream().map(TalePrompt::text).toList(),
                tales.evaluationPrompts().stream().map(TalePrompt::text).toList(),
                Optional.of(TrainingSources::gold),
                List.of(
                        "%d tales to fine-tune on, mean gold %.3f"
                                .formatted(tales.supervised().size(), gold),
                        "%d labelled pairs, %d of them mislabelled; %d clean held-out pairs"
                                .formatted(
                                        tales.preferences().size(),
                                        mislabelled,
                                        tales.heldOut().size()),
                        "%d training prompts, %d evaluation prompts"
                                .formatted(
                                        tales.trainingPrompts().size(),
                                        tales.evaluationPrompts().size())));
    }

    private static Demonstration demonstration(Tale tale) {
        return new Demonstration(tale.prompt().text(), ' ' + tale.text());
    }

    private static double gold(String prompt, String answer) {
        List<String> parts = words(prompt);
        TalePrompt asked = new TalePrompt(parts.get(0), parts.get(1), parts.get(2), parts.get(3));
        return GoldReward.breakdown(asked, words(answer)).total();
    }

    /** Words and punctuation marks. */
    private static List<String> words(String text) {
        String spaced = text.replaceAll("([^\\w\\s])", " $1 ").strip();
        return spaced.isEmpty() ? List.of() : List.of(spaced.split("\\s+"));
    }

    private static TrainingData files(Experiment experiment) {
        Experiment.Data settings = experiment.data();
        List<String> notes = new ArrayList<>();
        DataOptions options = DataOptions.defaults()
                .withBadRows(new BadRowLimit(0, settings.badRows()))
                .withMargin(MarginSource.COLUMN);
        List<String> prompts = new ArrayList<>();
        DataSet<Prompt> read = Prompts.readAll(file(settings.prompts()), options);
        note(read.report(), notes);
        read.rows().forEach(prompt -> prompts.add(prompt.text()));
        int evaluated = experiment.evaluation().prompts();
        if (prompts.size() <= evaluated) {
            throw SaveException.user(
                    "data.prompts has " + prompts.size() + " prompts, of which evaluation.prompts takes " + evaluated
                            + " away; give more prompts or evaluate on fewer");
        }
        int[] order = Seeds.permutation(prompts.size(), new Seeds(experiment.seed()).of("evaluation prompts", 0));
        List<String> shuffled =
                java.util.Arrays.stream(order).mapToObj(prompts::get).toList();
        return new TrainingData(
                List.of(),
                preferences(settings.preferences(), options, notes),
                preferences(settings.heldOut(), options, notes),
                shuffled.subList(evaluated, shuffled.size()),
                shuffled.subList(0, evaluated),
                Optional.empty(),
                notes);
    }

    private static List<Preference> preferences(Optional<String> file, DataOptions options, List<String> notes) {
        if (file.isEmpty()) {
            return List.of();
        }
        DataSet<Preference> read = Preferences.readAll(file(file), options);
        note(read.report(), notes);
        return read.rows();
    }

    private static Path file(Optional<String> name) {
        return Path.of(name.orElseThrow());
    }

    private static void note(DataReport report, List<String> notes) {
        notes.addAll(report.lines());
    }
}
