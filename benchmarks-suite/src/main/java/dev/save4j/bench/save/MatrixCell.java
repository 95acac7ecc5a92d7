package dev.save4j.bench.save;

import dev.save4j.run.Experiment;
import dev.save4j.run.ExperimentReader;
import dev.save4j.run.RunFolder;
import dev.save4j.run.RunMetrics;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * One run of a matrix, an ordinary experiment with all modes.
 *
 * @param column what it shares with the cells of other seeds
 */
public record MatrixCell(Column column, long seed, ExperimentReader.Resolved resolved) {
    /** Cells that differ by their seed alone. */
    public record Column(String algorithm, String backbone, String engine) {
        /** As in {@code grpo-llama-onnxruntime}. */
        public String name() {
            return algorithm + "-" + backbone + "-" + engine;
        }
    }

    /** Of its run folder. */
    public String name() {
        return resolved.experiment().name();
    }

    Experiment experiment() {
        return resolved.experiment();
    }

    Path path() {
        return Path.of(experiment().output(), name());
    }

    boolean exists() {
        return Files.exists(path());
    }

    /** Makes the run folder, or continues the one that is there. */
    RunFolder folder() {
        return exists()
                ? RunFolder.open(path())
                : RunFolder.create(Path.of(experiment().output()), resolved);
    }

    boolean complete() {
        return exists() && RunMetrics.read(RunFolder.open(path())).complete();
    }
}
