package dev.save4j.run;

import dev.save4j.run.ModeMetrics.GradedAnswer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a run has measured: a run folder, read. A run in progress may lack modes and have a torn last line; anything else that cannot be read is
 * a USER error that names the file and the line.
 *
 * @param name of the folder
 * @param settings {@code config.yaml} as text
 * @param manifest empty when the run ended before it was written
 * @param modes those that have begun, in the order of the experiment
 * @param fineTuning of the policy, by step
 * @param rewardTraining of the reward model on labelled pairs, by step
 * @param notes what was left out while reading, for people
 */
public record RunMetrics(
        String name,
        Experiment experiment,
        String settings,
        Optional<RunManifest> manifest,
        List<ModeMetrics> modes,
        MetricTable fineTuning,
        MetricTable rewardTraining,
        List<String> notes) {
    public RunMetrics {
        modes = List.copyOf(modes);
        notes = List.copyOf(notes);
    }

    /** Reads a run folder. */
    public static RunMetrics read(RunFolder folder) {
        ExperimentReader.Resolved resolved = folder.experiment();
        List<String> notes = new ArrayList<>();
        List<ModeMetrics> modes = new ArrayList<>();
        for (Experiment.Mode mode : resolved.experiment().modes()) {
            MetricTable metrics = MetricTable.read(folder.metrics(mode), notes::add);
            if (!metrics.isEmpty()) {
                modes.add(new ModeMetrics(
                        mode,
                        Files.isDirectory(folder.reward(mode)),
                        metrics,
                        samples(folder.samples(mode), notes::add),
                        MetricTable.read(folder.timing(mode), notes::add).sum("step_time")));
            }
        }
        return new RunMetrics(
                String.valueOf(folder.path().toAbsolutePath().normalize().getFileName()),
                resolved.experiment(),
                resolved.yaml(),
                Files.exists(folder.manifest()) ? Optional.of(RunManifest.read(folder.manifest())) : Optional.empty(),
                modes,
                MetricTable.read(folder.fineTuningMetrics(), notes::add),
                MetricTable.read(folder.rewardTrainingMetrics(), notes::add),
                notes);
    }

    private static List<GradedAnswer> samples(Path file, Consumer<String> notes) {
        return RunLines.read(file, notes).stream()
                .map(line -> new GradedAnswer(
                        line.step(),
                        line.text("prompt"),
                        line.text("answer"),
                        line.text("finish"),
                        line.number("reward"),
                        line.number("value"),
                        line.number("advantage"),
                        (int) line.number("label"),
                        line.number("gold")))
                .toList();
    }

    /** Whether every mode of the experiment is complete. */
    public boolean complete() {
        return modes.size() == experiment.modes().size() && modes.stream().allMatch(ModeMetrics::complete);
    }

    public Optional<ModeMetrics> mode(Experiment.Mode mode) {
        return modes.stream().filter(one -> one.mode() == mode).findFirst();
    }
}
