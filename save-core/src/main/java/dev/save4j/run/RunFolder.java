package dev.save4j.run;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The folder of a run.
 *
 * <pre>
 * config.yaml       every setting in force
 * manifest.json     versions, machine, seeds, hashes of data and weights
 * report.html       what came out, with plots; the plots also as PNG in plots/
 * prepared/         the policy and the reward model with which every mode starts, and how they were trained
 * MODE/             of each mode: metrics.jsonl, samples.jsonl, timing.jsonl, checkpoints/ and, at the end, the models policy/ and reward/
 * </pre>
 */
public final class RunFolder {
    private static final String CONFIG = "config.yaml";

    private final Path path;

    private RunFolder(Path path) {
        this.path = path;
    }

    /** Makes {@code <output>/<name>}, or with the first free number appended when that exists: nothing is ever overwritten. */
    public static RunFolder create(Path output, ExperimentReader.Resolved resolved) {
        String name = resolved.experiment().name();
        try {
            Files.createDirectories(output);
            for (int number = 1; ; number++) {
                Path path = output.resolve(number == 1 ? name : name + "-" + number);
                if (!Files.exists(path)) {
                    Files.createDirectory(path);
                    RunFolder folder = new RunFolder(path);
                    AtomicFiles.write(path.resolve(CONFIG), resolved.yaml());
                    return folder;
                }
            }
        } catch (IOException failed) {
            throw SaveException.resources("cannot make a run folder in '" + output + "': " + failed, failed);
        }
    }

    /** The newest folder of a run of this name, which must have the same settings; a USER error otherwise. */
    public static RunFolder resume(Path output, ExperimentReader.Resolved resolved) {
        String name = resolved.experiment().name();
        RunFolder newest = newest(output, name)
                .orElseThrow(() -> SaveException.user(
                        "there is no run '" + name + "' to resume in '" + output + "'; start it without --resume"));
        ExperimentReader.Resolved before = newest.experiment();
        if (!before.experiment().equals(resolved.experiment())) {
            throw SaveException.user("the run in '" + newest.path + "' has other settings than this experiment:\n  - "
                    + String.join("\n  - ", before.differences(resolved))
                    + "\nResume it with the same settings, or start a new run without --resume.");
        }
        return newest;
    }

    /** An existing run folder. */
    public static RunFolder open(Path path) {
        if (!Files.isRegularFile(path.resolve(CONFIG))) {
            throw SaveException.user("'" + path + "' is not a run folder: it has no " + CONFIG);
        }
        return new RunFolder(path);
    }

    private static Optional<RunFolder> newest(Path output, String name) {
        for (int number = 1; ; number++) {
            Path next = output.resolve(name + "-" + (number + 1));
            if (!Files.exists(next)) {
                Path path = output.resolve(number == 1 ? name : name + "-" + number);
                return Files.isRegularFile(path.resolve(CONFIG)) ? Optional.of(new RunFolder(path)) : Optional.empty();
            }
        }
    }

    public Path path() {
        return path;
    }

    public ExperimentReader.Resolved experiment() {
        return ExperimentReader.read(path.resolve(CONFIG), List.of());
    }

    public Path manifest() {
        return path.resolve("manifest.json");
    }

    public Path report() {
        return path.resolve("report.html");
    }

    public Path plots() {
        return path.resolve("plots");
    }

    public Path preparedPolicy() {
        return prepared().resolve("policy");
    }

    public Path preparedReward() {
        return prepared().resolve("reward");
    }

    private Path prepared() {
        return path.resolve("prepared");
    }

    /** Whether the models with which every mode starts are there. */
    public boolean isPrepared() {
        return Files.isDirectory(preparedReward());
    }

    /** Takes the prepared models of another run, which must have been made from the same settings; does nothing when there are some. */
    public void adoptPreparation(RunFolder other) {
        if (Files.exists(prepared())) {
            return;
        }
        AtomicFiles.writeFolder(prepared(), copy -> {
            try (Stream<Path> files = Files.walk(other.prepared())) {
                for (Path file : files.skip(1).toList()) {
                    Files.copy(
                            file, copy.resolve(other.prepared().relativize(file).toString()));
                }
            }
        });
    }

    /** Metrics of the policy's supervised fine-tuning. */
    public Path fineTuningMetrics() {
        return prepared().resolve("fine-tuning.jsonl");
    }

    /** Metrics of the reward model's training on labelled pairs. */
    public Path rewardTrainingMetrics() {
        return prepared().resolve("reward-training.jsonl");
    }

    public Path metrics(Experiment.Mode mode) {
        return path.resolve(mode.label()).resolve("metrics.jsonl");
    }

    public Path samples(Experiment.Mode mode) {
        return path.resolve(mode.label()).resolve("samples.jsonl");
    }

    /** Times are apart from the metrics, which are the same in every run. */
    public Path timing(Experiment.Mode mode) {
        return path.resolve(mode.label()).resolve("timing.jsonl");
    }

    /** The policy of a mode at its end, as a model folder. */
    public Path policy(Experiment.Mode mode) {
        return path.resolve(mode.label()).resolve("policy");
    }

    /** The reward model of a mode at its end, as a model folder. */
    public Path reward(Experiment.Mode mode) {
        return path.resolve(mode.label()).resolve("reward");
    }

    public Path checkpoint(Experiment.Mode mode, int step) {
        return path.resolve(mode.label()).resolve("checkpoints").resolve("step-%06d".formatted(step));
    }

    /** The last complete checkpoint of a mode. */
    public Optional<Path> lastCheckpoint(Experiment.Mode mode) {
        Path checkpoints = path.resolve(mode.label()).resolve("checkpoints");
        if (!Files.isDirectory(checkpoints)) {
            return Optional.empty();
        }
        try (Stream<Path> steps = Files.list(checkpoints)) {
            return steps.filter(step -> step.getFileName().toString().matches("step-\\d{6}"))
                    .max(Comparator.naturalOrder());
        } catch (IOException failed) {
            throw SaveException.resources("cannot list '" + checkpoints + "': " + failed, failed);
        }
    }

    /** The step of a checkpoint folder. */
    public static int stepOf(Path checkpoint) {
        return Integer.parseInt(checkpoint.getFileName().toString().substring("step-".length()));
    }
}
