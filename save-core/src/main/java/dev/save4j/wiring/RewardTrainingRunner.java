package dev.save4j.wiring;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.data.DataOptions;
import dev.save4j.data.DataSet;
import dev.save4j.data.JsonLinesWriter;
import dev.save4j.data.MarginSource;
import dev.save4j.data.Preference;
import dev.save4j.data.Preferences;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.loop.Progress;
import dev.save4j.loop.RewardTrainingJob;
import dev.save4j.loop.TrainingData;
import dev.save4j.models.Head;
import dev.save4j.models.ModelCache;
import dev.save4j.models.ModelFolder;
import dev.save4j.models.RewardModel;
import dev.save4j.report.Report;
import dev.save4j.run.Experiment;
import dev.save4j.run.RewardTrainingFolder;
import dev.save4j.run.RewardTrainingSettings;
import dev.save4j.tokenizers.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import tools.jackson.databind.node.ObjectNode;

/** Trains a reward model on labelled pairs outside the loop, into a folder that explains itself. */
public final class RewardTrainingRunner {
    private static final int MOST_MISTAKES = 10;

    private final Registry registry;
    private final Progress progress;

    public RewardTrainingRunner(Registry registry, Progress progress) {
        this.registry = registry;
        this.progress = progress;
    }

    /**
     * What came out.
     *
     * @param heldOut the pairs that were measured on
     * @param scores of each, chosen before rejected
     * @param cut answers of training and held-out pairs that were too long for the model
     */
    public record Outcome(RewardTrainingFolder folder, List<Preference> heldOut, List<double[]> scores, long cut) {}

    /**
     * Trains, measures and writes the model and its report.
     *
     * @param out a new folder; made once names, data and model have turned out to be right, so that a mistake leaves nothing behind
     * @param notes gets what was found while reading the data, line by line
     */
    public Outcome run(RewardTrainingSettings settings, Path out, Consumer<String> notes) {
        RewardTrainingFolder.requireNew(out);
        GradientEngine gradient = registry.gradient().named(settings.engines().gradient());
        registry.required(gradient, settings.engines().checkpointing());
        InferenceEngine scoring = registry.inference().named(settings.engines().scoring());
        TrainingData data = data(settings);
        data.notes().forEach(notes);
        ModelFolder source = ModelCache.ofUser().locate(settings.model());
        Set<Head> heads = settings.newHeads() ? EnumSet.allOf(Head.class) : Set.of();
        RewardModel model = RewardModel.load(source, settings.pooling(), heads, settings.seed())
                .forSequences(settings.maxLength());
        EngineSettings machine = new EngineSettings(
                        settings.engines().threads(), Path.of(System.getProperty("java.io.tmpdir")))
                .with(settings.engines().checkpointing());
        RunModels.requireEngines(model, gradient, scoring, machine);
        RewardTrainingFolder folder = RewardTrainingFolder.create(out, settings);
        ObjectNode manifest = Manifest.of(
                settings.seed(), Map.of("scoring", scoring, "gradient", gradient), machine, data, formulas(settings));
        describe(model, manifest.putObject("model"));
        write(manifest, folder);
        try (Tokenizer tokenizer = source.tokenizer()) {
            RewardTrainingJob.Outcome outcome = RewardTrainingJob.train(
                    model, tokenizer, data, settings, gradient, scoring, machine, folder, progress);
            writeScores(data.heldOut(), outcome.scores(), folder);
            writeMistakes(data.heldOut(), outcome.scores(), folder);
            manifest.withObject("model").put("sha256_trained", model.weights().contentHash());
            if (outcome.cut() > 0) {
                manifest.withObject("data")
                        .withArray("notes")
                        .add("%d answers of training and held-out pairs were cut to %d tokens"
                                .formatted(outcome.cut(), settings.maxLength()));
            }
            write(manifest, folder);
            // Written last: its presence says that the training is complete.
            model.save(folder.model(), tokenizer::writeTo);
            Report.write(folder);
            return new Outcome(folder, data.heldOut(), outcome.scores(), outcome.cut());
        }
    }

    private static TrainingData data(RewardTrainingSettings settings) {
        DataSet<Preference> pairs = read(settings.preferences(), settings);
        DataSet<Preference> heldOut = read(settings.heldOut(), settings);
        if (heldOut.rows().isEmpty()) {
            throw SaveException.user(
                    "there are no pairs in '" + settings.heldOut() + "' to measure the reward model on");
        }
        List<String> notes = new ArrayList<>(pairs.report().lines());
        notes.addAll(heldOut.report().lines());
        return new TrainingData(List.of(), pairs.rows(), heldOut.rows(), List.of(), List.of(), Optional.empty(), notes);
    }

    private static DataSet<Preference> read(String file, RewardTrainingSettings settings) {
        MarginSource margin = settings.training().useMargin() ? MarginSource.SCORES : MarginSource.NONE;
        return Preferences.readAll(Path.of(file), DataOptions.defaults().withMargin(margin));
    }

    private static void describe(RewardModel model, ObjectNode into) {
        into.put("backbone", RunModels.family(model.backbone()));
        into.put("pooling", model.pooling().name().toLowerCase(Locale.ROOT).replace('_', '-'));
        into.put("parameters", model.weights().parameterCount());
        into.put("sha256_start", model.weights().contentHash());
    }

    private static void write(ObjectNode manifest, RewardTrainingFolder folder) {
        AtomicFiles.write(folder.manifest(), manifest.toPrettyString() + "\n");
    }

    private static List<String> formulas(RewardTrainingSettings settings) {
        Experiment.RewardTraining training = settings.training();
        return List.of(
                "loss        -mean log s(r_chosen - r_rejected%s)%s   (s: logistic function)"
                        .formatted(
                                training.useMargin() ? " - margin of the labels" : "",
                                training.centre() == 0
                                        ? ""
                                        : " + " + training.centre() + " mean (r_chosen + r_rejected)^2"),
                "optimizer   AdamW, learning rate %s, %s after %d step(s) of warm-up, weight decay %s, gradient norm clipped at %s"
                        .formatted(
                                training.learningRate(),
                                training.schedule().name().toLowerCase(Locale.ROOT),
                                training.warmUp(),
                                training.weightDecay(),
                                training.maxGradientNorm()),
                "passes      %d epoch(s) of batches of %d pairs, in micro-batches of %d answers"
                        .formatted(training.epochs(), training.batch(), training.microBatch()),
                training.keepBest()
                        ? "kept        the epoch with the best held-out accuracy"
                        : "kept        the last epoch");
    }

    private static void writeScores(List<Preference> pairs, List<double[]> scores, RewardTrainingFolder folder) {
        try (JsonLinesWriter writer = JsonLinesWriter.append(folder.scores())) {
            for (int i = 0; i < pairs.size(); i++) {
                writer.write(Map.of(
                        "pair",
                        i + 1,
                        "chosen_score",
                        scores.get(i)[0],
                        "rejected_score",
                        scores.get(i)[1],
                        "chosen_length",
                        length(pairs.get(i).chosenText()),
                        "rejected_length",
                        length(pairs.get(i).rejectedText())));
            }
        }
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /** Those of which the model prefers the rejected answer, the worst first. */
    private static void writeMistakes(List<Preference> pairs, List<double[]> scores, RewardTrainingFolder folder) {
        List<Integer> worst = new ArrayList<>();
        for (int i = 0; i < pairs.size(); i++) {
            if (scores.get(i)[0] < scores.get(i)[1]) {
                worst.add(i);
            }
        }
        worst.sort(Comparator.comparingDouble(i -> scores.get(i)[0] - scores.get(i)[1]));
        try (JsonLinesWriter writer = JsonLinesWriter.append(folder.mistakes())) {
            for (int i : worst.subList(0, Math.min(MOST_MISTAKES, worst.size()))) {
                Map<String, Object> line = new LinkedHashMap<>();
                line.put("pair", i + 1);
                line.put("prompt", pairs.get(i).promptText());
                line.put("chosen", pairs.get(i).chosenText());
                line.put("rejected", pairs.get(i).rejectedText());
                line.put("chosen_score", scores.get(i)[0]);
                line.put("rejected_score", scores.get(i)[1]);
                writer.write(line);
            }
        }
    }
}
