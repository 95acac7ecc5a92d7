package dev.save4j.run;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The folder of a reward model's training outside the loop.
 *
 * <pre>
 * config.yaml       every setting in force
 * manifest.json     versions, machine, seed, hashes of data and weights
 * metrics.jsonl     every step
 * timing.jsonl      how long every step took
 * scores.jsonl      the scores of every held-out pair after training
 * mistakes.jsonl    the held-out pairs that the model gets most wrong, with their texts
 * evaluation.json   accuracies on the held-out pairs
 * report.html       what came out, with plots; the plots also as PNG in plots/
 * model/            the trained reward model
 * </pre>
 */
public final class RewardTrainingFolder {
    private static final String CONFIG = "config.yaml";
    private static final String METRICS = "metrics.jsonl";

    private final Path path;

    private RewardTrainingFolder(Path path) {
        this.path = path;
    }

    /** Refuses a path at which there is something: nothing is ever overwritten. */
    public static void requireNew(Path path) {
        if (Files.exists(path)) {
            throw SaveException.user("'" + path + "' exists already; give a new folder, nothing is overwritten");
        }
    }

    /** Makes a new folder with its settings. */
    public static RewardTrainingFolder create(Path path, RewardTrainingSettings settings) {
        requireNew(path);
        try {
            Files.createDirectories(path);
        } catch (IOException failed) {
            throw SaveException.resources("cannot make the folder '" + path + "': " + failed, failed);
        }
        AtomicFiles.write(path.resolve(CONFIG), SettingsFile.write(settings));
        return new RewardTrainingFolder(path);
    }

    /** Whether a folder is one of these; the folder of a run has its metrics in folders of its modes. */
    public static boolean is(Path path) {
        return Files.isRegularFile(path.resolve(CONFIG)) && Files.isRegularFile(path.resolve(METRICS));
    }

    /** An existing folder. */
    public static RewardTrainingFolder open(Path path) {
        if (!is(path)) {
            throw SaveException.user("'" + path + "' is not a folder that 'save4j reward train' has made: it lacks "
                    + CONFIG + " or " + METRICS);
        }
        return new RewardTrainingFolder(path);
    }

    public Path path() {
        return path;
    }

    public RewardTrainingSettings settings() {
        return SettingsFile.read(path.resolve(CONFIG), RewardTrainingSettings.class);
    }

    public Path manifest() {
        return path.resolve("manifest.json");
    }

    public Path metrics() {
        return path.resolve(METRICS);
    }

    /** Times are apart from the metrics, which are the same in every run. */
    public Path timing() {
        return path.resolve("timing.jsonl");
    }

    public Path scores() {
        return path.resolve("scores.jsonl");
    }

    public Path mistakes() {
        return path.resolve("mistakes.jsonl");
    }

    public Path evaluation() {
        return path.resolve("evaluation.json");
    }

    public Path report() {
        return path.resolve("report.html");
    }

    public Path plots() {
        return path.resolve("plots");
    }

    /** The trained reward model, as a model folder. */
    public Path model() {
        return path.resolve("model");
    }
}
