package dev.save4j.engine;

import dev.save4j.SaveException;
import java.nio.file.Path;

/**
 * How an engine uses the machine.
 *
 * @param threads native threads per operation
 * @param scratch an existing folder for temporary files of the engine
 * @param device of inference; gradient engines compute where they always do
 * @param checkpointing what gradient engines keep in memory
 * @param rolloutWeights what rollout engines compute with
 */
public record EngineSettings(
        int threads, Path scratch, Device device, Checkpointing checkpointing, WeightPrecision rolloutWeights) {
    public EngineSettings {
        if (threads < 1) {
            throw SaveException.user("an engine needs at least one thread, not " + threads);
        }
    }

    /** On the CPU. */
    public EngineSettings(int threads, Path scratch) {
        this(threads, scratch, Device.CPU);
    }

    /** Without checkpointing, in single precision. */
    public EngineSettings(int threads, Path scratch, Device device) {
        this(threads, scratch, device, Checkpointing.NONE, WeightPrecision.FLOAT32);
    }

    /** One thread, the system's temporary folder. */
    public static EngineSettings singleThreaded() {
        return new EngineSettings(1, Path.of(System.getProperty("java.io.tmpdir")));
    }

    public EngineSettings withThreads(int other) {
        return new EngineSettings(other, scratch, device, checkpointing, rolloutWeights);
    }

    public EngineSettings on(Device other) {
        return new EngineSettings(threads, scratch, other, checkpointing, rolloutWeights);
    }

    public EngineSettings with(Checkpointing other) {
        return new EngineSettings(threads, scratch, device, other, rolloutWeights);
    }

    public EngineSettings with(WeightPrecision other) {
        return new EngineSettings(threads, scratch, device, checkpointing, other);
    }
}
