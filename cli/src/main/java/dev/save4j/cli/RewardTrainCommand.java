package dev.save4j.cli;

import dev.save4j.AtomicFiles;
import dev.save4j.bench.PairAccuracy;
import dev.save4j.engine.Checkpointing;
import dev.save4j.models.Pooling;
import dev.save4j.run.Experiment;
import dev.save4j.run.ExperimentReader;
import dev.save4j.run.RewardTrainingSettings;
import dev.save4j.wiring.Registry;
import dev.save4j.wiring.RewardTrainingRunner;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Trains a reward model. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        description = {
            "Trains a reward model on labelled pairs by the Bradley-Terry loss and measures it on held-out pairs, next to the baseline that prefers"
                    + " the longer answer. Writes a folder with the model, its metrics and settings, and a report with plots.",
            ""
        },
        footer = {
            "",
            "Example:",
            "  save4j model get all-minilm-l6-v2",
            "  save4j reward train --model all-minilm-l6-v2 --new-heads --preferences train.jsonl.gz --held-out eval.jsonl.gz --out runs/reward",
            "",
            "--set takes the keys under reward.training of 'save4j explain --defaults', such as --set epochs=2."
        })
final class RewardTrainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--model", required = true, description = "A model folder, or the name of a model in the cache.")
    private String model;

    @Option(names = "--new-heads", description = "Makes reward and value head when the model has none.")
    private boolean newHeads;

    @Option(names = "--pooling", description = "${COMPLETION-CANDIDATES}; by default what the model says.")
    private Optional<Pooling> pooling = Optional.empty();

    @Option(
            names = "--preferences",
            required = true,
            paramLabel = "FILE",
            description = "Labelled pairs: JSONL, JSON or parquet.")
    private Path preferences;

    @Option(
            names = "--held-out",
            required = true,
            paramLabel = "FILE",
            description = "Labelled pairs that are only measured on.")
    private Path heldOut;

    @Option(names = "--out", required = true, paramLabel = "FOLDER", description = "A new folder for the results.")
    private Path out;

    @Option(
            names = "--max-length",
            defaultValue = "256",
            description = "Tokens of prompt and answer together (default ${DEFAULT-VALUE}).")
    private int maxLength;

    @Option(names = "--threads", defaultValue = "2", description = "Native threads (default ${DEFAULT-VALUE}).")
    private int threads;

    @Option(
            names = "--seed",
            defaultValue = "17",
            description = "Of the new heads and the order of pairs (default ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--engine",
            defaultValue = "onnxruntime",
            description = "The gradient engine (default ${DEFAULT-VALUE}).")
    private String engine;

    @Option(
            names = "--scoring-engine",
            defaultValue = "onnxruntime",
            description = "The inference engine (default ${DEFAULT-VALUE}).")
    private String scoringEngine;

    @Option(
            names = "--checkpointing",
            defaultValue = "NONE",
            description =
                    "NONE, or BLOCKS: the gradient engine computes the blocks of the model a second time and keeps little in memory (default ${DEFAULT-VALUE}).")
    private Checkpointing checkpointing = Checkpointing.NONE;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "A setting of the training. May be given several times.")
    private List<String> overrides = new ArrayList<>();

    @Override
    public Integer call() {
        RewardTrainingSettings settings = new RewardTrainingSettings(
                model,
                newHeads,
                pooling,
                preferences.toString(),
                heldOut.toString(),
                maxLength,
                seed,
                new RewardTrainingSettings.EngineNames(scoringEngine, engine, threads, checkpointing),
                training());
        PrintWriter console = spec.commandLine().getOut();
        long began = System.nanoTime();
        try (ProgressBars progress = new ProgressBars()) {
            RewardTrainingRunner.Outcome outcome = new RewardTrainingRunner(Registry.discover(), progress)
                    .run(settings, out, note -> {
                        console.println(note);
                        console.flush();
                    });
            report(outcome, (System.nanoTime() - began) / 1e9);
        }
        return 0;
    }

    private Experiment.RewardTraining training() {
        List<String> full =
                new ArrayList<>(List.of("reward.training.epochs=1", "reward.training.learning_rate=3.0e-5"));
        overrides.forEach(override -> full.add("reward.training." + override));
        return ExperimentReader.resolve("name: reward-training\ndata: {lab: tales}\n", "reward train", full)
                .experiment()
                .reward()
                .training();
    }

    private void report(RewardTrainingRunner.Outcome outcome, double seconds) {
        List<PairAccuracy> accuracies =
                List.of(PairAccuracy.of("reward model", outcome.scores()), PairAccuracy.ofLength(outcome.heldOut()));
        TextTable table = new TextTable("scorer", "accuracy", "95 % interval", "correct", "ties", "pairs");
        ObjectNode json = JsonMapper.shared().createObjectNode();
        json.put("cut_answers", outcome.cut());
        ArrayNode rows = json.putArray("held_out");
        for (PairAccuracy accuracy : accuracies) {
            PairAccuracy.Interval interval = accuracy.interval();
            table.add(
                    accuracy.scorer(),
                    "%.3f".formatted(accuracy.accuracy()),
                    String.format(Locale.ROOT, "%.3f - %.3f", interval.low(), interval.high()),
                    Integer.toString(accuracy.correct()),
                    Integer.toString(accuracy.ties()),
                    Integer.toString(accuracy.pairs()));
            ObjectNode row = rows.addObject();
            row.put("scorer", accuracy.scorer());
            row.put("accuracy", accuracy.accuracy());
            row.put("low", interval.low());
            row.put("high", interval.high());
            row.put("correct", accuracy.correct());
            row.put("ties", accuracy.ties());
            row.put("pairs", accuracy.pairs());
        }
        AtomicFiles.write(outcome.folder().evaluation(), json.toPrettyString() + "\n");
        PrintWriter console = spec.commandLine().getOut();
        console.println();
        console.print(table);
        console.printf(Locale.ROOT, "%d answers were cut to %d tokens; %.0f s%n", outcome.cut(), maxLength, seconds);
        console.println("Model: " + outcome.folder().model());
        console.println("Report: " + outcome.folder().report());
        console.flush();
    }
}
