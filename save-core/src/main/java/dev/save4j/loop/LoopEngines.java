package dev.save4j.loop;

import dev.save4j.engine.Device;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.engine.RolloutEngine;

/**
 * The engines of a run.
 *
 * @param settings of models that learn; see {@link #frozen()} for those that do not
 */
public record LoopEngines(
        RolloutEngine rollout,
        InferenceEngine scoring,
        GradientEngine gradient,
        EngineSettings settings,
        Device frozenDevice) {
    /** The same engines with other native threads. */
    public LoopEngines withThreads(int threads) {
        return new LoopEngines(rollout, scoring, gradient, settings.withThreads(threads), frozenDevice);
    }

    /** The settings of models whose weights never change. */
    public EngineSettings frozen() {
        return settings.on(frozenDevice);
    }
}
