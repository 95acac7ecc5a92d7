package dev.save4j.run;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a reward model's training has measured: a {@link RewardTrainingFolder}, read. A training in progress has no scores yet and may have a
 * torn last line; anything else that cannot be read is a USER error that names the file and the line.
 *
 * @param folder as a path from the caller's directory, with slashes
 * @param name of the folder
 * @param yaml {@code config.yaml} as text
 * @param manifest empty when the training ended before it was written
 * @param steps metrics by step
 * @param scores of every held-out pair, in the order of the set
 * @param mistakes the held-out pairs that the model gets most wrong, the worst first
 * @param complete whether the model has been written
 * @param seconds of all steps, evaluations included
 * @param notes what was left out while reading, for people
 */
public record RewardTrainingMetrics(
        String folder,
        String name,
        RewardTrainingSettings settings,
        String yaml,
        Optional<RunManifest> manifest,
        MetricTable steps,
        List<ScoredPair> scores,
        List<Mistake> mistakes,
        boolean complete,
        double seconds,
        List<String> notes) {
    public RewardTrainingMetrics {
        scores = List.copyOf(scores);
        mistakes = List.copyOf(mistakes);
        notes = List.copyOf(notes);
    }

    /** A held-out pair with its texts, of which the model prefers the rejected answer. */
    public record Mistake(
            int pair, String prompt, String chosen, String rejected, double chosenScore, double rejectedScore) {}

    /** Reads a folder. */
    public static RewardTrainingMetrics read(RewardTrainingFolder folder) {
        List<String> notes = new ArrayList<>();
        RewardTrainingSettings settings = folder.settings();
        return new RewardTrainingMetrics(
                folder.path().toString().replace('\\', '/'),
                String.valueOf(folder.path().toAbsolutePath().normalize().getFileName()),
                settings,
                SettingsFile.write(settings),
                Files.exists(folder.manifest()) ? Optional.of(RunManifest.read(folder.manifest())) : Optional.empty(),
                MetricTable.read(folder.metrics(), notes::add),
                RunLines.read(folder.scores(), notes::add).stream()
                        .map(ScoredPair::read)
                        .toList(),
                RunLines.read(folder.mistakes(), notes::add).stream()
                        .map(line -> new Mistake(
                                line.whole("pair"),
                                line.text("prompt"),
                                line.text("chosen"),
                                line.text("rejected"),
                                line.number("chosen_score"),
                                line.number("rejected_score")))
                        .toList(),
                Files.isDirectory(folder.model()),
                MetricTable.read(folder.timing(), notes::add).sum("step_time"),
                notes);
    }
}
